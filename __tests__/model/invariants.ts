import type { TokenJSON } from '../../src/index.js'

/** What must hold whatever happens, each stated once. */
export const invariants = {
  redeemedOnce: 'a refresh token is redeemed at most once after its answer arrived',
  oneFlight: 'there is at most one flight at any time',
  settles: 'every waiter settles',
  noOlder: 'no request carries a token of an older generation than the one that was told of',
  noRejected: 'no request carries a token that was told to be rejected',
  noOtherUser: 'no request carries a token of another user',
  signOutFinal: 'sign-out is final',
  storedFirst: 'the stored set is never older than what a released request used',
  twoSends: 'a request is sent at most twice',
  budget: 'the budget of refreshes holds',
  nothingLeft: 'nothing is left behind when all has settled',
} as const

export type Invariant = keyof typeof invariants

/** An access token as the model knows it. */
export interface Issued {
  readonly user: string
  /** Grows with each token that is issued. */
  readonly serial: number
  /** How long it lives, in milliseconds, on the monotonic clock. */
  readonly lifetime: number
  readonly until: number
  readonly by: 'refresh' | 'sign-in'
}

interface Call {
  readonly epoch: number
  readonly signal: AbortSignal
}

/** A small model of a session: what may be true. It sees what arrives at the servers and the store, and what the application does. */
export class Model {
  readonly violations: { invariant: Invariant; detail: string }[] = []

  #epoch = 0
  #user: string | undefined
  #told = 0
  #newestSent = 0
  #signedOut = false
  readonly #rejected = new Set<string>()
  readonly #answered = new Set<string>()
  readonly #calls = new Set<Call>()
  readonly #sends = new Map<string, { sends: number; user: string | undefined }>()
  readonly #unsaved = new Set<number>()
  #starts: number[] = []
  #adopted: { at: number; lifetime: number } | undefined
  #troubled = false

  check(invariant: Invariant, holds: boolean, detail: string): void {
    if (!holds) this.violations.push({ invariant, detail })
  }

  // ── what the application does ──────────────────────────────────────────────────────────────────

  changesHands(user: string | undefined): number {
    this.#epoch++
    this.#user = user
    this.#told = 0
    this.#newestSent = 0
    this.#signedOut = false
    this.#troubled = false
    return this.#epoch
  }

  /** The sign-out has been confirmed; others may have followed it. */
  signedOut(epoch: number): void {
    if (epoch === this.#epoch) this.#signedOut = true
  }

  asks(id: string): void {
    this.#sends.set(id, { sends: 0, user: this.#user })
  }

  // ── what the servers see ───────────────────────────────────────────────────────────────────────

  redeems(token: string, signal: AbortSignal): { done: () => void; answered: () => void; isPresent: () => boolean } {
    this.check('redeemedOnce', !this.#answered.has(token), token)
    const others = [...this.#calls].filter((call) => call.epoch === this.#epoch && !call.signal.aborted)
    this.check('oneFlight', others.length === 0, `${others.length} others`)
    const call = { epoch: this.#epoch, signal }
    this.#calls.add(call)
    return {
      done: () => void this.#calls.delete(call),
      answered: () => void this.#answered.add(token),
      isPresent: () => call.epoch === this.#epoch,
    }
  }

  sends(id: string, token: string | undefined, issued: Issued | undefined, stored: number): void {
    const request = this.#sends.get(id)!
    this.check('twoSends', ++request.sends <= 2, `${id} ${request.sends} times`)
    if (token === undefined) return
    if (!issued) return this.check('noOtherUser', false, `${token} was never issued`)
    this.check('signOutFinal', this.#user !== undefined, `${id} carried ${token}`)
    this.check('noOtherUser', issued.user === this.#user, `${id} carried a token of ${issued.user}, not of ${this.#user}`)
    this.check('noOtherUser', (request.user ?? issued.user) === issued.user, `${id} of ${request.user} went as ${issued.user}`)
    this.check('noOlder', issued.serial >= this.#told, `${issued.serial} after ${this.#told} was told`)
    this.check('noOlder', issued.serial >= this.#newestSent, `${issued.serial} after ${this.#newestSent} was sent`)
    this.check('noRejected', !this.#rejected.has(token), token)
    const late = issued.by === 'refresh' && stored < issued.serial && !this.#unsaved.has(issued.serial)
    this.check('storedFirst', !late, `${issued.serial} was used while ${stored} was stored`)
    request.user = issued.user
    this.#newestSent = Math.max(this.#newestSent, issued.serial)
  }

  /** The second refusal of a request is its caller's answer: a fresh token refused at once says more about the API than about the token. */
  tellsRejection(id: string, token: string): void {
    if (this.#sends.get(id)?.sends === 1) this.#rejected.add(token)
  }

  couldNotSave(serial: number): void {
    this.#unsaved.add(serial)
  }

  stores(tokens: TokenJSON | undefined): void {
    this.check('signOutFinal', !(this.#signedOut && tokens), 'something was stored after signing out')
  }

  // ── what the session tells ─────────────────────────────────────────────────────────────────────

  starts(now: number): void {
    const { at, lifetime } = this.#adopted ?? { at: 0, lifetime: Infinity }
    const livedOut = now - at >= lifetime / 2
    if (livedOut && !this.#troubled) return
    this.#starts.push(now)
    const sixth = this.#starts.at(-6)
    this.check('budget', sixth === undefined || now - sixth >= 30_000, `six in ${now - (sixth ?? 0)} ms`)
  }

  refreshFailed(): void {
    this.#troubled = true
  }

  /** The application asks for a refresh: what failed before is forgotten. */
  isAsked(): void {
    this.#troubled = false
  }

  adopts({ serial, lifetime }: Issued, now: number): void {
    this.#told = serial
    this.#adopted = { at: now, lifetime }
    this.#troubled = false
  }

  endsBy(reason: string): void {
    if (reason !== 'requested') this.changesHands(undefined)
  }
}
