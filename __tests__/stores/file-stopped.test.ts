import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../src/stores/file.js'
import { builtFileStore, canMount, IsolatedProgram, itWhere } from '../helpers/isolated.js'

const set = { mode: 'set', replacing: undefined } as const
const old = { access_token: 'at-old', refresh_token: 'rt-old' }
const refreshed = { access_token: 'at-refreshed', refresh_token: 'rt-refreshed' }
const signedIn = { access_token: 'at-signed-in', refresh_token: 'rt-signed-in' }

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-stopped-'))
  path = join(directory, 'tokens.json')
  await writeFile(path, JSON.stringify(old))
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

/** Runs before the store is loaded: the process stops itself right before it calls one of `functions` with the token file. */
const stopBefore = (functions: string[]): string => `
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
let armed = false
for (const name of ${JSON.stringify(functions)}) {
  const original = fs.promises[name]
  fs.promises[name] = async (...args) => {
    if (armed && args.includes(${JSON.stringify(path)})) {
      armed = false
      process.kill(process.pid, 'SIGSTOP')
    }
    return original(...args)
  }
}
syncBuiltinESMExports()
const late = (await import(${JSON.stringify(`${builtFileStore}?late`)})).fileStore(${JSON.stringify(path)})
await late.read()
armed = true
`

const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.charAt(0)

/** Starts a process that is stopped in the middle of `operation`. */
async function stoppedIn(operation: string, functions: string[]): Promise<IsolatedProgram> {
  const program = new IsolatedProgram(`${stopBefore(functions)}
say('begun')
say(await attempt(${operation}))
process.exit()`)
  await program.next()
  while (stateOf(program.child.pid!) !== 'T') await new Promise((resolve) => setTimeout(resolve, 10))
  return program
}

const replaceOld = (tokens: unknown): string =>
  `late.write(${JSON.stringify(tokens)}, { mode: 'replace', replacing: ${JSON.stringify(old)} })`

describe('a process that is stopped between comparing and replacing the token file', () => {
  it('does not undo another process’s sign-out when it goes on', async () => {
    const stopped = await stoppedIn(replaceOld(refreshed), ['rename'])
    await fileStore(path).write(undefined, set)
    expect(existsSync(path)).toBe(false)
    stopped.child.kill('SIGCONT')
    expect(await stopped.next()).toEqual({ value: false })
    await stopped.end()
    expect(existsSync(path)).toBe(false)
    expect(await readdir(directory)).toEqual([])
  })

  it('does not undo another process’s sign-in', async () => {
    const stopped = await stoppedIn(replaceOld(refreshed), ['rename'])
    await fileStore(path).write(signedIn, set)
    stopped.child.kill('SIGCONT')
    expect(await stopped.next()).toEqual({ value: false })
    await stopped.end()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(signedIn)
  })

  it('does not undo another process’s refresh', async () => {
    const stopped = await stoppedIn(replaceOld(refreshed), ['rename'])
    expect(await fileStore(path).write(signedIn, { mode: 'replace', replacing: old })).toBe(true)
    stopped.child.kill('SIGCONT')
    expect(await stopped.next()).toEqual({ value: false })
    await stopped.end()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(signedIn)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('stores its set when nothing has happened meanwhile', async () => {
    const stopped = await stoppedIn(replaceOld(refreshed), ['rename'])
    stopped.child.kill('SIGCONT')
    expect(await stopped.next()).toEqual({ value: true })
    await stopped.end()
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(refreshed)
  })

  it('does not bring back what it only wanted to check for being writable', async () => {
    const stopped = await stoppedIn(`late.checkWritable(${JSON.stringify(old)})`, ['rename'])
    await fileStore(path).write(undefined, set)
    stopped.child.kill('SIGCONT')
    expect(await stopped.next()).toEqual({})
    await stopped.end()
    expect(existsSync(path)).toBe(false)
  })
})

it('a process that is stopped between comparing and removing the token file does not remove another process’s sign-in', async () => {
  const stopped = await stoppedIn(`late.write(undefined, { mode: 'replace', replacing: ${JSON.stringify(old)} })`, [
    'rename',
    'rm',
    'unlink',
  ])
  await fileStore(path).write(signedIn, set)
  stopped.child.kill('SIGCONT')
  expect(await stopped.next()).toEqual({ value: false })
  await stopped.end()
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(signedIn)
  expect(await readdir(directory)).toEqual(['tokens.json'])
})

it('a process that is stopped while it signs out signs out when it goes on, whatever was refreshed meanwhile', async () => {
  const stopped = await stoppedIn(`late.write(undefined, { mode: 'set' })`, ['rename', 'rm', 'unlink'])
  expect(await fileStore(path).write(refreshed, { mode: 'replace', replacing: old })).toBe(true)
  stopped.child.kill('SIGCONT')
  expect(await stopped.next()).toMatchObject({ value: true })
  await stopped.end()
  expect(existsSync(path)).toBe(false)
})

const itMounts = itWhere(canMount, 'it allows no mount namespaces')
itMounts('a process that is stopped while it writes a bind mount in place does not undo another process’s sign-out', async () => {
  const source = join(directory, 'on-the-host.json')
  for (const step of ['comparing', 'flushing']) {
    await writeFile(source, JSON.stringify(old))
    const program = new IsolatedProgram(
      `
import fs from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
const code = ${JSON.stringify(`
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
const { open } = fs.promises
let stopped = false
const stop = () => { if (!stopped) { stopped = true; process.kill(process.pid, 'SIGSTOP') } }
fs.promises.open = async (...args) => {
  const writing = args[0] === process.argv[1] && (args[1] & fs.constants.O_RDWR)
  if (writing && process.argv[2] === 'comparing') stop()
  const handle = await open(...args)
  if (writing) {
    const sync = handle.sync.bind(handle)
    handle.sync = async () => { await sync(); stop() }
  }
  return handle
}
syncBuiltinESMExports()
const { fileStore } = await import('${builtFileStore}')
const done = await fileStore(process.argv[1]).write(${JSON.stringify(refreshed)}, { mode: 'replace', replacing: ${JSON.stringify(old)} })
console.log(done)
`)}
const child = spawn(process.execPath, ['--input-type=module', '-e', code, ${JSON.stringify(path)}, '${step}'], { stdio: ['ignore', 'pipe', 'inherit'] })
let output = ''
child.stdout.on('data', (chunk) => (output += chunk))
while (!/\\) T /.test(fs.readFileSync('/proc/' + child.pid + '/stat', 'utf8'))) await sleep(10)
await fileStore(${JSON.stringify(path)}).write(undefined, { mode: 'set' })
child.kill('SIGCONT')
await once(child, 'close')
say({ output: output.trim(), stored: await fileStore(${JSON.stringify(path)}).read() ?? 'nothing' })
process.exit()`,
      { mounts: `mount --bind ${source} ${path}` },
    )
    expect(await program.next()).toEqual({ output: 'false', stored: 'nothing' })
    await program.end()
    expect(await readFile(source, 'utf8')).toBe('{}\n')
  }
})
