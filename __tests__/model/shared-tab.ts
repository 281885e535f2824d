import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import type { AttachedSession, SessionEventName, TokenJSON } from '../../src/index.js'
import type { KnownUser } from './invariants.js'
import type { SharedWorld } from './shared-world.js'
import type { Subject } from './subject.js'

const never = new Promise<never>(() => undefined)

/** The tokens that come from one sign-in. */
export interface RotationChain {
  readonly user: KnownUser
  /** Whose they are, known or not. */
  readonly name: string
  isRevoked: boolean
  /** Its first token. */
  readonly since: number
  /** The store has held a token of it. */
  isStored?: boolean
}

/** May a request go on with tokens of the other sign-in? What is known of a user may change from one sign-in to the next. */
export function isSameUser(a: RotationChain, b: RotationChain): boolean {
  const isKnown = ({ user }: RotationChain): boolean => Object.keys(user).length > 0
  return a === b || (a.name === b.name && isKnown(a) && isKnown(b))
}

export type Reaction = 'sign in' | 'sign out' | 'refresh' | 'request'

/** Events that follow the work under the lock. */
const afterLock = ['refreshed'] as const satisfies SessionEventName[]
/** Events of other changes, or of a save that goes on under the lock. */
const otherwise = [
  'refresh_started',
  'unpersisted',
  'adopted',
  'user_changed',
  'signed_in',
  'signed_out',
] as const satisfies SessionEventName[]
export const reactable = [
  'refreshed',
  'refresh_failed',
  'refresh_started',
  'adopted',
  'user_changed',
  'signed_in',
  'signed_out',
  'queued',
  'released',
  'resent',
] as const

/** One tab, process or machine: it can be stopped for a while, and it can die. */
export class Tab {
  readonly api: AxiosInstance
  readonly session: AttachedSession
  readonly open = new Map<string, Promise<unknown>>()
  isDead = false
  /** When it was stopped or died, on the monotonic clock. */
  silentSince = Infinity
  notify: (() => void) | undefined
  isRedeeming = false
  /** How many tokens had been issued when it signed out. */
  signedOutAt = -1
  /** Whose token it sent last, since the last event that tells of another epoch. */
  chain: RotationChain | undefined
  /** Whose token it sent last. */
  lastSent: RotationChain | undefined
  /** How often it sent a token of another user who signed in elsewhere, and how often that was announced. */
  userChanges = 0
  announcedChanges = 0
  /** How many locks are taken and not known to be free: the events of what happened under them are still to come. */
  locks = 0
  /** When the last lock became free, and when the application called the session: events of that turn are no matter of the refresh. */
  changedIn = -1
  calledIn = -1
  otherwiseIn = -1
  /** It has stood still: it may have lost a lock, and its refresh ends while another one of its locks is held. */
  hasStoodStill = false
  /** A sign-out could not delete the stored set. */
  hasKeptSet = false
  readonly failed: InternalAxiosRequestConfig[] = []
  readonly #reactions = new Map<SessionEventName, (() => void)[]>()
  readonly #world: SharedWorld
  #awake: Promise<void> = Promise.resolve()
  #wake = (): void => undefined

  constructor(world: SharedWorld, subject: Subject) {
    this.#world = world
    this.api = axios.create({ baseURL: 'https://api.example.com', adapter: (config) => world.resource(this, config) })
    const { environment } = world
    const { now, monotonic } = environment
    // No timer fires in a process that stands still.
    const after = (ms: number, callback: () => void): (() => void) => {
      let isCancelled = false
      const cancel = environment.after(ms, () => void this.arrives(0).then(() => isCancelled || callback()))
      return () => {
        isCancelled = true
        cancel()
      }
    }
    this.session = subject.attachIn({ now, monotonic, random: () => world.random(), after }, this.api, world.storeOf(this), {
      refresh: Object.assign((tokens?: TokenJSON) => world.token(this, String(tokens?.refresh_token)), {
        needsRefreshToken: true,
      }),
    })
    for (const name of ['signed_in', 'signed_out', 'user_changed'] as const) this.session.on(name, () => (this.chain = undefined))
    this.session.on('user_changed', () => void this.announcedChanges++)
    for (const name of otherwise) this.session.on(name, () => (this.otherwiseIn = world.turn))
    for (const name of afterLock) this.session.on(name, () => this.#isFree || queueMicrotask(() => this.#checkOther(name)))
    for (const name of reactable) this.session.on(name, () => this.#reactions.get(name)?.shift()?.())
  }

  /** Does this once, in a listener of the event. */
  onNext(name: SessionEventName, reaction: () => void): void {
    this.#reactions.set(name, [...(this.#reactions.get(name) ?? []), reaction])
  }

  /** A call of the application. */
  call<Result>(name: string, call: () => Promise<Result>): Promise<Result> {
    this.calledIn = this.#world.turn
    const result = call()
    this.follow(name, result)
    return result
  }

  /** Is no lock held, or for another reason than the refresh that ends? */
  get #isFree(): boolean {
    return this.hasStoodStill || this.calledIn === this.#world.turn || this.locks > 1 || !this.#world.holdsLock(this)
  }

  /** Events wait for the release of the lock at most until those of another change. */
  #checkOther(name: string): void {
    this.#world.check('noLockWhileListening', this.otherwiseIn === this.#world.turn, name)
  }

  follow(name: string, promise: Promise<unknown>): void {
    const settled = (): void => void this.open.delete(name)
    this.open.set(name, promise)
    promise.then(settled, settled)
  }

  get isSilent(): boolean {
    return this.silentSince !== Infinity
  }

  stop(now: number): void {
    if (this.isSilent) return
    this.hasStoodStill = true
    this.silentSince = now
    this.#awake = new Promise((resolve) => (this.#wake = resolve))
  }

  goOn(): void {
    if (this.isDead) return
    this.silentSince = Infinity
    this.#wake()
  }

  die(now: number): void {
    this.stop(now)
    this.isDead = true
  }

  /** Whatever comes to it comes when it is awake. */
  async arrives<Result>(result: Result): Promise<Result> {
    while (this.isSilent) await (this.isDead ? never : this.#awake)
    return result
  }
}
