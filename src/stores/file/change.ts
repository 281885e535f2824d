import { brandAsSafe } from '../../errors.js'
import { createRemoval, createReplacement, isNotReplaceable, type Candidate } from './candidate.js'
import { writeInPlace } from './in-place.js'
import { acquire, type LockHandle } from './lock.js'
import { codeOf, writeLock } from './lock-file.js'
import { revokePending } from './temporary.js'

/** The time limit for acquiring the lock to compare and replace, in milliseconds. */
const LOCK_TIMEOUT = 10_000
/**
 * The longest time that a process may hold the lock to compare and replace, in milliseconds. Normally a few are enough, so a
 * longer holder has been stopped.
 */
const MAX_HOLD = 3000
/** The number of attempts at a change that other processes revoke. */
const MAX_ATTEMPTS = 5

/** The content of a file that can't be removed, after signing out. */
const signedOut = Buffer.from('{}\n')

/** A change of one file. */
export interface Change {
  /** The file, without symbolic links. */
  readonly target: string
  /** Where the lock files are. */
  readonly lockBase: string
  /** The new content; `undefined` removes the file. */
  readonly bytes: Uint8Array | undefined
  /** Decides, under the lock, whether the change is made. Default: it is made, even if no lock can be created. */
  readonly accept?: () => Promise<boolean>
  /** Called right before the file changes, with its new content. Default: nothing. */
  readonly announce?: (bytes: Uint8Array | undefined) => void
  /** Bytes that must be free in addition. Default: 0. */
  readonly reserve?: number
}

/** Another process has taken the lock and revoked the change. */
class RevokedError extends Error {}

/** Errors of writing in place that are less informative than the error that prevented replacing the file. */
const uninformative = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ETXTBSY']

function prepare({ target, bytes, accept, reserve = 0 }: Change): Promise<Candidate> {
  // Signing in or out is never revoked.
  const revocable = accept !== undefined
  return bytes ? createReplacement(target, bytes, { revocable, reserve }) : createRemoval(target, { revocable })
}

async function takeLock({ target, lockBase, accept }: Change): Promise<LockHandle | undefined> {
  // A holder that was stopped right before its rename finds nothing to rename when it resumes.
  const fence = revokePending.bind(undefined, target)
  try {
    return await acquire(writeLock(lockBase), AbortSignal.timeout(LOCK_TIMEOUT), { maxHold: MAX_HOLD, fence })
  } catch (error) {
    if (accept) throw error
    // Signing in and out work even if no lock can be created.
    await revokePending(target)
    return undefined
  }
}

async function changeInPlace(change: Change, lock: LockHandle | undefined, reason: unknown): Promise<void> {
  const { target, bytes = signedOut, announce, reserve = 0 } = change
  const check = async (): Promise<void> => {
    if (lock && !(await lock.isOurs())) throw new RevokedError()
  }
  announce?.(bytes)
  try {
    await writeInPlace(target, bytes, { check, reserve })
  } catch (error) {
    throw uninformative.includes(codeOf(error)) ? reason : error
  }
}

/** Replaces or removes the file atomically or, if that isn't possible, writes it in place. */
async function attemptChange(change: Change): Promise<'done' | 'refused' | 'revoked'> {
  let candidate: Candidate | undefined
  let lock: LockHandle | undefined
  let obstacle: unknown
  const unlessNotReplaceable = (error: unknown): undefined => {
    if (!isNotReplaceable(error)) throw error
    obstacle = error
  }
  try {
    candidate = await prepare(change).catch(unlessNotReplaceable)
    lock = await takeLock(change)
    if (change.accept && !(await change.accept())) return 'refused'
    if (candidate) {
      change.announce?.(change.bytes)
      const done = await candidate.commit().catch(unlessNotReplaceable)
      if (done !== undefined) return done ? 'done' : 'revoked'
    }
    await changeInPlace(change, lock, obstacle)
    return 'done'
  } catch (error) {
    if (error instanceof RevokedError) return 'revoked'
    throw error
  } finally {
    await lock?.release()
    await candidate?.discard()
  }
}

/** Changes the file. Resolves with `false` when `accept` refuses. */
export async function changeFile(change: Change): Promise<boolean> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const outcome = await attemptChange(change)
    if (outcome !== 'revoked') return outcome === 'done'
  }
  throw brandAsSafe(Object.assign(new Error('Revoked by other processes'), { code: 'ETIMEDOUT' }))
}

/** Finds out whether a file that doesn't exist yet could be created. */
export async function checkCreatable(target: string, reserve: number): Promise<void> {
  const candidate = await createReplacement(target, Buffer.alloc(0), { revocable: false, reserve })
  await candidate.discard()
}
