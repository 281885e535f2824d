import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { jest } from '@jest/globals'
import type { TokenJSON } from '../../src/index.js'
import { fileStore } from '../../src/stores/file.js'
import { acquire, platform, type LockEnvironment } from '../../src/stores/file/lock.js'
import { refreshLock } from '../../src/stores/file/lock-file.js'
import { currentIdentity } from '../../src/stores/file/process.js'
import { temporaryName } from '../../src/stores/file/temporary.js'
import { deferred, rejection } from '../helpers/client.js'
import { fakeTime, identityOf, idleProcess, placeLock } from '../helpers/lock-files.js'

const built = pathToFileURL(join(process.cwd(), 'dist', 'file.js')).href
const never = new AbortController().signal
const set = { replacing: undefined, mode: 'set' } as const
const elsewhere = { system: 'another machine' }
const longAgo = '1'

let directory: string
let path: string
let lockFile: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-lock-'))
  path = join(directory, 'tokens.json')
  lockFile = join(directory, '.tokens.json.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const take = (environment: LockEnvironment, signal = never): ReturnType<typeof acquire> =>
  acquire(refreshLock(path), signal, { environment })
const idIn = async (file: string): Promise<string> => (JSON.parse(await readFile(file, 'utf8')) as { id: string }).id

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A process id that nobody has any more. */
async function deadProcess(): Promise<number> {
  const { identity, kill } = await idleProcess()
  await kill()
  return identity.pid
}

describe('the lock of a token file', () => {
  it('lets one run at a time, whatever store object or link they come by, and leaves nothing behind', async () => {
    const other = join(directory, 'link.json')
    await symlink(path, other)
    let inside = 0
    let most = 0
    const runs = Array.from({ length: 30 }, (_, i) =>
      fileStore(i % 2 ? path : other).lock!(async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 1))
        inside--
        return i
      }, never),
    )
    expect(await Promise.all(runs)).toEqual(runs.map((_, i) => i))
    expect(most).toBe(1)
    expect(await readdir(directory)).toEqual(['link.json'])
  })

  it('settles as the run does, and is free afterwards', async () => {
    const store = fileStore(path)
    const failure = new Error('of the run')
    expect(await rejection(store.lock!(() => Promise.reject(failure), never))).toBe(failure)
    expect(await store.lock!(async () => 'next', never)).toBe('next')
  })

  it('says who holds it, and makes the directory for it', async () => {
    path = join(directory, 'deep', 'tokens.json')
    lockFile = join(directory, 'deep', '.tokens.json.lock')
    await fileStore(path).lock!(async () => {
      expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: process.pid, system: currentIdentity().system })
    }, never)
    expect((await stat(join(directory, 'deep'))).mode & 0o777).toBe(0o700)
  })

  it('is had without waiting when it is free', async () => {
    const time = fakeTime()
    await (await take(time)).release()
    expect(time.sleeps).toBe(0)
  })

  it('rejects with a typed error where it can not be', async () => {
    await mkdir(lockFile)
    const error = await rejection(fileStore(path).lock!(async () => undefined, never))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(`${path} could not be locked`) })
  })

  it('rejects with a typed error that says so on a file system without hard links, and leaves nothing behind', async () => {
    const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('made up'), { code: 'EPERM' }))
    const error = await rejection(take(fakeTime({ link: refuse })))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/no hard links/) })
    expect(error.message).toContain(path)
    expect(await readdir(directory)).toEqual([])
  })

  it('is ours although the answer to the linking was lost and the second asking found it done', async () => {
    const time = fakeTime({
      async link(from, to) {
        await link(from, to)
        throw Object.assign(new Error('made up'), { code: 'EEXIST' })
      },
    })
    const hold = await take(time)
    expect(time.sleeps).toBe(0)
    expect(await hold.isOurs()).toBe(true)
  })

  it('is given up later when it can not be at once', async () => {
    const time = fakeTime()
    const hold = await take(time)
    const content = await readFile(lockFile)
    await unlink(lockFile)
    await mkdir(lockFile)
    await hold.release()
    await rm(lockFile, { recursive: true })
    await writeFile(lockFile, content)
    for (const beat of [...time.beats]) beat()
    await until(() => !existsSync(lockFile))
    await until(() => time.beats.length === 0)
  })
})

describe('waiting for it', () => {
  it('ends at once when the signal is aborted, with its reason, and leaves nothing behind', async () => {
    const store = fileStore(path)
    const [done, waiting] = [deferred(), new AbortController()]
    const holding = store.lock!(() => done.promise, never)
    await until(() => existsSync(lockFile))
    const late = fileStore(path).lock!(async () => 'too late', waiting.signal)
    await new Promise((resolve) => setTimeout(resolve, 30))
    const reason = new Error('enough')
    waiting.abort(reason)
    expect(await rejection(late)).toBe(reason)
    expect(await readdir(directory)).toEqual(['.tokens.json.lock'])
    done.resolve()
    await holding
    expect(await readdir(directory)).toEqual([])
  })

  it('does not sleep on', async () => {
    const [waiting, reason] = [new AbortController(), new Error('enough')]
    const sleeping = platform.sleep(2 ** 30, waiting.signal)
    waiting.abort(reason)
    expect(await rejection(sleeping)).toBe(reason)
    expect(await rejection(platform.sleep(2 ** 30, waiting.signal))).toBe(reason)
  })

  it('does not begin when the signal is aborted already', async () => {
    const reason = new Error('enough')
    expect(await rejection(fileStore(path).lock!(async () => 'run', AbortSignal.abort(reason)))).toBe(reason)
  })

  it('that is given up in the moment of getting it gives it back', async () => {
    const waiting = new AbortController()
    const reason = new Error('enough')
    const time = fakeTime({ link: (from, to) => link(from, to).then(() => waiting.abort(reason)) })
    expect(await rejection(take(time, waiting.signal))).toBe(reason)
    expect(await readdir(directory)).toEqual([])
  })
})

describe('a holder on the same machine', () => {
  it('that has died loses the lock at once', async () => {
    const pid = await deadProcess()
    await placeLock(lockFile, { pid, thread: pid })
    const time = fakeTime()
    const hold = await take(time)
    expect(time.sleeps).toBe(0)
    await hold.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('that has died loses it also when its process id was given out again', async () => {
    await placeLock(lockFile, { ...identityOf(process.pid), started: longAgo })
    const time = fakeTime()
    await take(time)
    expect(time.sleeps).toBe(0)
  })

  it('that was killed and not yet collected by its parent loses it', async () => {
    // The shell starts a child and becomes a program that never asks for it.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'])
    try {
      const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
      await placeLock(lockFile, identityOf(pid))
      process.kill(pid, 'SIGKILL')
      await until(async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z '))
      const time = fakeTime()
      await take(time)
      expect(time.sleeps).toBe(0)
    } finally {
      parent.kill('SIGKILL')
    }
  })

  it('that was a worker thread loses it when the thread has ended, though the process lives', async () => {
    const program = `import(${JSON.stringify(built)}).then(({ fileStore }) =>
      fileStore(${JSON.stringify(path)}).lock(() => new Promise(() => setInterval(() => {}, 1000)), new AbortController().signal))`
    const worker = new Worker(program, { eval: true })
    await until(() => existsSync(lockFile))
    const waiting = fakeTime({ sleep: () => Promise.reject(new Error('had to wait')) })
    expect((await rejection(take(waiting))).message).toBe('had to wait')
    await worker.terminate()
    expect(await (await take(waiting)).isOurs()).toBe(true)
  })

  it('that lives keeps the lock, stopped for a day, and showing no sign of life', async () => {
    const { child, identity, kill } = await idleProcess()
    try {
      child.kill('SIGSTOP')
      const id = await placeLock(lockFile, identity)
      const time = fakeTime()
      const waiting = new AbortController()
      time.eachSecond = () => (time.now > 86_400_000 ? waiting.abort() : void (time.now += 600_000))
      await rejection(take(time, waiting.signal))
      expect(time.sleeps).toBeGreaterThan(100)
      expect(await idIn(lockFile)).toBe(id)
    } finally {
      await kill()
    }
  })

  it('that belongs to another user and lives keeps it: what may not be asked is not dead', async () => {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('made up'), { code: 'EPERM' })
    })
    try {
      await placeLock(lockFile, { pid: process.ppid, thread: 0 })
      const waiting = fakeTime({ sleep: () => Promise.reject(new Error('had to wait')) })
      expect((await rejection(take(waiting))).message).toBe('had to wait')
    } finally {
      kill.mockRestore()
    }
  })
})

describe('a dead holder is buried', () => {
  it('by one of many who find it at once: never do two hold the lock', async () => {
    const pid = await deadProcess()
    for (let round = 0; round < 8; round++) {
      await placeLock(lockFile, { pid, thread: pid })
      let inside = 0
      let most = 0
      await Promise.all(
        Array.from({ length: 30 }, async () => {
          const hold = await acquire(refreshLock(path), never)
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setImmediate(resolve))
          expect(await hold.isOurs()).toBe(true)
          inside--
          await hold.release()
        }),
      )
      expect(most).toBe(1)
      expect(await readdir(directory)).toEqual([])
    }
  })

  it('by a slow gravedigger too late: who holds the lock by then keeps it', async () => {
    const pid = await deadProcess()
    const dead = await placeLock(lockFile, { pid, thread: pid })
    const [begun, goOn] = [deferred(), deferred()]
    const slow = fakeTime({
      async link(from, to) {
        if (to.endsWith(dead)) {
          begun.resolve()
          await goOn.promise
        }
        return link(from, to)
      },
      sleep: () => Promise.reject(new Error('had to wait')),
    })
    const late = rejection(take(slow))
    await begun.promise
    const hold = await take(fakeTime())
    goOn.resolve()
    expect((await late).message).toBe('had to wait')
    expect(await hold.isOurs()).toBe(true)
    await hold.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('and so is a gravedigger who has died, and the one who was to bury that one', async () => {
    const pid = await deadProcess()
    const dead = await placeLock(lockFile, { pid, thread: pid })
    const digger = await placeLock(`${lockFile}.${dead}`, { pid, thread: pid })
    await placeLock(`${lockFile}.${dead}.${digger}`, { pid, thread: pid })
    const time = fakeTime()
    const hold = await take(time)
    expect(time.sleeps).toBe(0)
    await hold.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('not while a living gravedigger is at it', async () => {
    const pid = await deadProcess()
    const dead = await placeLock(lockFile, { pid, thread: pid })
    const grave = `${lockFile}.${dead}`
    await placeLock(grave)
    const time = fakeTime()
    time.eachSecond = () => (time.sleeps === 20 ? unlink(grave) : expect(existsSync(lockFile)).toBe(true))
    await take(time)
    expect(time.sleeps).toBe(20)
  })
})

describe('a holder on another machine', () => {
  it('that shows no sign of life for 30 s is dead', async () => {
    await placeLock(lockFile, elsewhere)
    const time = fakeTime()
    await take(time)
    expect(time.now).toBe(30_000)
  })

  it('that shows it every second keeps the lock, for as long as it does', async () => {
    const id = await placeLock(lockFile, elsewhere)
    const time = fakeTime()
    time.eachSecond = async () => {
      if (time.now <= 600_000) await utimes(lockFile, time.now / 1000, time.now / 1000)
      if (existsSync(lockFile)) expect(await idIn(lockFile)).toBe(id)
    }
    await take(time)
    expect(time.now).toBe(630_000)
  })

  it('is waited for anew when it is another one', async () => {
    await placeLock(lockFile, elsewhere)
    const time = fakeTime()
    time.eachSecond = async () => void (time.now === 20_000 && (await placeLock(lockFile, elsewhere)))
    await take(time)
    expect(time.now).toBe(50_000)
  })

  it('with our process id is not taken for us', async () => {
    await placeLock(lockFile, { ...elsewhere, started: longAgo })
    const time = fakeTime()
    await take(time)
    expect(time.now).toBe(30_000)
  })

  it('whose file was emptied by a power failure is dead after the same time', async () => {
    await writeFile(lockFile, '')
    const time = fakeTime()
    await (await take(time)).release()
    expect(time.now).toBe(30_000)
    expect(await readdir(directory)).toEqual([])
  })

  it('shows its life by the time stamp of the lock file', async () => {
    const time = fakeTime()
    await take(time)
    await utimes(lockFile, 1, 1)
    time.beats[0]!()
    await until(async () => (await stat(lockFile)).mtimeMs > 1_000_000)
  })

  it('that was given up too early learns that it has lost the lock, and leaves the next one in peace', async () => {
    const robbed = fakeTime({ currentIdentity: () => ({ ...currentIdentity(), ...elsewhere }) })
    const first = await take(robbed)
    const second = await take(fakeTime())
    expect(first.lost.aborted).toBe(false)
    robbed.beats[0]!()
    await until(() => first.lost.aborted)
    await first.release()
    expect(await first.isOurs()).toBe(false)
    expect(await second.isOurs()).toBe(true)
    expect(robbed.beats).toEqual([])
  })
})

describe('writing', () => {
  const [old, mine, theirs] = ['old', 'mine', 'theirs'].map((name) => ({
    access_token: `at-${name}`,
    refresh_token: `rt-${name}`,
  }))
  const stored = async (): Promise<unknown> => (existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : undefined)

  it('of a refreshed set is refused when the lock is no longer ours: the set is not lost, and neither is what is stored', async () => {
    const store = fileStore(path)
    await store.write(old, set)
    await store.lock!(async () => {
      await placeLock(lockFile, elsewhere)
      const error = await rejection(Promise.resolve(store.write(mine, { replacing: old, mode: 'replace' })))
      expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/lock .* was lost/) })
    }, never)
    expect(await stored()).toEqual(old)
    await unlink(lockFile)
    expect(await readdir(directory)).toEqual(['tokens.json'])
  })

  it('of a late holder is refused when the store has moved on', async () => {
    const store = fileStore(path)
    await store.write(old, set)
    await store.lock!(async () => {
      await placeLock(lockFile, elsewhere)
      await fileStore(path).write(theirs, set)
      expect(await store.write(mine, { replacing: old, mode: 'replace' })).toBe(false)
    }, never)
    expect(await stored()).toEqual(theirs)
  })

  it('upon the same set succeeds once, however many try', async () => {
    await fileStore(path).write(old, set)
    const tries = Array.from({ length: 20 }, (_, i) =>
      fileStore(path).write({ access_token: `at-${i}` }, { replacing: old, mode: 'replace' }),
    )
    const results = await Promise.all(tries)
    expect(results.filter((result) => result !== false)).toHaveLength(1)
    expect(await stored()).toEqual({ access_token: `at-${results.indexOf(true)}` })
  })

  it('never undoes a sign-out that came meanwhile, and neither waits for a refresh', async () => {
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

  it('signs out although the moment of writing can not be locked', async () => {
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

  it('goes through a link that leads to nothing yet', async () => {
    const target = join(directory, 'target.json')
    await symlink('target.json', path)
    await fileStore(path).write(old, set)
    expect(JSON.parse(await readFile(target, 'utf8'))).toEqual(old)
  })
})

describe('what killed processes have left', () => {
  /** A temporary file's name, as its maker would have called it. */
  const named = (change: (owner: string[]) => void): string => {
    const parts = temporaryName(path).split('.')
    const owner = parts.at(-3)!.split('-')
    change(owner)
    parts[parts.length - 3] = owner.join('-')
    return parts.join('.')
  }
  const sweep = (): Promise<void> => fileStore(path).lock!(async () => undefined, never)

  it('is removed by the next one who holds the lock', async () => {
    const pid = String(await deadProcess())
    await writeFile(
      named((owner) => owner.splice(0, 2, pid, pid)),
      'half a token set',
    )
    await writeFile(
      named((owner) => (owner[2] = longAgo)),
      'of one whose process id was given out again',
    )
    await placeLock(`${lockFile}.00000000-1111-2222-3333-444444444444`)
    await placeLock(join(directory, '.tokens.json.write-lock.00000000-1111-2222-3333-444444444444'))
    const foreign = named((owner) => (owner[3] = '01234567'))
    await writeFile(foreign, 'of another machine')
    await utimes(foreign, 1, 1)
    await sweep()
    expect(await readdir(directory)).toEqual([])
  })

  it('is told from what living ones are at, and from what is somebody else’s', async () => {
    const names = [
      temporaryName(path),
      named((owner) => (owner[3] = '01234567')),
      join(directory, '.tokens.json.backup'),
      join(directory, '.tokens.json.00000000-1111-2222-3333-444444444444'),
      join(directory, '.other.json.lock.00000000-1111-2222-3333-444444444444'),
    ]
    for (const name of names) await writeFile(name, '')
    await sweep()
    expect((await readdir(directory)).sort()).toEqual(names.map((name) => name.slice(directory.length + 1)).sort())
  })

  it('includes no grave of one who still is to be buried', async () => {
    const pid = await deadProcess()
    const writing = join(directory, '.tokens.json.write-lock')
    const dead = await placeLock(writing, { pid, thread: pid })
    await placeLock(`${writing}.${dead}`)
    await sweep()
    expect((await readdir(directory)).sort()).toEqual(['.tokens.json.write-lock', `.tokens.json.write-lock.${dead}`])
  })
})

describe('listening', () => {
  /** Two listeners: `own` belongs to the store that writes. */
  async function listeners(): Promise<{
    store: ReturnType<typeof fileStore>
    told: { own: number; other: number }
    end: () => void
  }> {
    const store = fileStore(path)
    const told = { own: 0, other: 0 }
    const undo = [store.subscribe!(() => told.own++), fileStore(path).subscribe!(() => told.other++)]
    return { store, told, end: () => undo.forEach((step) => step()) }
  }
  const change = (tokens: TokenJSON | undefined): unknown => fileStore(path).write(tokens, set)

  it('tells of each change made elsewhere and of none made here', async () => {
    const { store, told, end } = await listeners()
    await store.write({ access_token: 'at-1' }, set)
    await until(() => told.other === 1)
    await store.write(undefined, set)
    await until(() => told.other === 2)
    expect(told.own).toBe(0)
    await change({ access_token: 'at-2' })
    await until(() => told.own === 1)
    await writeFile(path, '{"access_token":"by another program"}')
    await until(() => told.own === 2)
    await change(undefined)
    await until(() => told.own === 3)
    end()
  })

  it('says nothing of locking', async () => {
    const { store, told, end } = await listeners()
    for (let i = 0; i < 20; i++) await store.lock!(async () => undefined, never)
    await change({ access_token: 'at-1' })
    await until(() => told.own > 0 && told.other > 0)
    expect(told).toEqual({ own: 1, other: 1 })
    end()
  })

  it('begins before there is a directory, and outlives its being removed and made again', async () => {
    path = join(directory, 'later', 'tokens.json')
    const { told, end } = await listeners()
    await change({ access_token: 'at-1' })
    await until(() => told.own === 1)
    await rm(join(directory, 'later'), { recursive: true })
    await until(() => told.own === 2)
    await change({ access_token: 'at-2' })
    await until(() => told.own === 3)
    end()
  })

  it('ends with its undo, and a listener that throws changes nothing', async () => {
    const { told, end } = await listeners()
    let calls = 0
    const undo = fileStore(path).subscribe!(() => {
      calls++
      throw new Error('of the listener')
    })
    await change({ access_token: 'at-1' })
    await until(() => calls === 1 && told.own === 1)
    end()
    await change({ access_token: 'at-2' })
    await until(() => calls === 2)
    undo()
    expect(told.own).toBe(1)
  })

  it('keeps no process from ending, neither does a lock that is held', async () => {
    const program = `import { fileStore } from ${JSON.stringify(built)}
      fileStore(process.argv[1]).subscribe(() => undefined)
      fileStore(process.argv[1] + '/not/yet').subscribe(() => undefined)
      fileStore(process.argv[1]).lock(() => new Promise(() => undefined), new AbortController().signal)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, path], { stdio: 'inherit' })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
    expect(existsSync(lockFile)).toBe(true)
  })
})
