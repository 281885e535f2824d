// proper-lockfile is not used: it judges a lock by the age of its timestamp and so takes it from a holder that is stopped or
// busy. Also, two processes that find a stale lock can each remove it, the second after a third process has acquired it.
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
/**
 * A holder whose process can't be checked loses the lock when its file is not touched for this long. Milliseconds on the waiter's
 * clock.
 */
const LEASE = 30_000
/** Time between two attempts, in milliseconds. */
const PAUSE = { min: 10, max: 50 }

/** The environment of the lock; replaced by tests. */
export interface LockEnvironment {
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Calls `callback` every `ms` milliseconds, without keeping the process alive. Returns the undo. */
  every(ms: number, callback: () => void): () => void
  /** Creates a hard link; rejects with EEXIST when the name exists. */
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
  /**
   * A holder that keeps the lock for longer than this loses it, even if alive. Milliseconds. Default: never. Safe only with
   * `fence`.
   */
  readonly maxHold?: number
  /** Prevents a holder from continuing the protected work. Called before the lock is taken from that holder. */
  readonly fence?: (holder: Identity | undefined) => Promise<void>
}

/** An acquired lock. */
export interface LockHandle {
  /** Aborted when another process gets the lock or the lock file is removed. */
  readonly lost: AbortSignal
  /** Reads the lock file and resolves with whether it still belongs to this holder. */
  isOurs(): Promise<boolean>
  /** Frees the lock. Never rejects: a failed release is retried in the background. */
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

  /** Makes one attempt at the lock at `path`. Resolves with the id of the acquisition, or with `undefined`. */
  async attempt(path: string): Promise<string | undefined> {
    const found = await readLock(path)
    if (!found) return this.#create(path)
    if (!this.#isStale(path, found)) return undefined
    await this.#takeOver(path, found)
    return this.#create(path)
  }

  /** Links a complete file to the lock's name, so that no process sees a partly written lock file. */
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
      // NFS may repeat a request whose answer was lost, and then report that the link exists.
      if (codeOf(error) === 'EEXIST') return (await readLock(path))?.id === id ? id : undefined
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'].includes(codeOf(error))) throw error
      if (!(await this.#canLink(beside))) throw noHardLinks(this.#base, error)
      // Windows reports EPERM while another process still has a removed lock file open.
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
   * Removes the lock of a stale holder, under a takeover lock: otherwise a second process that has found the same stale holder
   * could remove the next holder's lock. Ids are never reused, so the holder of the takeover lock removes the lock only if it
   * still has the stale id. A takeover lock can itself become stale and be taken over.
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
 * Waits for the lock. Rejects with the signal's reason when the signal is aborted, or with the file system's error when no lock
 * can be created. Leaves no file behind in either case.
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
    // The next heartbeat tries again.
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
        // The removal can fail, for instance with too many open files, and no other process removes a living holder's lock.
        const end = environment.every(HEARTBEAT, () => void removeLock(base, lock, id).then(end, () => undefined))
      })
    },
  }
}
