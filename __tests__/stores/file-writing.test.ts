import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '../../src/stores/file.js'
import { temporaryName } from '../../src/stores/file/temporary.js'
import { rejection } from '../helpers/client.js'
import { idleProcess, placeLock } from '../helpers/lock-files.js'

const never = new AbortController().signal
const set = { replacing: undefined, mode: 'set' } as const
const otherMachine = { system: 'another machine' }
const longAgo = '1'

let directory: string
let path: string
let lockFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-lock-'))
  path = join(directory, 'tokens.json')
  lockFile = join(directory, '.tokens.json.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

/** The id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const { identity, kill } = await idleProcess()
  await kill()
  return identity.pid
}

describe('writing a token file', () => {
  const [old, mine, theirs] = ['old', 'mine', 'theirs'].map((name) => ({
    access_token: `at-${name}`,
    refresh_token: `rt-${name}`,
  }))
  const stored = async (): Promise<unknown> => (existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined)

  it('rejects a refreshed set when the lock was lost, and keeps what is stored', async () => {
    const store = fileStore(path)
    await store.write(old, set)
    await store.lock!(async () => {
      await placeLock(lockFile, otherMachine)
      const error = await rejection(Promise.resolve(store.write(mine, { replacing: old, mode: 'replace' })))
      expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/lock .* was lost/) })
    }, never)
    expect(await stored()).toEqual(old)
    await unlink(lockFile)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('refuses the set of a late holder when another process has stored a set', async () => {
    const store = fileStore(path)
    await store.write(old, set)
    await store.lock!(async () => {
      await placeLock(lockFile, otherMachine)
      await fileStore(path).write(theirs, set)
      expect(await store.write(mine, { replacing: old, mode: 'replace' })).toBe(false)
    }, never)
    expect(await stored()).toEqual(theirs)
  })

  it('succeeds once when many processes replace the same set', async () => {
    await fileStore(path).write(old, set)
    const tries = Array.from({ length: 20 }, (_, i) =>
      fileStore(path).write({ access_token: `at-${i}` }, { replacing: old, mode: 'replace' }),
    )
    const results = await Promise.all(tries)
    expect(results.filter((result) => result !== false)).toHaveLength(1)
    expect(await stored()).toEqual({ access_token: `at-${results.indexOf(true)}` })
  })

  it('never undoes a sign-out of another process, which does not wait for a refresh', async () => {
    await fileStore(path).lock!(async () => {
      for (let round = 0; round < 40; round++) {
        await fileStore(path).write(old, set)
        await Promise.all([
          fileStore(path).write(mine, { replacing: old, mode: 'replace' }),
          fileStore(path).write(undefined, set),
        ])
        expect(await stored()).toBeUndefined()
      }
    }, never)
    expect(await readdir(directory)).toEqual([])
  })

  it('signs out when the lock for writing can not be acquired', async () => {
    await fileStore(path).write(old, set)
    await mkdir(join(directory, '.tokens.json.write-lock'))
    await fileStore(path).write(undefined, set)
    expect(await stored()).toBeUndefined()
    expect(
      await rejection(Promise.resolve(fileStore(path).write(mine, { replacing: undefined, mode: 'replace' }))),
    ).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
    })
  })

  it.each([
    ['a dead process of another system', otherMachine],
    ['a living process that has kept it for seconds', {}],
  ])('takes the lock for writing from %s', async (_title, holder) => {
    await fileStore(path).write(old, set)
    await placeLock(join(directory, '.tokens.json.write-lock'), holder)
    expect(await fileStore(path).write(mine, { replacing: old, mode: 'replace' })).toBe(true)
    expect(await stored()).toEqual(mine)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('follows a symbolic link to a file that does not exist yet', async () => {
    const target = join(directory, 'target.json')
    await symlink('target.json', path)
    await fileStore(path).write(old, set)
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual(old)
  })
})

describe('files that killed processes have left beside the token file', () => {
  /** The name of a temporary file, with another owner. */
  const named = (change: (owner: string[]) => void): string => {
    const parts = temporaryName(path).split('.')
    const owner = parts.at(-3)!.split('-')
    change(owner)
    parts[parts.length - 3] = owner.join('-')
    return parts.join('.')
  }
  const cleanUp = (): Promise<void> => fileStore(path).lock!(async () => undefined, never)

  it('are removed by the next holder of the lock', async () => {
    const pid = String(await deadProcess())
    await writeFile(
      named((owner) => owner.splice(0, 2, pid, pid)),
      'half a token set',
    )
    await writeFile(
      named((owner) => (owner[2] = longAgo)),
      'of a process whose id is used by another one',
    )
    await placeLock(`${lockFile}.00000000-1111-2222-3333-444444444444`)
    await placeLock(join(directory, '.tokens.json.write-lock.00000000-1111-2222-3333-444444444444'))
    const foreign = named((owner) => (owner[3] = '01234567'))
    await writeFile(foreign, 'of another machine')
    await utimes(foreign, 1, 1)
    await cleanUp()
    expect(await readdir(directory)).toEqual([])
  })

  it('are distinguished from those of living processes and of other programs', async () => {
    const names = [
      temporaryName(path),
      named((owner) => (owner[3] = '01234567')),
      join(directory, '.tokens.json.backup'),
      join(directory, '.tokens.json.00000000-1111-2222-3333-444444444444'),
      join(directory, '.other.json.lock.00000000-1111-2222-3333-444444444444'),
    ]
    for (const name of names) await writeFile(name, '')
    await cleanUp()
    expect((await readdir(directory)).sort()).toEqual(names.map((name) => name.slice(directory.length + 1)).sort())
  })

  it('do not include the takeover lock of a stale lock that is still there', async () => {
    const pid = await deadProcess()
    const writing = join(directory, '.tokens.json.write-lock')
    const dead = await placeLock(writing, { pid, thread: pid })
    await placeLock(`${writing}.${dead}`)
    await cleanUp()
    expect((await readdir(directory)).sort()).toEqual(['.tokens.json.write-lock', `.tokens.json.write-lock.${dead}`])
  })
})
