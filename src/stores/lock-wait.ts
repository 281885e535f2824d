import { untilAborted } from '../until-aborted.js'

const noop = (): void => undefined

/** Resolves when `promise` has settled, or after `ms` milliseconds. */
export function settledWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    promise.catch(noop).finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** How long a waiter tolerates an unreachable server, in milliseconds: long enough for a restart. */
export const OUTAGE_LIMIT = 5000

const neverAborted = new AbortController().signal

const FIRST_DELAY = 20
const LONGEST_DELAY = 250

/** Jittered, growing delays between attempts to acquire a lock. A notification that the lock may be free ends a delay early. */
export class Backoff {
  #attempts = 0
  #woken = false
  #end: (() => void) | undefined

  /** Ends the present delay, or the next one. */
  readonly wake = (): void => {
    this.#woken = true
    this.#end?.()
  }

  /** Call before each attempt: earlier notifications no longer count. */
  attempt(): void {
    this.#woken = false
  }

  /** Resolves when the next attempt is due. Rejects with the signal's reason. */
  async delay(signal: AbortSignal): Promise<void> {
    if (this.#woken) return signal.throwIfAborted()
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#attempts++, 8))
    let timer: ReturnType<typeof setTimeout> | undefined
    const delay = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2))
      this.#end = resolve
    })
    await untilAborted(delay, signal).finally(() => clearTimeout(timer))
  }
}

/** Repeats `attempt` for up to `ms` milliseconds while `isTemporary` returns true for its failure. */
export async function retryFor<Result>(
  ms: number,
  attempt: () => Promise<Result>,
  isTemporary: (error: unknown) => boolean,
): Promise<Result> {
  const end = performance.now() + ms
  const backoff = new Backoff()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isTemporary(error) || performance.now() >= end) throw error
    }
    await backoff.delay(neverAborted)
  }
}
