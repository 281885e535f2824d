/**
 * The longest interval that counts as observed, in milliseconds: a waiter that was itself suspended has observed nothing
 * meanwhile.
 */
const MAX_GAP = 1000

interface Observation {
  readonly state: string
  readonly at: number
  readonly unchanged: number
}

/** One waiter's observations of other holders' locks, kept between attempts. */
export class Observations {
  readonly #last = new Map<string, Observation>()

  /** Records the state of `subject` at `now`. Returns how long, in milliseconds, the state has been observed unchanged. */
  unchangedFor(subject: string, state: string, now: number): number {
    const last = this.#last.get(subject)
    const unchanged = last?.state === state ? last.unchanged + Math.min(now - last.at, MAX_GAP) : 0
    this.#last.set(subject, { state, at: now, unchanged })
    return unchanged
  }

  /** Forgets everything: the lock was acquired. */
  clear(): void {
    this.#last.clear()
  }
}
