// proper-lockfile is not used: it considers a lock stale by the age of its time stamp, which takes it from a holder that is stopped or busy, and two processes that find
// a stale lock can each remove it, the second one when a third process has already taken it.
import { randomUUID } from 'node:crypto'
import { link, rm, utimes, writeFile } from 'node:fs/promises'
import { brandAsSafe } from '../../errors.js'
import { noHardLinks } from './failure.js'
import { codeOf, readLock, removeLock, type LockContent, type LockPath } from './lock-file.js'
import { currentIdentity, isAlive, type Identity } from './process.js'
import { makeDirectory } from './target.js'
import { temporaryName } from './temporary.js'
import { Observations } from './observations.js'

/** How often a holder touches its lock file, in milliseconds. */
const HEARTBEAT = 1000
/** A holder whose process can't be asked loses the lock when its file was not touched for this long. Milliseconds on the waiter's clock. */
const LEASE = 30_000
/** Time between two attempts, in milliseconds. */
const PAUSE = { min: 10, max: 50 }

/** The environment of the lock; replaced by tests. */
export interface LockEnvironment {
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls `callback` every `ms` milliseconds, without keeping the process alive. Returns its own undo. */
  every(ms: number, callback: () => void): () => void
  /** Gives a file a second name; rejects with EEXIST when that name exists. */
  link(existing: string, name: string): Promise<void>
  currentIdentity(): Identity
}

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
  currentIdentity,
}

/** Options of `acquire`. */
export interface AcquireOptions {
  /** Default: the operating system. */
  readonly environment?: LockEnvironment
  /** Observations of earlier attempts. Default: none. */
  readonly observations?: Observations
  /** A holder that keeps the lock for longer than this loses it, alive or not. Milliseconds. Default: never. Only safe together with `fence`. */
  readonly maxHold?: number
  /** Prevents a holder from doing what the lock protects. Called before the lock is taken from it. */
  readonly fence?: (holder: Identity | undefined) => Promise<void>
}

/** An acquired lock. */
export interface LockHandle {
  /** Aborted when the lock was given to another process or the lock file was removed. */
  readonly lost: AbortSignal
  /** Reads the lock file and tells whether it is still this holder's. */
  isOurs(): Promise<boolean>
  /** Frees the lock. Never rejects: a failure is tried again in the background. */
  release(): Promise<void>
}

/** One waiter for a lock. */
class Contender {
  readonly #base: string
  readonly #environment: LockEnvironment
  readonly #observations: Observations
  readonly #options: AcquireOptions
  readonly #self: Identity

  constructor(base: string, environment: LockEnvironment, options: AcquireOptions) {
    this.#base = base
    this.#environment = environment
    this.#observations = options.observations ?? new Observations()
    this.#options = options
    this.#self = environment.currentIdentity()
  }

  /** Tries once to get the lock at `path`. Resolves with the id of the acquisition, or with `undefined`. */
  async attempt(path: string): Promise<string | undefined> {
    const found = await readLock(path)
    if (!found) return this.#create(path)
    if (!this.#isStale(path, found)) return undefined
    await this.#takeOver(path, found)
    return this.#create(path)
  }

  /** Links a finished file to the name of the lock, so that the lock file is never seen half written. */
  async #create(path: string): Promise<string | undefined> {
    const id = randomUUID()
    const beside = temporaryName(this.#base)
    const content = `${JSON.stringify({ id, ...this.#self })}\n`
    const write = (): Promise<void> => writeFile(beside, content, { flag: 'wx', mode: 0o644 })
    try {
      await write().catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error
        await makeDirectory(this.#base)
        await write()
      })
      await this.#environment.link(beside, path)
      return id
    } catch (error) {
      // NFS may repeat a request whose answer was lost, and then find that the link exists.
      if (codeOf(error) === 'EEXIST') return (await readLock(path))?.id === id ? id : undefined
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'].includes(codeOf(error))) throw error
      if (!(await this.#canLink(beside))) throw noHardLinks(this.#base, error)
      // Windows answers EPERM while a removed lock file is still open in another process.
      return undefined
    } finally {
      await rm(beside, { force: true }).catch(() => undefined)
    }
  }

  async #canLink(beside: string): Promise<boolean> {
    const probe = temporaryName(this.#base)
    const works = await this.#environment.link(beside, probe).then(
      () => true,
      () => false,
    )
    await rm(probe, { force: true }).catch(() => undefined)
    return works
  }

  #isStale(path: string, { id, holder, touched }: LockContent): boolean {
    const { maxHold } = this.#options
    const unchanged = (aspect: string, state: string): number =>
      this.#observations.unchangedFor(`${aspect} ${path}`, state, this.#environment.monotonic())
    if (maxHold !== undefined && unchanged('holder', id) >= maxHold) return true
    if (holder?.system === this.#self.system) return !isAlive(holder)
    return unchanged('touch', `${id} ${touched}`) >= LEASE
  }

  /**
   * Removes the lock of a stale holder, under a lock of its own: otherwise a second process that has found the same stale holder could remove the lock of the next one.
   * Ids are never reused, so the holder of the takeover lock removes the lock only if it still has the stale id. A takeover lock can become stale and be taken over, too.
   */
  async #takeOver(path: string, { id: stale, holder }: LockContent): Promise<void> {
    const takeoverLock = `${path}.${stale}`
    const id = await this.attempt(takeoverLock)
    if (id === undefined) return
    await this.#options.fence?.(holder)
    await removeLock(this.#base, path, stale)
    await removeLock(this.#base, takeoverLock, id)
  }
}

/**
 * Waits for the lock. Rejects with the signal's reason when that is aborted, and with the error of the file system when there can be no lock; nothing is left
 * behind then.
 */
export async function acquire({ base, lock }: LockPath, signal: AbortSignal, options: AcquireOptions = {}): Promise<LockHandle> {
  const environment = options.environment ?? platform
  const contender = new Contender(base, environment, options)
  for (;;) {
    signal.throwIfAborted()
    const id = await contender.attempt(lock)
    if (id !== undefined) {
      options.observations?.clear()
      const handle = createHandle(base, lock, id, environment)
      if (!signal.aborted) return handle
      await handle.release()
    }
    await environment.sleep(PAUSE.min + Math.random() * (PAUSE.max - PAUSE.min), signal)
  }
}

function createHandle(base: string, lock: string, id: string, environment: LockEnvironment): LockHandle {
  const lost = new AbortController()
  const isOurs = async (): Promise<boolean> => (await readLock(lock))?.id === id
  let beating: Promise<void> | undefined

  async function beat(): Promise<void> {
    if (await isOurs()) {
      const now = new Date()
      await utimes(lock, now, now)
    } else {
      stop()
      lost.abort(brandAsSafe(new Error('The lock was lost')))
    }
  }
  const stop = environment.every(HEARTBEAT, () => {
    // A failure is tried again at the next heartbeat.
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
      await removeLock(base, lock, id).catch(() => {
        // For instance too many open files. No other process removes the lock of a living holder.
        const end = environment.every(HEARTBEAT, () => void removeLock(base, lock, id).then(end, () => undefined))
      })
    },
  }
}
