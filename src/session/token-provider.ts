import { isOAuthError, type OAuthError } from '../errors.js'
import type { RefreshReason } from '../types.js'
import { isSameSet, isSameUser } from '../token-record.js'
import { isInContext } from './async-context.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import { continuesEpoch, isSameEpoch, type Epoch, type SentCredential } from './epoch.js'
import type { Events, RequestSummary } from './events.js'
import type { InFlightRefresh, RefreshResult } from './in-flight-refresh.js'
import { epochEnded, notSignedIn } from './refresh-error.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { Revocation } from './revocation.js'
import type { SessionSettings } from './settings.js'
import type { ActiveToken, SessionState } from './state.js'
import type { StoreSync } from './store-sync.js'

/** The longest time between the two calls of `peekToken` for one request, in milliseconds. */
const MOMENT = 1000

/** The answer to a request for a token. `none`: the request is sent without one. */
export type TokenResult = RefreshResult | { readonly type: 'none' }

/** A request's requirements on its token. */
export interface TokenDemand {
  /** The request can't be sent twice, so it also waits for a background refresh. */
  readonly isOneShot?: boolean
  /** How long the token must stay valid, in milliseconds. */
  readonly validFor?: number | undefined
  /** The request is sent without a token while it is unknown whether a user is signed in, and gets one after a 401. */
  readonly isOptional?: boolean
}

interface ProviderServices {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly clock: Clock
  readonly state: SessionState
  readonly coordinator: RefreshCoordinator
  readonly sync: StoreSync
  readonly revocation: Revocation
  readonly events: Events
}

/** The part of a session that the interceptors call. */
export class TokenProvider {
  /** The parts of the session. `runStepUp` uses them too. */
  readonly services: ProviderServices
  readonly events: Events
  /** The credentials of this session that were sent last, to recognize them in configs that are reused without their context. */
  readonly sentCredentials: SentCredential[] = []
  readonly #environment: Environment
  readonly #state: SessionState
  /** Shared by callers that arrive before a token set is known: one store read, at most one refresh. */
  #first: { readonly epoch: Epoch; readonly result: Promise<TokenResult> } | undefined

  constructor(services: ProviderServices) {
    this.services = services
    this.events = services.events
    this.#environment = services.environment
    this.#state = services.state
  }

  /** Milliseconds on a clock that never jumps. */
  readonly monotonic = (): number => this.#environment.monotonic()

  /** The epoch that a request belongs to; `undefined` while no user is signed in. */
  get epoch(): Epoch | undefined {
    return this.#state.current.status === 'signed_out' ? undefined : this.#state.epoch
  }

  /** The token for a request of this epoch after a wait, during which a sign-in may have replaced `token`. */
  latest(token: ActiveToken, epoch: Epoch | undefined): ActiveToken {
    const present = this.#state.token
    return present?.accessToken !== undefined && this.isCurrent(epoch) ? present : token
  }

  /** May a request of this epoch be sent now? */
  isCurrent(epoch: Epoch | undefined): boolean {
    return epoch === undefined || isSameEpoch(epoch, this.#state.epoch)
  }

  /** Do both sessions hold the same tokens? */
  hasTokensOf(other: TokenProvider): boolean {
    const { record } = this.#state
    return record !== undefined && isSameSet(record, other.#state.record)
  }

  /** Is the user known to be another one than that of the epoch? */
  isOfAnotherUser({ identity }: Epoch): boolean {
    return isSameUser(identity, this.#state.epoch.identity) === false
  }

  /** May a config of this epoch be sent again as a new request? */
  continues(epoch: Epoch): boolean {
    return continuesEpoch(epoch, this.#state.epoch)
  }

  /** Did the refresh function make this request? Such a request must not wait for the refresh that it is part of. */
  isRefreshRequest(config: { readonly signal?: unknown }): boolean {
    const { running } = this.services.coordinator
    if (running.size === 0) return false
    const isListener = this.events.isDraining
    return [...running].some((run) => (run.isCalling && !isListener) || run.signal === config.signal || isInContext(run))
  }

  /**
   * The token to send with, if one is in memory and the request need not wait. `again`: the second call for a request that can no
   * longer wait; a token that was fresh at the first call is accepted.
   */
  peekToken(demand?: TokenDemand, again = false): ActiveToken | undefined {
    const state = this.#state
    const now = this.#environment.now()
    if (demand === undefined && now < state.useUntil && now >= state.lastSeen) {
      state.lastSeen = now
      return state.token
    }
    return this.#evaluate(now, demand ?? {}, again)
  }

  /** The token to send with, after a refresh if needed. Requests that wait for one refresh share a promise. */
  getToken(demand?: TokenDemand, request?: RequestSummary): Promise<TokenResult> {
    const token = this.peekToken(demand)
    if (token) return Promise.resolve({ type: 'token', token })
    return this.#state.token ? this.#refreshOrPresent(demand, request) : this.#getFirstToken(demand, request)
  }

  /** A token other than the one that the resource server rejected. */
  getTokenAfter401(
    { generation, epoch }: Pick<ActiveToken, 'generation' | 'epoch'>,
    request?: RequestSummary,
  ): Promise<RefreshResult> {
    const { token, isBlocked } = this.#state
    if (!token || !isSameEpoch(token.epoch, epoch)) return Promise.resolve({ type: 'rejected', error: epochEnded() })
    const isOlder = generation !== token.generation
    const isNewerUsable = isOlder && !isBlocked && token.accessToken !== undefined
    if (isNewerUsable && this.services.clock.now() < token.blockFrom) return Promise.resolve({ type: 'token', token })
    return this.#refresh(isOlder ? 'expired' : 'rejected', isNewerUsable, request, (present) => {
      // The stored set may hold a new refresh token beside the rejected access token.
      const isSameToken = present !== undefined && present.accessToken === token.accessToken
      return this.getTokenAfter401({ epoch, generation: isSameToken ? present.generation : token.generation })
    })
  }

  #evaluate(now: number, { isOneShot = false, validFor = 0 }: TokenDemand, again: boolean): ActiveToken | undefined {
    const { clock, coordinator, sync } = this.services
    const state = this.#state
    const askedAt = again && now - state.lastSeen < MOMENT ? Math.min(now, state.lastSeen) : now
    if (clock.correctJump(now, state.lastSeen)) state.updateFastPath()
    state.lastSeen = now
    const { token } = state
    if (token?.accessToken === undefined || state.isBlocked) return undefined
    void sync.saveAgain()
    // No refresh brings a token that lasts longer than the last one that was received.
    const needed = validFor < coordinator.longest * 0.95 ? validFor : coordinator.longest / 2
    const waitFrom = Math.min(isOneShot ? token.refreshFrom : token.blockFrom, token.expiresAt - needed)
    const mustWait = clock.fromPlatform(askedAt) >= waitFrom
    if (!mustWait && clock.fromPlatform(now) < token.refreshFrom) return token
    if (!coordinator.current && coordinator.refusal()) {
      // No refresh may start, so the present token is used. If it has expired, the store is first read for a newer one, at most
      // once a second.
      return clock.now() < token.expiresAt || sync.wasReadRecently() ? token : undefined
    }
    if (mustWait) return undefined
    coordinator.startOrJoin('expired')
    // A listener of refresh_started may have signed out.
    return state.token === token ? token : undefined
  }

  /** Callers share the result until the epoch changes. */
  #getFirstToken(demand: TokenDemand | undefined, request: RequestSummary | undefined): Promise<TokenResult> {
    if (demand) return this.#loadAndGet(demand, request)
    const { epoch } = this.#state
    if (this.#first?.epoch === epoch) return this.#first.result
    const first = { epoch, result: this.#loadAndGet(demand, request) }
    this.#first = first
    void first.result.then(() => {
      if (this.#first === first) this.#first = undefined
    })
    return first.result
  }

  async #loadAndGet(demand: TokenDemand | undefined, request: RequestSummary | undefined): Promise<TokenResult> {
    const { sync, settings } = this.services
    const { epoch } = this
    try {
      await sync.load()
    } catch (error) {
      return { type: 'rejected', error: error as OAuthError }
    }
    if (!this.isCurrent(epoch)) return { type: 'rejected', error: epochEnded() }
    // Another session may have signed in. A failing store must not block a login request.
    if (this.#isSignedOut) await sync.read().catch(() => undefined)
    const token = this.peekToken(demand)
    if (token) return { type: 'token', token }
    if (!this.#isSignedOut && !(demand?.isOptional && this.epoch === undefined)) return this.#refreshOrPresent(demand, request)
    return settings.rejectSignedOut ? { type: 'rejected', error: notSignedIn() } : { type: 'none' }
  }

  /** No user is signed in, and a refresh can't change that. */
  get #isSignedOut(): boolean {
    const { refresh } = this.services.settings
    const { current } = this.#state
    return current.status === 'signed_out' && (current.reason !== 'empty' || !refresh || refresh.needsRefreshToken === true)
  }

  /** The outcome of the refresh, or the present token when the refresh fails or may not start. */
  #refreshOrPresent(demand: TokenDemand | undefined, request?: RequestSummary): Promise<TokenResult> {
    return this.#refresh(this.#state.token ? 'expired' : 'missing', true, request, () => this.getToken(demand))
  }

  /**
   * Starts or joins a refresh. If none may start, reads the store, where another session may have stored another set: then `again`
   * decides. `usesPresent`: the request is sent with the present token if there is no newer one.
   */
  #refresh<Result extends TokenResult>(
    reason: RefreshReason,
    usesPresent: boolean,
    request: RequestSummary | undefined,
    again: (present: ActiveToken | undefined) => Promise<Result>,
  ): Promise<Result | RefreshResult> {
    const { coordinator, sync } = this.services
    const before = this.#state.token
    const started = coordinator.startOrJoin(reason, request)
    if (!isOAuthError(started)) {
      started.waiting++
      return usesPresent ? this.#orPresent(started) : started.result
    }
    return sync.readForNeed().then((): Result | RefreshResult | Promise<Result> => {
      const { token } = this.#state
      if (token !== before) return again(token)
      const failed: RefreshResult = { type: 'failed', error: started as OAuthError }
      return usesPresent ? this.#presentInstead(failed) : failed
    })
  }

  /** The result of the refresh for requests that are sent with the present token if it fails. */
  #orPresent(run: InFlightRefresh): Promise<RefreshResult> {
    return (run.orPresent ??= run.result.then((result) => this.#presentInstead(result)))
  }

  #presentInstead(result: RefreshResult): RefreshResult {
    const { token } = this.#state
    return result.type === 'failed' && token?.accessToken !== undefined ? { type: 'token', token } : result
  }
}
