import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentIdentity, procMatchesNamespace } from '../../src/stores/file/process.js'
import { builtFileStore, canUnsharePids, IsolatedProgram, itWhere, type Isolation } from '../helpers/isolated.js'

let directory: string
let path: string
let lockFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-namespaces-'))
  path = join(directory, 'tokens.json')
  lockFile = join(directory, '.tokens.json.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

const itUnshares = itWhere(canUnsharePids, 'it allows no pid namespaces')
const views: [string, Isolation][] = [
  ['a pid namespace without a /proc of its own', { pids: 'parent' }],
  ['a pid namespace with a /proc of its own', { pids: 'own' }],
  ['the pid namespace of the test', {}],
]

const holderProgram = `import { fileStore } from ${JSON.stringify(builtFileStore)}
const forever = () => new Promise(() => setInterval(() => {}, 1000))
await fileStore(process.argv[1]).lock(() => (console.log('locked'), forever()), new AbortController().signal)`

/** Has a process id that does not exist in the namespace of the contender. */
const holder = (isolation: Isolation): IsolatedProgram =>
  new IsolatedProgram(
    `const store = fileStore(${JSON.stringify(path)})
await store.lock(async () => { say('locked'); await heard() }, never)
say('released')
process.exit()`,
    { usedPids: 30, ...isolation },
  )
const contender = (isolation: Isolation): IsolatedProgram =>
  new IsolatedProgram(
    `const store = fileStore(${JSON.stringify(path)})
say(await attempt(store.lock(async () => 'taken', AbortSignal.timeout(1500))))
await heard()
say(await attempt(store.lock(async () => 'acquired', never)))
process.exit()`,
    isolation,
  )

describe('two processes that share a token file', () => {
  for (const [first, holding] of views)
    for (const [second, waiting] of views) {
      if (!holding.pids && !waiting.pids) continue
      itUnshares(`in ${first} and in ${second}: a living holder keeps the lock`, async () => {
        const one = holder(holding)
        expect(await one.next()).toBe('locked')
        const other = contender(waiting)
        expect(await other.next()).toMatchObject({ name: 'TimeoutError' })
        one.tell()
        expect(await one.next()).toBe('released')
        other.tell()
        expect(await other.next()).toEqual({ value: 'acquired' })
        await Promise.all([one.end(), other.end()])
      })
    }

  itUnshares(
    'in one pid namespace without a /proc of its own: a dead holder loses the lock immediately, a stopped one keeps it',
    async () => {
      const program = new IsolatedProgram(
        `import { spawn } from 'node:child_process'
import { once } from 'node:events'
const child = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(holderProgram)}, ${JSON.stringify(path)}], { stdio: ['ignore', 'pipe', 'inherit'] })
await once(child.stdout, 'data')
child.kill('SIGSTOP')
const store = fileStore(${JSON.stringify(path)})
say(await attempt(store.lock(async () => 'taken', AbortSignal.timeout(1000))))
child.kill('SIGKILL')
await once(child, 'exit')
say(await attempt(store.lock(async () => 'acquired', AbortSignal.timeout(20000))))
process.exit()`,
        { pids: 'parent' },
      )
      expect(await program.next()).toMatchObject({ name: 'TimeoutError' })
      expect(await program.next()).toEqual({ value: 'acquired' })
      await program.end()
    },
  )

  itUnshares('in two pid namespaces: the lock file names the boot and the namespace of its holder', async () => {
    const systems: string[] = []
    for (const pids of ['parent', 'parent', 'own'] as const) {
      const one = holder({ pids })
      await one.next()
      systems.push((JSON.parse(await readFile(lockFile, 'utf8')) as { system: string }).system)
      one.tell()
      await one.next()
      await one.end()
    }
    expect(systems).toEqual(systems.map(() => expect.stringMatching(/^[0-9a-f-]{36} pid:\[\d+\]/)))
    for (const system of systems) expect(system).not.toBe(currentIdentity().system)
    expect(existsSync(lockFile)).toBe(false)
  })
})

describe('whether /proc shows the process ids of this namespace', () => {
  it.each([
    ['one id, that of this process', `NSpid:\t${process.pid}\n`, true],
    ['ids of nested namespaces', `NSpid:\t4711\t${process.pid}\n`, false],
    ['another id', `NSpid:\t${process.pid + 1}\n`, false],
  ])('%s', (_title, line, expected) => {
    expect(procMatchesNamespace(() => `Name:\tnode\n${line}Threads:\t1\n`)).toBe(expected)
  })

  it('is told by /proc/self where the kernel lists no ids', () => {
    expect(procMatchesNamespace(() => 'Name:\tnode\n')).toBe(process.platform === 'linux')
  })
})
