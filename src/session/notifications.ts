import { Events, callEach, type Notice } from './events.js'
import type { SessionSnapshot, Snapshots } from './snapshot.js'

/** Notifies subscribers of the snapshot and listeners of events, after the state has changed. */
export class Notifications {
  readonly events = new Events()
  readonly #snapshots: Snapshots
  readonly #subscribers = new Set<() => void>()
  #seen: SessionSnapshot
  #postponed: readonly Notice[] = []

  constructor(snapshots: Snapshots) {
    this.#snapshots = snapshots
    this.#seen = snapshots.present
  }

  subscribe(listener: () => void): () => void {
    // A wrapper for each subscription: one function may be subscribed twice.
    const entry = (): void => listener()
    this.#subscribers.add(entry)
    return () => void this.#subscribers.delete(entry)
  }

  /** Calls the subscribers when the snapshot has changed, then the listeners. */
  notify(notices: readonly Notice[] = []): void {
    this.#release()
    this.#enqueue(notices)
    this.events.drain()
  }

  /** Keeps events until the next `notify`: no listener runs under the lock of the store. */
  postpone(notices: readonly Notice[]): void {
    this.#release()
    this.#postponed = notices
  }

  #release(): void {
    const notices = this.#postponed
    this.#postponed = []
    this.#enqueue(notices)
  }

  #enqueue(notices: readonly Notice[]): void {
    const { present } = this.#snapshots
    if (present !== this.#seen) this.events.enqueue(() => callEach(this.#subscribers, undefined))
    this.#seen = present
    for (const [name, event] of notices) this.events.enqueueEvent(name, event as never)
  }
}
