/** Receives the text of a notification, or `undefined` after notifications may have been lost. */
export type ChangeListener = (message: string | undefined) => void

/** The listeners of one connection, by the topic of their record. */
export class ChangeListeners {
  readonly #byTopic = new Map<string, Set<ChangeListener>>()

  get isEmpty(): boolean {
    return this.#byTopic.size === 0
  }

  /** Every topic that has a listener. */
  get topics(): string[] {
    return [...this.#byTopic.keys()]
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic)
  }

  /** Adds a listener. The returned undo returns true when it has removed the topic's last listener. */
  add(topic: string, listener: ChangeListener): () => boolean {
    // One wrapper for each call, so that a function can be added twice.
    const entry: ChangeListener = (message) => listener(message)
    const present = this.#byTopic.get(topic)
    if (present) present.add(entry)
    else this.#byTopic.set(topic, new Set([entry]))
    return () => {
      const entries = this.#byTopic.get(topic)
      if (!entries?.delete(entry) || entries.size > 0) return false
      return this.#byTopic.delete(topic)
    }
  }

  /** Calls the listeners of one topic. */
  notify(topic: string, message: string | undefined): void {
    for (const listener of [...(this.#byTopic.get(topic) ?? [])]) {
      try {
        listener(message)
      } catch {
        // A listener that throws must not affect the others.
      }
    }
  }

  /** Calls every listener, so that each reads its record again. */
  notifyAll(): void {
    for (const topic of this.topics) this.notify(topic, undefined)
  }
}

/** Combines notifications that arrive together into one call of `listener`. */
export function oncePerTurn(listener: () => void): { call: () => void; cancel: () => void } {
  let pending: ReturnType<typeof setImmediate> | undefined
  const run = (): void => {
    pending = undefined
    try {
      listener()
    } catch {
      // A listener that throws must not end the process.
    }
  }
  return {
    call: () => void (pending ??= setImmediate(run)),
    cancel() {
      clearImmediate(pending)
      pending = undefined
    },
  }
}
