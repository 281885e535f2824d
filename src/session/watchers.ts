/** Who wants to know that something has changed, and what they see then. */
export class Watchers<Snapshot> {
  readonly #make: () => Snapshot
  readonly #listeners = new Set<() => void>()
  #snapshot: Snapshot | undefined

  constructor(make: () => Snapshot) {
    this.#make = make
  }

  /** The same object until something changes. */
  get snapshot(): Snapshot {
    return (this.#snapshot ??= this.#make())
  }

  subscribe(listener: () => void): () => void {
    // An entry of its own, so that one function may be subscribed twice.
    const entry = (): void => listener()
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  /** The snapshot is out of date. Who listens is told later, by `changed`: never while a lock is held. */
  outdate(): void {
    this.#snapshot = undefined
  }

  changed(): void {
    this.outdate()
    for (const listener of [...this.#listeners]) {
      try {
        listener()
      } catch {
        // Who watches changes nothing.
      }
    }
  }
}
