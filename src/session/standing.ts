import { windowsOf, type PolicySettings } from '../policy.js'
import type { Credentials } from '../tokens.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import type { SignOutReason } from './events.js'
import type { Held, State } from './state.js'
import type { OAuthError } from '../errors.js'

/** Within this many milliseconds a request passes from the first question for a token to the second one. */
const MOMENT = 1000

/** What the token in use is good for at this moment. */
export interface Verdict {
  readonly held: Held
  /** It is time to refresh it in the background. */
  readonly ageing: boolean
  /** That was so already when this request first asked. */
  readonly aged: boolean
}

/** What a session holds and how fresh that is: the tagged union and its transitions, and nothing else. It starts nothing and tells nobody. */
export class Standing {
  readonly #environment: Environment
  readonly #clock: Clock
  readonly #policy: PolicySettings
  readonly #needsRefreshToken: boolean
  readonly #onChange: () => void

  #state: State = { status: 'unknown' }
  #generation = 0
  #epoch = 0

  /** The usual request is answered from these three: until then there is nothing to decide. */
  #held: Held | undefined
  #quietUntil = -Infinity
  #lastSeen = -Infinity

  constructor(environment: Environment, clock: Clock, policy: PolicySettings, needsRefreshToken: boolean, onChange: () => void) {
    this.#environment = environment
    this.#clock = clock
    this.#policy = policy
    this.#needsRefreshToken = needsRefreshToken
    this.#onChange = onChange
  }

  get state(): State {
    return this.#state
  }

  get held(): Held | undefined {
    return this.#held
  }

  get generation(): number {
    return this.#generation
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The token in use, when it is fresh and there is nothing else to see to. */
  usual(localNow: number): Held | undefined {
    if (!(localNow >= this.#lastSeen && localNow < this.#quietUntil)) return undefined
    this.#lastSeen = localNow
    return this.#held
  }

  /**
   * What else can be said of it; `undefined` when there is none that may be used without waiting. `again`: it was asked for a moment ago, and what was
   * good then still is, since nobody can wait any more.
   */
  judge(localNow: number, again: boolean): Verdict | undefined {
    const asked = again && localNow - this.#lastSeen < MOMENT ? Math.min(localNow, this.#lastSeen) : localNow
    if (this.#clock.jumpedBack(localNow, this.#lastSeen)) this.#rest()
    this.#lastSeen = localNow
    const state = this.#state
    if (state.status !== 'signed-in' || state.rejected) return undefined
    const { held } = state
    const then = this.#clock.fromLocal(asked)
    if (then >= held.waitFrom) return undefined
    return { held, ageing: this.#clock.fromLocal(localNow) >= held.refreshFrom, aged: then >= held.refreshFrom }
  }

  /** May the token in use still be sent, where nothing better is to be had? */
  isValid(): boolean {
    const state = this.#state
    return state.status === 'signed-in' && !state.rejected && this.#clock.now() < state.held.credentials.expiresAt
  }

  /** Is there a way to refresh it? */
  isRenewable({ tokens }: Credentials): boolean {
    return !this.#needsRefreshToken || tokens.refresh_token !== undefined
  }

  /** `age`: how long ago somebody else has received it, in milliseconds. */
  adopt(credentials: Credentials, age = 0): Held {
    const { expiresAt, authorization } = credentials
    const windows = this.isRenewable(credentials)
      ? windowsOf(credentials, this.#environment.random(), this.#policy)
      : { refreshFrom: expiresAt, waitFrom: expiresAt }
    const held: Held = { credentials, authorization, generation: ++this.#generation, epoch: this.#epoch, ...windows }
    this.#clock.anchor(age)
    this.#set({ status: 'signed-in', held, rejected: false })
    return held
  }

  /** From now on it is somebody else's session: what was sent before must not go on in it. */
  changeHands(): void {
    this.#epoch++
  }

  end(reason: SignOutReason): void {
    this.#generation++
    this.changeHands()
    this.#set({ status: 'signed-out', reason })
  }

  /** There was nothing in the store to begin with. */
  beginEmpty(): void {
    this.#set({ status: 'signed-out', reason: 'empty' })
  }

  /** The resource server has refused it. */
  reject(): void {
    if (this.#state.status === 'signed-in') this.#set({ ...this.#state, rejected: true })
  }

  /** Is it stored, or why not? */
  stored(held: Held, unpersisted?: OAuthError): void {
    const state = this.#state
    if (state.status !== 'signed-in' || state.held !== held) return
    this.#set({ status: 'signed-in', held, rejected: state.rejected, ...(unpersisted && { unpersisted }) })
  }

  #set(state: State): void {
    this.#state = state
    this.#held = state.status === 'signed-in' ? state.held : undefined
    this.#rest()
    this.#onChange()
  }

  #rest(): void {
    const state = this.#state
    const quiet = state.status === 'signed-in' && !state.rejected && !state.unpersisted
    this.#quietUntil = quiet ? this.#clock.toLocal(state.held.refreshFrom) : -Infinity
  }
}
