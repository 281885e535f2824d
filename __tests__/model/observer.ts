import type { AttachedSession, SessionEventName, SessionSnapshot } from '../../src/index.js'
import type { Model } from './invariants.js'

export const eventNames = [
  'refresh_started',
  'refreshed',
  'refresh_failed',
  'adopted',
  'saved',
  'unpersisted',
  'signed_in',
  'signed_out',
  'user_changed',
  'revocation_failed',
  'sent',
  'queued',
  'released',
  'resent',
] as const satisfies SessionEventName[]

const requestEvents: readonly SessionEventName[] = ['sent', 'queued', 'released', 'resent']

/** `subscribe`: a subscriber of the snapshot. */
export type Moment = SessionEventName | 'subscribe'

interface Event {
  readonly generation?: number
  readonly reason?: string
  readonly error?: unknown
}

/** The members that the snapshot has by the time of an event. */
function announced(name: SessionEventName, { generation, reason, error }: Event): Record<string, unknown> {
  switch (name) {
    case 'refresh_started':
      return { refreshing: true }
    case 'refreshed':
    case 'adopted':
    case 'signed_in':
    case 'user_changed':
      return { status: 'signed_in', generation }
    case 'refresh_failed':
      return { refreshing: false, lastError: error }
    case 'saved':
      return { status: 'signed_in', generation, persisted: true }
    case 'unpersisted':
      return { status: 'signed_in', persisted: false }
    case 'signed_out':
      return { status: 'signed_out', reason }
    default:
      return {}
  }
}

/** Compares each event and each snapshot with the state, and does what a program wants done in a listener. */
export class Observer {
  readonly #model: Model
  readonly #session: AttachedSession
  readonly #reactions = new Map<Moment, (() => void)[]>()
  #last: SessionSnapshot
  /** A listener has changed the session in this turn: later events of the turn are older than the state. */
  #changedIn = -1

  /** `watchesRequests`: without listeners of their events, requests take a shorter path. */
  constructor(model: Model, session: AttachedSession, watchesRequests: boolean) {
    this.#model = model
    this.#session = session
    this.#last = session.getSnapshot()
    for (const name of eventNames.filter((event) => watchesRequests || !requestEvents.includes(event)))
      session.on(name, (event) => {
        this.#compare(name, event as Event)
        this.#react(name)
      })
    session.subscribe(() => {
      this.look()
      this.#react('subscribe')
    })
  }

  /** Does this once, in a listener of the event. */
  onNext(moment: Moment, reaction: () => void): void {
    this.#reactions.set(moment, [...(this.#reactions.get(moment) ?? []), reaction])
  }

  /** Looks at the snapshot. */
  look(): SessionSnapshot {
    const snapshot = this.#session.getSnapshot()
    if (snapshot !== this.#last) {
      const before = this.#last as unknown as Record<string, unknown>
      const entries = Object.entries(snapshot)
      const isSame = entries.length === Object.keys(before).length && entries.every(([name, value]) => before[name] === value)
      this.#model.check('snapshotIdentity', !isSame, JSON.stringify(snapshot))
      this.#last = snapshot
    }
    return snapshot
  }

  #compare(name: SessionEventName, event: Event): void {
    const snapshot = this.look() as unknown as Record<string, unknown>
    if (this.#changedIn === this.#model.turn) return
    for (const [member, value] of Object.entries(announced(name, event)))
      this.#model.check('listenersAfterState', snapshot[member] === value, `${name}: ${member} is ${String(snapshot[member])}`)
  }

  #react(moment: Moment): void {
    const [reaction, ...others] = this.#reactions.get(moment) ?? []
    if (!reaction) return
    this.#reactions.set(moment, others)
    this.#changedIn = this.#model.turn
    reaction()
  }
}
