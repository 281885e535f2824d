import { untilAborted } from '../../until-aborted.js'
import { Backoff } from '../lock-wait.js'
import type { Lease } from './lease.js'

/** The commands needed to wait for a lease. */
export interface LeaseCommands {
  /** Requests the lock once; `undefined` when another process has it. */
  acquire(owner: string, signal: AbortSignal): Promise<Lease | undefined>
  release(owner: string): Promise<unknown>
  /** Calls `wake` when the lock may be free; returns the undo. */
  onFree(wake: () => void): (() => void) | undefined
}

/** Requests the lock until this owner gets it. Releases a lease granted after `signal` was aborted. */
export async function waitForLease(commands: LeaseCommands, owner: string, signal: AbortSignal): Promise<Lease> {
  const backoff = new Backoff()
  const stopListening = commands.onFree(backoff.wake)
  try {
    for (;;) {
      signal.throwIfAborted()
      backoff.attempt()
      const requested = commands.acquire(owner, signal)
      const lease = await untilAborted(requested, signal).catch((error: unknown) => {
        requested
          .then((late) => {
            late?.end()
            return late && commands.release(owner)
          })
          .catch(() => undefined)
        throw error
      })
      if (lease) return lease
      await backoff.delay(signal)
    }
  } finally {
    stopListening?.()
  }
}
