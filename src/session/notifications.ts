import { requireFunction } from '../check-options.js'
import { type Events, callEach, type EventCall } from './events.js'
import type { SessionSnapshot, Snapshots } from './snapshot.js'

/** Notifies subscribers and event listeners after the state has changed. */
export class Notifications {
  readonly events: Events
  readonly #snapshots: Snapshots
  readonly #subscribers = new Set<() => unknown>()
  #seen: SessionSnapshot
  /** The last postponed events, until they are delivered. */
  #postponed: readonly EventCall[] | undefined

  constructor(snapshots: Snapshots, events: Events) {
    this.events = events
    this.#snapshots = snapshots
    this.#seen = snapshots.present
  }

  subscribe(listener: () => void): () => void {
    requireFunction('subscribe: listener', listener)
    // One wrapper for each subscription: a function may be subscribed twice.
    const entry = (): unknown => listener()
    this.#subscribers.add(entry)
    return () => void this.#subscribers.delete(entry)
  }

  /** Calls the subscribers if the snapshot has changed, then the listeners. */
  notify(events: readonly EventCall[] = []): void {
    this.#enqueue(events)
    this.#release()
  }

  /** Holds these events and request events until `resume` or the next `notify`: no listener runs while a lock is held. */
  postpone(events: readonly EventCall[]): void {
    if (events.length === 0) return
    this.#enqueue(events)
    this.#postponed = events
    this.events.isHeld = true
  }

  /** Delivers the postponed events, then `events`. Events postponed by another refresh wait until its lock is released. */
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
