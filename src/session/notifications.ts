import { type Events, callEach, type EventCall } from './events.js'
import type { SessionSnapshot, Snapshots } from './snapshot.js'

/** Notifies subscribers of the snapshot and listeners of events, after the state has changed. */
export class Notifications {
  readonly events: Events
  readonly #snapshots: Snapshots
  readonly #subscribers = new Set<() => void>()
  #seen: SessionSnapshot
  #postponed: readonly EventCall[] = []
  /** The time of the postponed change, not of its notification. */
  #postponedStamp: ReturnType<Events['stamp']> | undefined

  constructor(snapshots: Snapshots, events: Events) {
    this.events = events
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
  notify(events: readonly EventCall[] = []): void {
    this.#release()
    this.#enqueue(events)
    this.events.drain()
  }

  /** Keeps events until `resume` or the next `notify`: no listener runs while a lock is held. */
  postpone(events: readonly EventCall[]): void {
    if (events.length === 0) return
    this.#release()
    this.#postponed = events
    this.#postponedStamp = this.events.stamp()
  }

  /** Calls the listeners of postponed events, then those of `events`. Events that another refresh has postponed still wait for its lock. */
  resume(postponed: readonly EventCall[], events: readonly EventCall[] = []): void {
    if (this.#postponed === postponed) this.#release()
    this.#enqueue(events)
    this.events.drain()
  }

  #release(): void {
    const events = this.#postponed
    this.#postponed = []
    this.#enqueue(events, this.#postponedStamp)
  }

  #enqueue(events: readonly EventCall[], stamp = this.events.stamp()): void {
    const { present } = this.#snapshots
    if (present !== this.#seen) this.events.enqueue(() => callEach(this.#subscribers, undefined))
    this.#seen = present
    for (const [name, event] of events) this.events.enqueueEvent(name, event as never, stamp)
  }
}
