const noop = (): void => undefined

/** Settles as `promise` does, or rejects with the signal's reason as soon as that is aborted. */
export function untilAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Waits for `promise`, whatever becomes of it, but no longer than `ms` milliseconds. */
export function settledWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    promise.catch(noop).finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** How long one who waits for a lock waits for a server that is away, in milliseconds: it may be restarting. */
export const OUTAGE = 5000

/** Nobody gives up waiting. */
const never = new AbortController().signal

const FIRST_PAUSE = 20
const LONGEST_PAUSE = 250

/** The pauses of one who waits for a lock: they grow, are jittered, and end early when a notice says that the lock may be free. */
export class Pauses {
  #tries = 0
  #woken = false
  #end: (() => void) | undefined

  /** Ends the present pause, or the next one. */
  readonly wake = (): void => {
    this.#woken = true
    this.#end?.()
  }

  /** What is about to be tried makes earlier notices old news. */
  trying(): void {
    this.#woken = false
  }

  /** Resolves when it is time to try again; rejects with the signal's reason. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.#woken) return signal.throwIfAborted()
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.#tries++, 8))
    let timer: ReturnType<typeof setTimeout> | undefined
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2))
      this.#end = resolve
    })
    await untilAborted(pause, signal).finally(() => clearTimeout(timer))
  }
}

/**
 * Asks again, for so many milliseconds, as long as `passes` says that the failure will pass. For the holder of a lock: what it has been answered by the
 * token endpoint is worth waiting for a server that restarts.
 */
export async function throughOutage<Result>(
  ms: number,
  ask: () => Promise<Result>,
  passes: (error: unknown) => boolean,
): Promise<Result> {
  const end = performance.now() + ms
  const pauses = new Pauses()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!passes(error) || performance.now() >= end) throw error
    }
    await pauses.next(never)
  }
}
