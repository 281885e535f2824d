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

/** What is longer than timers can count they take for nothing. */
const LONGEST = 2 ** 31 - 1

/** The real clock, timers and randomness. */
export const platform: Environment = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST))
    return () => clearTimeout(timer)
  },
}
