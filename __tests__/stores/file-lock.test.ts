import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { jest } from '@jest/globals'
import { fileStore } from '../../src/stores/file.js'
import { acquire, platform, type LockEnvironment } from '../../src/stores/file/lock.js'
import { refreshLock } from '../../src/stores/file/lock-file.js'
import { Observations } from '../../src/stores/file/observations.js'
import { currentIdentity } from '../../src/stores/file/process.js'
import { deferred, rejection } from '../helpers/client.js'
import { fakeTime, identityOf, idleProcess, placeLock } from '../helpers/lock-files.js'

const built = pathToFileURL(join(process.cwd(), 'dist', 'file.js')).href
const never = new AbortController().signal
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

const take = (environment: LockEnvironment, signal = never): ReturnType<typeof acquire> =>
  acquire(refreshLock(path), signal, { environment })
const idIn = async (file: string): Promise<string> => (JSON.parse(await readFile(file, 'utf8')) as { id: string }).id

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** The id of a process that has ended. */
async function deadProcess(): Promise<number> {
  const { identity, kill } = await idleProcess()
  await kill()
  return identity.pid
}

describe('the lock of a token file', () => {
  it('lets one run at a time, through any store object and any symbolic link, and leaves nothing behind', async () => {
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

  it('is released when the run resolves or rejects, with the result of the run', async () => {
    const store = fileStore(path)
    const failure = new Error('of the run')
    expect(await rejection(store.lock!(() => Promise.reject(failure), never))).toBe(failure)
    expect(await store.lock!(async () => 'next', never)).toBe('next')
  })

  it('names its process in the lock file, and creates the directory of the token file', async () => {
    path = join(directory, 'deep', 'tokens.json')
    lockFile = join(directory, 'deep', '.tokens.json.lock')
    await fileStore(path).lock!(async () => {
      expect(JSON.parse(await readFile(lockFile, 'utf8'))).toMatchObject({ pid: process.pid, system: currentIdentity().system })
    }, never)
    expect((await stat(join(directory, 'deep'))).mode & 0o777).toBe(0o700)
  })

  it('is acquired without waiting when it is free', async () => {
    const time = fakeTime()
    await (await take(time)).release()
    expect(time.sleeps).toBe(0)
  })

  it('rejects with a typed error when the lock file is a directory', async () => {
    await mkdir(lockFile)
    const error = await rejection(fileStore(path).lock!(async () => undefined, never))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining(`${path} could not be locked`) })
  })

  it('rejects with a typed error on a file system without hard links, and leaves nothing behind', async () => {
    const refuse = (): Promise<void> => Promise.reject(Object.assign(new Error('made up'), { code: 'EPERM' }))
    const error = await rejection(take(fakeTime({ link: refuse })))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringMatching(/no hard links/) })
    expect(error.message).toContain(path)
    expect(await readdir(directory)).toEqual([])
  })

  it('is acquired when NFS repeats the request to link and finds the link of the first one', async () => {
    const time = fakeTime({
      async link(from, to) {
        await link(from, to)
        throw Object.assign(new Error('made up'), { code: 'EEXIST' })
      },
    })
    const handle = await take(time)
    expect(time.sleeps).toBe(0)
    expect(await handle.isOurs()).toBe(true)
  })

  it('is released later when the file system refuses at first', async () => {
    const time = fakeTime()
    const handle = await take(time)
    const content = await readFile(lockFile)
    await unlink(lockFile)
    await mkdir(lockFile)
    await handle.release()
    await rm(lockFile, { recursive: true })
    await writeFile(lockFile, content)
    for (const beat of [...time.beats]) beat()
    await until(() => !existsSync(lockFile))
    await until(() => time.beats.length === 0)
  })
})

describe('waiting for the lock of a token file', () => {
  it('ends when the signal is aborted, with its reason, and leaves nothing behind', async () => {
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

  it('ends the pause between two attempts when the signal is aborted', async () => {
    const [waiting, reason] = [new AbortController(), new Error('enough')]
    const sleeping = platform.sleep(2 ** 30, waiting.signal)
    waiting.abort(reason)
    expect(await rejection(sleeping)).toBe(reason)
    expect(await rejection(platform.sleep(2 ** 30, waiting.signal))).toBe(reason)
  })

  it('does not begin when the signal is already aborted', async () => {
    const reason = new Error('enough')
    expect(await rejection(fileStore(path).lock!(async () => 'run', AbortSignal.abort(reason)))).toBe(reason)
  })

  it('that is aborted while the lock is acquired releases it', async () => {
    const waiting = new AbortController()
    const reason = new Error('enough')
    const time = fakeTime({ link: (from, to) => link(from, to).then(() => waiting.abort(reason)) })
    expect(await rejection(take(time, waiting.signal))).toBe(reason)
    expect(await readdir(directory)).toEqual([])
  })
})

describe('a holder of the lock on the same machine', () => {
  it('that has died loses the lock without a delay', async () => {
    const pid = await deadProcess()
    await placeLock(lockFile, { pid, thread: pid })
    const time = fakeTime()
    const handle = await take(time)
    expect(time.sleeps).toBe(0)
    await handle.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('that has died loses the lock when another process has its process id', async () => {
    await placeLock(lockFile, { ...identityOf(process.pid), started: longAgo })
    const time = fakeTime()
    await take(time)
    expect(time.sleeps).toBe(0)
  })

  it('that was killed and not yet collected by its parent loses the lock', async () => {
    // The shell starts a child and becomes a program that never collects it.
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'])
    try {
      const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))))
      const parentRuns = async (): Promise<string> => readFile(`/proc/${parent.pid}/comm`, 'utf8')
      await until(async () => (await parentRuns()) === 'sleep\n')
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

  it('that was a worker thread loses the lock when the thread has ended and the process lives on', async () => {
    const program = `import(${JSON.stringify(built)}).then(({ fileStore }) =>
      fileStore(${JSON.stringify(path)}).lock(() => new Promise(() => setInterval(() => {}, 1000)), new AbortController().signal))`
    const worker = new Worker(program, { eval: true })
    await until(() => existsSync(lockFile))
    const waiting = fakeTime({ sleep: () => Promise.reject(new Error('not free')) })
    expect((await rejection(take(waiting))).message).toBe('not free')
    await worker.terminate()
    expect(await (await take(waiting)).isOurs()).toBe(true)
  })

  it('that is stopped for a day and touches nothing keeps the lock', async () => {
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

  it('that belongs to another user and can not be signalled keeps the lock', async () => {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('made up'), { code: 'EPERM' })
    })
    try {
      await placeLock(lockFile, { pid: process.ppid, thread: 0 })
      const waiting = fakeTime({ sleep: () => Promise.reject(new Error('not free')) })
      expect((await rejection(take(waiting))).message).toBe('not free')
    } finally {
      kill.mockRestore()
    }
  })
})

describe('the lock of a dead holder is taken over', () => {
  it('by one of many processes that find it at the same time', async () => {
    const pid = await deadProcess()
    for (let round = 0; round < 8; round++) {
      await placeLock(lockFile, { pid, thread: pid })
      let inside = 0
      let most = 0
      await Promise.all(
        Array.from({ length: 30 }, async () => {
          const handle = await acquire(refreshLock(path), never)
          most = Math.max(most, ++inside)
          await new Promise((resolve) => setImmediate(resolve))
          expect(await handle.isOurs()).toBe(true)
          inside--
          await handle.release()
        }),
      )
      expect(most).toBe(1)
      expect(await readdir(directory)).toEqual([])
    }
  })

  it('but not again by a slower process: the next holder keeps the lock', async () => {
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
      sleep: () => Promise.reject(new Error('not free')),
    })
    const late = rejection(take(slow))
    await begun.promise
    const handle = await take(fakeTime())
    goOn.resolve()
    expect((await late).message).toBe('not free')
    expect(await handle.isOurs()).toBe(true)
    await handle.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('also when the process that was taking it over has died, and the one that took over from that', async () => {
    const pid = await deadProcess()
    const dead = await placeLock(lockFile, { pid, thread: pid })
    const second = await placeLock(`${lockFile}.${dead}`, { pid, thread: pid })
    await placeLock(`${lockFile}.${dead}.${second}`, { pid, thread: pid })
    const time = fakeTime()
    const handle = await take(time)
    expect(time.sleeps).toBe(0)
    await handle.release()
    expect(await readdir(directory)).toEqual([])
  })

  it('but not while another living process is taking it over', async () => {
    const pid = await deadProcess()
    const dead = await placeLock(lockFile, { pid, thread: pid })
    const takeoverLock = `${lockFile}.${dead}`
    await placeLock(takeoverLock)
    const time = fakeTime()
    time.eachSecond = () => (time.sleeps === 20 ? unlink(takeoverLock) : expect(existsSync(lockFile)).toBe(true))
    await take(time)
    expect(time.sleeps).toBe(20)
  })
})

describe('a holder of the lock on another machine', () => {
  it('that has not touched the lock file for 30 s loses the lock', async () => {
    await placeLock(lockFile, otherMachine)
    const time = fakeTime()
    await take(time)
    expect(time.now).toBe(30_000)
  })

  it('that touches the lock file every second keeps the lock', async () => {
    const id = await placeLock(lockFile, otherMachine)
    const time = fakeTime()
    time.eachSecond = async () => {
      if (time.now <= 600_000) await utimes(lockFile, time.now / 1000, time.now / 1000)
      if (existsSync(lockFile)) expect(await idIn(lockFile)).toBe(id)
    }
    await take(time)
    expect(time.now).toBe(630_000)
  })

  it('is given 30 s of its own when it has followed another holder', async () => {
    await placeLock(lockFile, otherMachine)
    const time = fakeTime()
    time.eachSecond = async () => void (time.now === 20_000 && (await placeLock(lockFile, otherMachine)))
    await take(time)
    expect(time.now).toBe(50_000)
  })

  it('keeps the lock when the waiter itself was suspended and has not looked for 30 s', async () => {
    await placeLock(lockFile, otherMachine)
    const time = fakeTime()
    time.eachSecond = () => {
      if (time.now === 5000) time.now += 3_600_000
    }
    await take(time)
    expect(time.sleeps).toBe(30)
  })

  it('loses the lock after several attempts of a waiter that gives up earlier', async () => {
    await placeLock(lockFile, otherMachine)
    const time = fakeTime()
    const observations = new Observations()
    for (let attempt = 1; ; attempt++) {
      const waiting = new AbortController()
      const end = time.now + 10_000
      time.eachSecond = () => void (time.now >= end && waiting.abort())
      const acquired = await acquire(refreshLock(path), waiting.signal, { environment: time, observations }).catch(
        () => undefined,
      )
      if (!acquired) continue
      expect(attempt).toBe(4)
      return acquired.release()
    }
  })

  it('with the process id of this process is not mistaken for it', async () => {
    await placeLock(lockFile, { ...otherMachine, started: longAgo })
    const time = fakeTime()
    await take(time)
    expect(time.now).toBe(30_000)
  })

  it('whose lock file was emptied by a power failure loses the lock after 30 s', async () => {
    await writeFile(lockFile, '')
    const time = fakeTime()
    await (await take(time)).release()
    expect(time.now).toBe(30_000)
    expect(await readdir(directory)).toEqual([])
  })

  it('touches the lock file', async () => {
    const time = fakeTime()
    await take(time)
    await utimes(lockFile, 1, 1)
    time.beats[0]!()
    await until(async () => (await stat(lockFile)).mtimeMs > 1_000_000)
  })

  it('that has lost the lock is calls by its signal and does not remove the lock of the next holder', async () => {
    const suspended = fakeTime({ currentIdentity: () => ({ ...currentIdentity(), ...otherMachine }) })
    const first = await take(suspended)
    const second = await take(fakeTime())
    expect(first.lost.aborted).toBe(false)
    suspended.beats[0]!()
    await until(() => first.lost.aborted)
    await first.release()
    expect(await first.isOurs()).toBe(false)
    expect(await second.isOurs()).toBe(true)
    expect(suspended.beats).toEqual([])
  })
})
