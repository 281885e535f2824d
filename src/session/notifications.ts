import { type Events, callEach, type EventCall } from './events.js'
import type { SessionSnapshot, Snapshots } from './snapshot.js'

/** Notifies subscribers of the snapshot and listeners of events, after the state has changed. */
export class Notifications {
  readonly events: Events
  readonly #snapshots: Snapshots
  readonly #subscribers = new Set<() => void>()
  #seen: SessionSnapshot
  /** The last postponed events, while they wait. */
  #postponed: readonly EventCall[] | undefined

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
    this.#enqueue(events)
    this.#release()
  }

  /** Keeps these events, and those of requests, until `resume` or the next `notify`: no listener runs while a lock is held. */
  postpone(events: readonly EventCall[]): void {
    if (events.length === 0) return
    this.#enqueue(events)
    this.#postponed = events
    this.events.isHeld = true
  }

  /** Calls the listeners of postponed events, then those of `events`. Events that another refresh has postponed still wait for its lock. */
  resume(postponed: readonly EventCall[], events: readonly EventCall[] = []): void {
    this.#enqueue(events)
    if (!this.#postponed || this.#postponed === postponed) this.#release()
  }

  #release(): void {
    this.#postponed = undefined
    this.events.isHeld = false
    this.events.drain()
  }

  #enqueue(events: readonly EventCall[]): void {
    const { present } = this.#snapshots
    if (present !== this.#seen) this.events.enqueue(() => callEach(this.#subscribers, undefined))
    this.#seen = present
    for (const [name, event] of events) this.events.enqueueEvent(name, event as never)
  }
}
