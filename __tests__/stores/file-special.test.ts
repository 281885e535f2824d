import { execFile } from 'node:child_process'
import { link, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fileStore } from '../../src/stores/file.js'
import { rejection } from '../helpers/client.js'
import { canMount, itWhere, runIsolated } from '../helpers/isolated.js'

const run = promisify(execFile)
const never = new AbortController().signal
const set = { mode: 'set', replacing: undefined } as const
const tokens = { access_token: 'at-1', refresh_token: 'rt-1' }

let directory: string
let path: string
let lockFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-special-'))
  path = join(directory, 'tokens.json')
  lockFile = join(directory, '.tokens.json.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

type Maker = (file: string) => Promise<unknown>
const fifo: Maker = (file) => run('mkfifo', [file])
const device: Maker = (file) => symlink('/dev/zero', file)
const huge: Maker = async (file) => {
  await writeFile(file, '{}')
  await truncate(file, 1024 * 1024 + 1)
}
const kinds: [string, Maker, RegExp][] = [
  ['a FIFO', fifo, /is a FIFO/],
  ['a device', device, /is a device/],
  ['a file that is larger than 1 MiB', huge, /larger than 1 MiB/],
]

describe('a token file that is no regular file of at most 1 MiB', () => {
  it.each(kinds)('%s: every use rejects with an error that names it, and it stays', async (_kind, make, problem) => {
    await make(path)
    const store = fileStore(path)
    const uses = [
      () => store.read(),
      () => store.write(tokens, set),
      () => store.write(undefined, set),
      () => store.write(tokens, { mode: 'replace', replacing: undefined }),
      () => store.checkWritable!(undefined),
      () => store.lock!(async () => undefined, never),
    ]
    const before = await stat(path)
    for (const use of uses) {
      const error = await rejection(Promise.resolve(use()))
      expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(path) })
      expect(error.message).toMatch(problem)
    }
    expect(await stat(path)).toMatchObject({ ino: before.ino, mode: before.mode })
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('a socket: reading and writing reject', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const error = await rejection(Promise.resolve(fileStore(path).read()))
    expect(error.message).toMatch(/is a socket/)
    expect((await rejection(Promise.resolve(fileStore(path).write(tokens, set)))).message).toMatch(/is a socket/)
    await new Promise((resolve) => server.close(resolve))
  })

  it('a regular file of /proc that waits for content does not block reading', async () => {
    // /proc files tell a size of 0 and may wait for content.
    const said = await runIsolated(`say(await attempt(fileStore('/proc/kmsg').read()))`)
    expect(said).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })

  it('is not written by a set that would make it so', async () => {
    const error = await rejection(Promise.resolve(fileStore(path).write({ ...tokens, filler: 'x'.repeat(1024 * 1024) }, set)))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/larger than 1 MiB/) })
    expect(await readdir(directory)).toEqual([])
  })
})

describe('a lock file that is no regular file of at most 1 MiB', () => {
  it.each(kinds)('%s: locking rejects with an error that names it', async (_kind, make, problem) => {
    await make(lockFile)
    const error = await rejection(fileStore(path).lock!(async () => undefined, never))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(lockFile) })
    expect(error.message).toMatch(problem)
  })

  it.each(kinds)('%s in place of the lock for writing: refreshed sets are refused, signing out works', async (_kind, make) => {
    await fileStore(path).write(tokens, set)
    await make(join(directory, '.tokens.json.write-lock'))
    const error = await rejection(Promise.resolve(fileStore(path).write({}, { mode: 'replace', replacing: tokens })))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('.write-lock') })
    await fileStore(path).write(undefined, set)
    expect(await fileStore(path).read()).toBeUndefined()
  })
})

describe('FIFOs as token file and lock file', () => {
  it('block none of the threads that the process needs for other files and for DNS, and it can exit', async () => {
    await fifo(path)
    await fifo(lockFile)
    const other = join(directory, 'other.json')
    await fifo(join(directory, '.other.json.lock'))
    await writeFile(other, JSON.stringify(tokens))
    const said = await runIsolated(`
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
const stores = ${JSON.stringify([path, other])}.map((file) => fileStore(file))
for (const store of stores) store.subscribe(() => undefined)
const results = await Promise.all(Array.from({ length: 16 }, (_, i) => Promise.all([
  attempt(stores[0].read()),
  attempt(stores[i % 2].lock(() => undefined, never)),
])))
await lookup('localhost')
await readFile(${JSON.stringify(other)})
say([...new Set(results.flat().map(({ code }) => code))])`)
    expect(said).toEqual(['OAUTH_STORE_FAILED'])
  })
})

describe('a token file with two hard links', () => {
  const refused = { code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/2 hard links.*symbolic/) }

  it('is read, but neither locked nor written, because each name has a lock of its own', async () => {
    await writeFile(path, JSON.stringify(tokens))
    await link(path, join(directory, 'other.json'))
    const store = fileStore(path)
    expect(await store.read()).toEqual(tokens)
    expect(await rejection(store.lock!(async () => undefined, never))).toMatchObject(refused)
    expect(await rejection(Promise.resolve(store.checkWritable!(tokens)))).toMatchObject(refused)
    expect(await rejection(Promise.resolve(store.write({}, set)))).toMatchObject(refused)
    expect(JSON.parse(await readFile(join(directory, 'other.json'), 'utf8'))).toEqual(tokens)
  })

  it('can be signed out', async () => {
    await writeFile(path, JSON.stringify(tokens))
    await link(path, join(directory, 'other.json'))
    await fileStore(path).write(undefined, set)
    expect(await fileStore(path).read()).toBeUndefined()
  })
})

describe('the place of a file store', () => {
  it('is the same for one file by whatever path, and another for another file', async () => {
    const placeOf = (file: string): readonly unknown[] | undefined => fileStore(file).place
    const other = join(directory, 'link')
    await symlink(directory, other)
    expect(placeOf(path)).toEqual(['file', path])
    expect(placeOf(join(other, 'tokens.json'))).toEqual(['file', path])
    await writeFile(path, '{}')
    await symlink('tokens.json', join(directory, 'link.json'))
    expect(placeOf(join(other, 'link.json'))).toEqual(['file', path])
    expect(placeOf(join(directory, 'other.json'))).not.toEqual(['file', path])
    await symlink('loop', join(directory, 'loop'))
    expect(placeOf(join(directory, 'loop'))).toEqual(['file', join(directory, 'loop')])
  })
})

itWhere(canMount, 'it allows no mount namespaces')('a bind-mounted FIFO is refused, too', async () => {
  const pipe = join(directory, 'pipe')
  await fifo(pipe)
  await writeFile(path, '')
  const said = await runIsolated(`say(await attempt(fileStore(${JSON.stringify(path)}).read()))`, {
    mounts: `mount --bind ${pipe} ${path}`,
  })
  expect(said).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('FIFO') })
})

it('a token file whose name is too long for the files beside it can be signed out', async () => {
  const long = join(directory, `${'n'.repeat(230)}.json`)
  await writeFile(long, JSON.stringify(tokens))
  expect(await fileStore(long).write(undefined, set)).toBe(true)
  expect(await readdir(directory)).toEqual([])
})
