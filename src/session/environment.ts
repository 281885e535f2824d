/** The platform's clock, timers and randomness. Tests replace them. */
export interface Environment {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** 0 to 1. */
  random(): number
  /** Does the platform report that there is no network? Missing if the platform can't tell. */
  isOffline?(): boolean
  /** Calls back after `ms` milliseconds. Returns the function that cancels it. */
  after(ms: number, callback: () => void): () => void
}

/** The longest delay of a timer. A timer with a longer delay would fire immediately. */
const MAX_DELAY = 2 ** 31 - 1

export const platform: Environment = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  isOffline: () => globalThis.navigator?.onLine === false,
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, MAX_DELAY))
    return () => clearTimeout(timer)
  },
}
