import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../src/stores/file.js'
import { rejection } from '../helpers/client.js'
import { canChangeUser, canMount, itWhere, runIsolated, type Isolation } from '../helpers/isolated.js'

const never = new AbortController().signal
const nobody = 65534
const old = { access_token: 'at-old', refresh_token: 'rt-old' }
const next = { access_token: 'at-next', refresh_token: 'rt-next' }

let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-places-'))
  await chmod(directory, 0o755)
  path = join(directory, 'tokens.json')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

const itMounts = itWhere(canMount, 'it allows no mount namespaces')
const itAsNobody = itWhere(canChangeUser, 'tests are not run by root')

const store = (options = {}): string =>
  `const store = fileStore(${JSON.stringify(path)}, ${JSON.stringify(options)})
const [old, next] = ${JSON.stringify([old, next])}
const replace = { mode: 'replace', replacing: old }
const set = { mode: 'set', replacing: undefined }
`
/** A refresh as a session makes it, then a sign-out. */
const refreshAndSignOut = `
const checked = await attempt(store.lock(() => store.checkWritable(old), never))
const written = await attempt(store.lock(() => store.write(next, replace), never))
const stored = await attempt(store.read())
const signedOut = await attempt(store.write(undefined, set))
const afterwards = await attempt(store.read())
say({ checked, written, stored: stored.value, signedOut, afterwards })
`
const succeeded = {
  checked: {},
  written: { value: true },
  stored: next,
  signedOut: { value: true },
  afterwards: {},
}
const writeOld = (file = path): Promise<void> => writeFile(file, JSON.stringify(old), { mode: 0o600 })
const leftovers = async (): Promise<string[]> => (await readdir(directory)).filter((name) => name.startsWith('.'))

describe('checking whether the token file can be written', () => {
  it('keeps the content byte for byte, the mode, and leaves nothing beside the file', async () => {
    const text = `\uFEFF{ "access_token" : "at-old",\r\n"refresh_token":"rt-old" }`
    await writeFile(path, text)
    await chmod(path, 0o640)
    const store = fileStore(path)
    await store.lock!(async () => store.checkWritable!(old), never)
    expect(await readFile(path, 'utf8')).toBe(text)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('resolves and creates no file when nothing is stored', async () => {
    const store = fileStore(join(directory, 'deep', 'tokens.json'))
    await store.lock!(async () => store.checkWritable!(undefined), never)
    expect(await readdir(join(directory, 'deep'))).toEqual([])
  })

  it('does not bring back a token set that another process has removed meanwhile', async () => {
    await writeOld()
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        fileStore(path).checkWritable!(old),
        fileStore(path).write(undefined, { mode: 'set', replacing: undefined }),
      ])
      expect(await fileStore(path).read()).toBeUndefined()
      await writeOld()
    }
    expect(await leftovers()).toEqual([])
  })

  it('calls no listener, because nothing has changed', async () => {
    await writeOld()
    let calls = 0
    const undo = [fileStore(path), fileStore(path)].map((store) => store.subscribe!(() => void calls++))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await fileStore(path).checkWritable!(old)
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(calls).toBe(0)
    await fileStore(path).write(next, { mode: 'set', replacing: undefined })
    while (calls < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    undo.forEach((end) => end())
    expect(calls).toBe(2)
  })

  it('rejects when the file contains no token set, and does not change it', async () => {
    await writeFile(path, 'garbage')
    expect(await rejection(Promise.resolve(fileStore(path).checkWritable!(old)))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
    })
    expect(await readFile(path, 'utf8')).toBe('garbage')
  })

  itMounts('rejects when the disk is full, before the next token set is lost', async () => {
    const disk = join(directory, 'disk')
    await mkdir(disk)
    path = join(disk, 'tokens.json')
    const mounts = `mount -t tmpfs -o size=64k tmpfs ${disk}
      printf '%s' '${JSON.stringify(old)}' > ${path}; dd if=/dev/zero of=${disk}/filler bs=1k count=32 2>/dev/null`
    const said = await runIsolated(
      `${store()}
      import { appendFile, readdir } from 'node:fs/promises'
      const free = await attempt(store.checkWritable(old))
      await appendFile('${disk}/filler', Buffer.alloc(16384)).catch(() => undefined)
      const full = await attempt(store.checkWritable(old))
      const [stored, files] = [await store.read(), await readdir('${disk}')]
      say({ free, full, stored, files, out: await attempt(store.write(undefined, { mode: 'set' })), left: await readdir('${disk}') })`,
      { mounts },
    )
    expect(said).toMatchObject({
      free: {},
      full: { code: 'OAUTH_STORE_FAILED', cause: 'ENOSPC', message: expect.stringContaining('disk is full') },
      stored: old,
      out: {},
      left: ['filler'],
    })
    expect(said.files.sort()).toEqual(['filler', 'tokens.json'])
  })
})

describe('a token file that is a bind mount', () => {
  const source = (): string => join(directory, 'on-the-host.json')
  const mounts = (more = ''): Isolation => ({ mounts: `mount --bind ${source()} ${path}${more}` })
  beforeEach(async () => {
    await writeOld(source())
    await writeFile(path, '')
  })

  itMounts('is checked, written in place and emptied by signing out', async () => {
    expect(await runIsolated(store() + refreshAndSignOut, mounts())).toEqual(succeeded)
    expect(await readFile(source(), 'utf8')).toBe('{}\n')
    expect(await leftovers()).toEqual([])
  })

  itMounts('contains exactly what a replaced file would contain', async () => {
    const program = `${store()}
    const long = { ...next, access_token: 'x'.repeat(5000) }
    const written = []
    for (const tokens of [long, next, long, long]) {
      const [replacing] = [await store.read()]
      written.push(await store.write(tokens, { mode: 'replace', replacing }))
    }
    await store.write(next, set)
    say(written)`
    expect(await runIsolated(program, mounts())).toEqual([true, true, true, true])
    expect(await readFile(source(), 'utf8')).toBe(`${JSON.stringify(next, null, 2)}\n`)
  })

  itMounts('that is read-only can be read and locked; the check rejects with advice', async () => {
    const said = await runIsolated(store() + refreshAndSignOut, mounts(`; mount -o remount,ro,bind ${path}`))
    const refused = { code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/mount its directory/) }
    expect(said).toMatchObject({ checked: refused, written: refused, stored: old, signedOut: refused })
    expect(JSON.parse(await readFile(source(), 'utf8'))).toEqual(old)
  })

  itMounts('in a read-only directory is written in place when another directory holds the lock', async () => {
    const locks = join(directory, 'locks')
    const place = join(directory, 'place')
    await mkdir(locks)
    await mkdir(place)
    path = join(place, 'tokens.json')
    await writeFile(path, '')
    const readOnly = {
      mounts: `mount --bind ${place} ${place}; mount --bind ${source()} ${path}; mount -o remount,ro,bind ${place}`,
    }
    const refused = await runIsolated(store() + refreshAndSignOut, readOnly)
    expect(refused).toMatchObject({
      checked: { code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('lockDirectory') },
      signedOut: { value: true },
    })
    await writeOld(source())
    expect(await runIsolated(store({ lockDirectory: locks }) + refreshAndSignOut, readOnly)).toEqual(succeeded)
    expect(await readFile(source(), 'utf8')).toBe('{}\n')
    expect(await readdir(locks)).toEqual([])
  })

  itMounts('is whole after its writer was killed at any moment', async () => {
    const writer = `import { fileStore } from ${JSON.stringify(join(process.cwd(), 'dist', 'file.js'))}
const store = fileStore(process.argv[1])
for (let i = 0; ; i++) {
  const name = String(i).repeat(1 + (i % 7) * 300)
  await store.write({ access_token: 'at-' + name, refresh_token: 'rt-' + name }, { mode: 'replace', replacing: await store.read() })
  if (i === 0) console.log('begun')
}`
    const program = `${store()}
    import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    const sets = new Set()
    for (let round = 0; round < 25; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(writer)}, ${JSON.stringify(path)}], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40))
      child.kill('SIGKILL')
      await once(child, 'exit')
      const { access_token, refresh_token } = await store.read()
      if (access_token.slice(3) !== refresh_token.slice(3)) throw new Error('torn')
      sets.add(access_token)
    }
    await store.lock(() => store.checkWritable(), never)
    say({ rounds: 25, sets: sets.size })`
    const { rounds, sets } = await runIsolated(program, mounts())
    expect(rounds).toBe(25)
    expect(sets).toBeGreaterThan(1)
    expect(Object.keys(JSON.parse(await readFile(source(), 'utf8')))).toEqual(['access_token', 'refresh_token'])
  })
})

describe('a token file in a directory with the sticky bit', () => {
  const isolation = { user: nobody }

  itAsNobody('that belongs to another user and is writable is written in place, and keeps its owner and mode', async () => {
    await chmod(directory, 0o1777)
    await writeFile(path, JSON.stringify(old))
    await chmod(path, 0o666)
    expect(await runIsolated(store() + refreshAndSignOut, isolation)).toEqual(succeeded)
    expect(await stat(path)).toMatchObject({ uid: 0, mode: 0o100666 })
    expect(await leftovers()).toEqual([])
  })

  itAsNobody('that belongs to another user and is not writable: the check rejects, and the file is not changed', async () => {
    await chmod(directory, 0o1777)
    await writeFile(path, JSON.stringify(old))
    await chmod(path, 0o644)
    const said = await runIsolated(store() + refreshAndSignOut, isolation)
    const refused = { code: 'OAUTH_STORE_FAILED', cause: 'EPERM', message: expect.stringContaining(path) }
    expect(said).toMatchObject({ checked: refused, written: refused, stored: old, signedOut: refused })
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(old)
    expect(await leftovers()).toEqual([])
  })
})

describe('a token file in a directory that can not be written', () => {
  const isolation = { user: nobody }

  itAsNobody('can not be locked, and the error says what to do; signing in and out work', async () => {
    await writeFile(path, JSON.stringify(old))
    await chown(path, nobody, nobody)
    const said = await runIsolated(store() + refreshAndSignOut, isolation)
    const refused = { code: 'OAUTH_STORE_FAILED', cause: 'EACCES', message: expect.stringContaining('lockDirectory') }
    expect(said).toMatchObject({ checked: refused, written: refused, stored: old, signedOut: { value: true }, afterwards: {} })
    expect(await readFile(path, 'utf8')).toBe('{}\n')
  })

  itAsNobody('is written in place when another directory holds the lock', async () => {
    const locks = join(directory, 'locks')
    await mkdir(locks)
    await chmod(locks, 0o777)
    await writeFile(path, JSON.stringify(old))
    await chown(path, nobody, nobody)
    expect(await runIsolated(store({ lockDirectory: locks }) + refreshAndSignOut, isolation)).toEqual(succeeded)
    expect(await readdir(locks)).toEqual([])
  })

  itAsNobody('and is not writable itself: the check rejects', async () => {
    const locks = join(directory, 'locks')
    await mkdir(locks)
    await chmod(locks, 0o777)
    await writeFile(path, JSON.stringify(old))
    const said = await runIsolated(store({ lockDirectory: locks }) + refreshAndSignOut, isolation)
    expect(said).toMatchObject({ checked: { code: 'OAUTH_STORE_FAILED' }, stored: old })
  })

  it('refuses a lockDirectory that is no path', () => {
    expect(() => fileStore(path, { lockDirectory: '' })).toThrow(/lockDirectory/)
  })
})

itAsNobody('root that writes the token file of another user leaves it to that user', async () => {
  await writeFile(path, JSON.stringify(old))
  await chown(path, nobody, nobody)
  await fileStore(path).checkWritable!(old)
  await fileStore(path).write(next, { mode: 'replace', replacing: old })
  expect(await stat(path)).toMatchObject({ uid: nobody, gid: nobody })
})
