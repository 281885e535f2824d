/** The longest time between two looks that counts, in milliseconds: a waiter that was suspended itself has observed nothing meanwhile. */
const MAX_GAP = 1000

interface Observation {
  readonly state: string
  readonly at: number
  readonly unchanged: number
}

/** The observations of one waiter about the locks of other holders, kept from one attempt to the next. */
export class Observations {
  readonly #last = new Map<string, Observation>()

  /** Records the state of `subject` at the time `now`. Returns for how many milliseconds it has been observed unchanged. */
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
