// Why not proper-lockfile: it takes a lock for dead when its time stamp is some seconds old by the wall clock, so it robs a holder that was stopped, suspended or
// kept busy, and lives; and two that find the same stale lock at once can each remove it, the second one when it is a third one's already.
import { randomUUID } from 'node:crypto'
import { link, open, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { noHardLinks } from './failure.js'
import { makeDirectory } from './atomic.js'
import { isAlive, whoAmI, type Identity } from './process.js'
import { temporaryName } from './temporary.js'

/** How often a holder shows that it lives, in milliseconds. */
const HEARTBEAT = 1000
/** A holder of another system that has shown no life for so long is dead. Milliseconds on the waiter's own clock. */
const LEASE = 30_000
/** How long a waiter sleeps between two looks, in milliseconds. */
const PAUSE = { least: 10, most: 50 }

/** What the lock needs of the world around it, so that tests can hold it. */
export interface LockEnvironment {
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls back every `ms` milliseconds, without keeping the process alive; the result ends that. */
  every(ms: number, callback: () => void): () => void
  /** Gives a file a second name; fails with EEXIST when there is such a file. */
  link(existing: string, name: string): Promise<void>
  whoAmI(): Identity
}

/** The real one. */
export const platform: LockEnvironment = {
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const leave = (): void => (clearTimeout(timer), reject(signal.reason as Error))
      const timer = setTimeout(() => (signal.removeEventListener('abort', leave), resolve()), ms)
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
    }),
  every(ms, callback) {
    const timer = setInterval(callback, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  link,
  whoAmI,
}

/** A lock that is held. */
export interface Hold {
  /** Aborted when somebody else was given the lock, or the lock file was removed. */
  readonly lost: AbortSignal
  /** Looks whether the lock is still ours. */
  isOurs(): Promise<boolean>
  /** Lets the next one in. Never rejects: what goes wrong now is tried again. */
  release(): Promise<void>
}

/** What a lock file says. */
interface Found {
  readonly id: string
  /** Missing when it can't be read: after a power failure a file may be empty. */
  readonly holder: Identity | undefined
  /** When the holder last showed that it lives, by the clock of whoever set it: only good for being compared with itself. */
  readonly touched: bigint
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const unreadable = '00000000-0000-0000-0000-000000000000'

function readHolder(text: string): { id: string; holder: Identity | undefined } {
  try {
    const { id, system, pid, thread, started } = JSON.parse(text) as Record<string, unknown>
    // The id becomes part of a file name.
    if (typeof id === 'string' && uuid.test(id) && Number.isSafeInteger(pid) && (pid as number) > 0)
      return { id, holder: { system: String(system), pid: pid as number, thread: Number(thread), started: String(started) } }
  } catch {
    // Said below.
  }
  return { id: unreadable, holder: undefined }
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | undefined)?.code

/** What the lock file says; `undefined` when there is none. */
export async function look(path: string): Promise<Found | undefined> {
  try {
    // Over NFS it is opening that asks the server.
    const handle = await open(path, 'r')
    try {
      const text = await handle.readFile('utf8')
      const { mtimeNs } = await handle.stat({ bigint: true })
      return { ...readHolder(text), touched: mtimeNs }
    } finally {
      await handle.close()
    }
  } catch (error) {
    // ESTALE: removed on the server while we looked.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESTALE') return undefined
    throw error
  }
}

/** One who wants the lock, with what it has seen while waiting. */
class Contender {
  readonly #file: string
  readonly #environment: LockEnvironment
  readonly #self: Identity
  /** By lock file: the sign of life that was last seen, and since when. */
  readonly #seen = new Map<string, { sign: string; since: number }>()

  /** `file` is the token file, beside which everything happens. */
  constructor(file: string, environment: LockEnvironment) {
    this.#file = file
    this.#environment = environment
    this.#self = environment.whoAmI()
  }

  /** Tries once to get the lock at `path`. Resolves with the id under which it is ours. */
  async attempt(path: string): Promise<string | undefined> {
    const found = await look(path)
    if (!found) return this.#create(path)
    if (!this.#isDead(path, found)) return undefined
    await this.#bury(path, found.id)
    return this.#create(path)
  }

  /** Writes the content first and gives it its name then: the lock is there whole, or not at all. */
  async #create(path: string): Promise<string | undefined> {
    const id = randomUUID()
    const beside = temporaryName(this.#file)
    const content = `${JSON.stringify({ id, ...this.#self })}\n`
    const write = (): Promise<void> => writeFile(beside, content, { flag: 'wx', mode: 0o644 })
    try {
      await write().catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
        await makeDirectory(this.#file)
        await write()
      })
      await this.#environment.link(beside, path)
      return id
    } catch (error) {
      // NFS may do what it was asked for, lose the answer, and find at the second asking that it is done.
      if (codeOf(error) === 'EEXIST') return (await look(path))?.id === id ? id : undefined
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'].includes(String(codeOf(error)))) throw error
      if (!(await this.#canLink(beside))) throw noHardLinks(this.#file, error)
      // Windows says EPERM while a lock file that was removed is still open somewhere: it is as if it were held.
      return undefined
    } finally {
      await rm(beside, { force: true }).catch(() => undefined)
    }
  }

  /** Has the file system hard links at all? */
  async #canLink(beside: string): Promise<boolean> {
    const probe = temporaryName(this.#file)
    const works = await this.#environment.link(beside, probe).then(
      () => true,
      () => false,
    )
    await rm(probe, { force: true }).catch(() => undefined)
    return works
  }

  #isDead(path: string, { id, holder, touched }: Found): boolean {
    if (holder?.system === this.#self.system) return !isAlive(holder)
    const sign = `${id} ${touched}`
    const now = this.#environment.monotonic()
    const seen = this.#seen.get(path)
    if (seen?.sign !== sign) this.#seen.set(path, { sign, since: now })
    return seen?.sign === sign && now - seen.since >= LEASE
  }

  /**
   * Removes the lock of a dead holder. Between looking and removing, somebody else could have done the same and a third one could hold the lock: so this is done under
   * a lock of its own, the grave. An id is never used twice: who holds the grave and still finds the id is the only one to remove it. A gravedigger
   * that dies is buried likewise.
   */
  async #bury(path: string, dead: string): Promise<void> {
    const grave = `${path}.${dead}`
    const id = await this.attempt(grave)
    if (id === undefined) return
    await removeIf(path, dead)
    await removeIf(grave, id)
  }
}

async function removeIf(path: string, id: string): Promise<void> {
  if ((await look(path))?.id !== id) return
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

/** Where a lock is: what it is for, links followed, and the lock file in the same directory. */
export interface Place {
  readonly file: string
  readonly lock: string
}

/** For as long as a refresh takes. */
export const refreshLock = (file: string): Place => ({ file, lock: join(dirname(file), `.${basename(file)}.lock`) })

/** For the moment in which the file is compared and replaced. Signing in and out takes it too, and so needn't wait for a refresh. */
export const writeLock = (file: string): Place => ({ file, lock: join(dirname(file), `.${basename(file)}.write-lock`) })

/**
 * Waits until the lock is ours. Rejects with the signal's reason as soon as that is aborted, and with what the file system says when it can't be locked at all;
 * nothing is left behind then.
 */
export async function acquire(
  { file, lock }: Place,
  signal: AbortSignal,
  environment: LockEnvironment = platform,
): Promise<Hold> {
  const contender = new Contender(file, environment)
  for (;;) {
    signal.throwIfAborted()
    const id = await contender.attempt(lock)
    if (id !== undefined) {
      const held = hold(lock, id, environment)
      if (!signal.aborted) return held
      await held.release()
    }
    await environment.sleep(PAUSE.least + Math.random() * (PAUSE.most - PAUSE.least), signal)
  }
}

function hold(lock: string, id: string, environment: LockEnvironment): Hold {
  const lost = new AbortController()
  const isOurs = async (): Promise<boolean> => (await look(lock))?.id === id
  let beating: Promise<void> | undefined

  async function beat(): Promise<void> {
    if (await isOurs()) {
      const now = new Date()
      await utimes(lock, now, now)
    } else {
      stop()
      lost.abort(new Error('The lock was lost'))
    }
  }
  const stop = environment.every(HEARTBEAT, () => {
    // What can't be looked at now is looked at again by the next beat.
    beating ??= beat()
      .catch(() => undefined)
      .finally(() => (beating = undefined))
  })

  return {
    lost: lost.signal,
    isOurs,
    async release() {
      stop()
      await beating
      await removeIf(lock, id).catch(() => {
        // Too many open files, for instance: as long as we live nobody else will remove it.
        const end = environment.every(HEARTBEAT, () => void removeIf(lock, id).then(end, () => undefined))
      })
    },
  }
}
