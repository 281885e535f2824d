/** What the session needs of the world around it, so that tests can hold the clock. */
export interface Environment {
  /** Epoch milliseconds. */
  now(): number
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number
  /** 0 to 1. */
  random(): number
  /** Calls back after `ms` milliseconds; the result takes it back. */
  after(ms: number, callback: () => void): () => void
}

/** The real clock, timers and randomness. */
export const platform: Environment = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
