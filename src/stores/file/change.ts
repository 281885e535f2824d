import { brandAsSafe } from '../../errors.js'
import { createRemoval, createReplacement, isNotReplaceable, type Candidate } from './candidate.js'
import { writeInPlace } from './in-place.js'
import { acquire, type LockHandle } from './lock.js'
import { codeOf, writeLock } from './lock-file.js'
import { revokePending } from './temporary.js'

/** How long the lock for comparing and replacing is waited for, in milliseconds. */
const LOCK_TIMEOUT = 10_000
/** Comparing and replacing takes a few milliseconds; a process that holds the lock for longer than this was stopped. Milliseconds. */
const MAX_HOLD = 3000
/** How often a change is tried again when other processes have revoked it. */
const MAX_ATTEMPTS = 5

/** The content of a file that stands for a removed one where it can't be removed. */
const signedOut = Buffer.from('{}\n')

/** A change of one file. */
export interface Change {
  /** The file, without symbolic links. */
  readonly target: string
  /** Where the lock files are. */
  readonly lockBase: string
  /** The new content; `undefined` removes the file. */
  readonly bytes: Uint8Array | undefined
  /** Decides, under the lock, whether the change takes place. Default: it does, even where there can be no lock. */
  readonly accept?: () => Promise<boolean>
  /** Called right before the file changes, with its new content. Default: nothing. */
  readonly announce?: (bytes: Uint8Array | undefined) => void
  /** Bytes that must be free in addition. Default: 0. */
  readonly reserve?: number
}

/** Another process has taken the lock and revoked the change. */
class RevokedError extends Error {}

/** Errors of writing in place that say less than the one that has forbidden to replace the file. */
const uninformative = ['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ETXTBSY']

function prepare({ target, bytes, accept, reserve = 0 }: Change): Promise<Candidate> {
  // Signing in and out take place in any case.
  const revocable = accept !== undefined
  return bytes ? createReplacement(target, bytes, { revocable, reserve }) : createRemoval(target, { revocable })
}

async function takeLock({ target, lockBase, accept }: Change): Promise<LockHandle | undefined> {
  // A holder that was stopped right before its rename finds nothing to rename when it goes on.
  const fence = revokePending.bind(undefined, target)
  try {
    return await acquire(writeLock(lockBase), AbortSignal.timeout(LOCK_TIMEOUT), { maxHold: MAX_HOLD, fence })
  } catch (error) {
    if (accept) throw error
    // Signing in and out work where there can be no lock.
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

/** Replaces or removes the file in one step, or writes it in place where that isn't possible. */
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

/** Changes the file. Resolves with `false` when `accept` has refused. */
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
