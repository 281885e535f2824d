import { OAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import type { RefreshReason, TokenResponse } from '../types.js'
import type { TokenRecord } from '../token-record.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import type { Notice } from './events.js'
import { exchange } from './exchange.js'
import { InFlightRefresh, type RefreshResult } from './in-flight-refresh.js'
import type { Notifications } from './notifications.js'
import type { Persistence, Renewal, RenewOutcome, RenewRequest, SaveOutcome } from './persistence.js'
import { epochEnded, internalError, noRefreshFunction, noRefreshToken, sessionClosed } from './refresh-error.js'
import type { RefreshThrottle } from './refresh-throttle.js'
import type { Revocation } from './revocation.js'
import type { SessionSettings } from './settings.js'
import type { Snapshots } from './snapshot.js'
import type { SessionState } from './state.js'

/** The parts that the coordinator works with. */
export interface CoordinatorParts {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly clock: Clock
  readonly state: SessionState
  readonly persistence: Persistence
  readonly throttle: RefreshThrottle
  readonly revocation: Revocation
  readonly snapshots: Snapshots
  readonly notifications: Notifications
}

/** One refresh at a time: starts it, lets requests join it, supersedes it, applies its outcome. */
export class RefreshCoordinator {
  readonly #parts: CoordinatorParts
  #current: InFlightRefresh | undefined
  /** Also superseded ones, until their refresh function settles. */
  readonly #running = new Set<InFlightRefresh>()
  /** Refreshes and their saves. */
  readonly #unfinished = new Set<Promise<unknown>>()
  #isClosed = false
  /** A refresh has left the refresh token as it was. */
  #keepsRefreshToken = false

  constructor(parts: CoordinatorParts) {
    this.#parts = parts
  }

  get current(): InFlightRefresh | undefined {
    return this.#current
  }

  /** The refreshes whose function has not settled. */
  get running(): ReadonlySet<InFlightRefresh> {
    return this.#running
  }

  /** No refresh starts any more. */
  close(): void {
    this.#isClosed = true
  }

  /** Settles when no refresh is under way and nothing is being saved under a lock. */
  async idle(): Promise<void> {
    while (this.#unfinished.size > 0) await Promise.all(this.#unfinished)
  }

  /** Why no refresh may start now. */
  refusal(isRequested = false): OAuthError | undefined {
    const { state, throttle, environment, persistence, settings } = this.#parts
    if (this.#isClosed) return sessionClosed()
    if (state.token && !isRequested && !state.canRefresh)
      return settings.refresh ? noRefreshToken() : noRefreshFunction(persistence.name)
    return throttle.check(state.record?.parsed.refreshToken, environment.monotonic())
  }

  /** The refresh under way, or a new one, or why none may start. */
  startOrJoin(reason: RefreshReason): InFlightRefresh | OAuthError {
    const current = this.#current
    if (!current) return this.refusal(reason === 'requested') ?? this.start(reason)
    if (reason === 'rejected' && !current.isForRejected) {
      current.isForRejected = true
      this.#parts.state.block(true)
    }
    return current
  }

  /** Starts a refresh. `answer`: the token response of a step-up. */
  start(reason: RefreshReason | 'step_up', answer?: TokenResponse): InFlightRefresh {
    const { state, notifications, persistence } = this.#parts
    const run = new InFlightRefresh(reason, state.epoch, answer)
    this.#use(run)
    this.#running.add(run)
    state.block(run.isForRejected)
    notifications.notify([['refresh_started', { reason }]])
    const current = state.current.status === 'signed_out' ? state.current.retained : state.record
    const renewal = persistence
      .renew({
        current,
        exchange: (base, unwritable, lost) => this.#exchange(run, base, unwritable, lost),
        adoptStored: !answer,
        superseded: {
          // A save may go on after the outcome; a newer set then makes it useless.
          get aborted() {
            return run.isSuperseded || (run.received !== undefined && run.received !== state.record)
          },
        },
      })
      .catch((error: unknown): Renewal => ({ outcome: { type: 'failed', error: internalError(error) } }))
      .then((renewal) => this.#finish(run, renewal))
    this.#unfinished.add(renewal)
    void renewal.finally(() => this.#unfinished.delete(renewal))
    return run
  }

  /** A sign-in or sign-out makes the refresh under way useless. Requests that wait for it get `result`, at the latest when `grace` has settled. */
  supersede(result: RefreshResult, grace?: Promise<unknown>): void {
    const run = this.#current
    if (!run) return
    this.#use(undefined)
    run.isSuperseded = true
    this.#parts.state.block(false)
    const settle = (): void => run.settle(result)
    // A refresh function that signs in by itself returns the same tokens soon after that.
    if (grace && run.isRunning) grace.then(() => afterMicrotasks(settle))
    else settle()
  }

  /** Applies the outcome of a save that was tried again. */
  applySaved(outcome: SaveOutcome): Notice[] {
    const { state } = this.#parts
    if (outcome.type === 'superseded') return []
    if (outcome.type === 'removed') this.supersede({ type: 'rejected', error: signedOutElsewhere() })
    return state.apply(outcome)
  }

  #use(run: InFlightRefresh | undefined): void {
    this.#current = run
    this.#parts.snapshots.refreshing = run !== undefined
  }

  async #exchange(...[run, base, unwritable, lost]: [InFlightRefresh, ...Parameters<RenewRequest['exchange']>]) {
    const { environment, settings, persistence, clock } = this.#parts
    const { accessToken, expiresAt = 0 } = base?.parsed ?? {}
    const isExpired = accessToken === undefined || clock.now() >= expiresAt
    const context = {
      environment,
      settings,
      storeName: persistence.name,
      keepsRefreshToken: this.#keepsRefreshToken,
      isExpired,
      lost,
    }
    const result = await exchange(context, run, base, unwritable)
    if (result.type === 'received' && run.isSuperseded) this.#recognizeOwnSignIn(run, result.record)
    return result
  }

  /** A refresh function or step-up handler that calls `signIn()` with the tokens that it returns begins no epoch. */
  #recognizeOwnSignIn(run: InFlightRefresh, record: TokenRecord): void {
    const { state } = this.#parts
    const { token } = state
    if (!token || !sameTokens(token.record.parsed.tokens, record.parsed.tokens)) return
    state.mergeEpoch(run.epoch)
    run.settle({ type: 'token', token })
  }

  async #finish(run: InFlightRefresh, { outcome, unused, released }: Renewal): Promise<void> {
    const { notifications, revocation, throttle } = this.#parts
    this.#running.delete(run)
    // Before the state changes: the limit counts by the life of the token that was refreshed.
    if (run.askedAt !== undefined) throttle.record(run.askedAt, this.#isDueToExpiry(run))
    let notices: Notice[] = []
    if (this.#current === run) {
      this.#use(undefined)
      notices = this.#apply(run, outcome)
    } else {
      run.settle({ type: 'rejected', error: epochEnded() })
    }
    if (unused) revocation.revokeUnused(unused)
    if (!released) return notifications.notify(notices)
    notifications.postpone(notices)
    const saved = await released
    notifications.notify(saved && this.applySaved(saved))
  }

  #isDueToExpiry({ askedAt = 0 }: InFlightRefresh): boolean {
    const { token } = this.#parts.state
    const { lifetime = Infinity } = token?.record.parsed ?? {}
    return lifetime > 0 && token !== undefined && askedAt - token.receivedAt >= lifetime / 2
  }

  /** Changes the state, then settles the requests that wait. Returns what the listeners get. */
  #apply(run: InFlightRefresh, outcome: RenewOutcome): Notice[] {
    const { state, throttle, snapshots, settings } = this.#parts
    const { record: before } = state
    state.block(false)
    switch (outcome.type) {
      case 'refreshed': {
        throttle.reset()
        snapshots.lastError = undefined
        this.#keepsRefreshToken = before !== undefined && before.parsed.refreshToken === outcome.record.parsed.refreshToken
        const notices = state.apply(outcome)
        run.received = outcome.record
        if (outcome.saveError && settings.strictSaving) run.settle({ type: 'rejected', error: outcome.saveError })
        else this.#settleWithToken(run)
        return notices
      }
      case 'adopted': {
        throttle.reset()
        snapshots.lastError = undefined
        const notices = state.apply(outcome)
        this.#settleWithToken(run)
        return notices
      }
      case 'user_changed': {
        throttle.reset()
        const notices = state.apply(outcome)
        run.settle({ type: 'rejected', error: epochEnded() })
        return notices
      }
      case 'removed': {
        throttle.reset()
        const notices = state.apply(outcome)
        run.settle({ type: 'rejected', error: signedOutElsewhere() })
        return notices
      }
      case 'ended':
        return this.#applyEnd(run, outcome)
      case 'failed':
        return this.#applyFailure(run, outcome)
      case 'superseded':
        run.settle({ type: 'rejected', error: epochEnded() })
        return []
    }
  }

  #applyEnd(run: InFlightRefresh, { error, retained }: Extract<RenewOutcome, { type: 'ended' }>): Notice[] {
    const { state, throttle, snapshots } = this.#parts
    throttle.reset()
    snapshots.lastError = error
    const notices = state.apply({ type: 'signed_out', reason: 'invalid_grant', retained })
    run.settle({ type: 'rejected', error })
    return [['refresh_failed', { error }], ...notices]
  }

  #applyFailure(run: InFlightRefresh, { error, adopted }: Extract<RenewOutcome, { type: 'failed' }>): Notice[] {
    const { state, throttle, snapshots, environment } = this.#parts
    const notices = adopted ? state.apply({ type: 'adopted', record: adopted }) : []
    const isCooldown = error.code === 'OAUTH_REFRESH_UNAVAILABLE' || error.code === 'OAUTH_CLIENT_REFUSED'
    if (isCooldown && run.askedAt !== undefined) throttle.fail(state.record?.parsed.refreshToken, environment.monotonic(), error)
    snapshots.lastError = error
    run.settle({ type: 'failed', error })
    return [...notices, ['refresh_failed', { error }]]
  }

  #settleWithToken(run: InFlightRefresh): void {
    const { token } = this.#parts.state
    if (token) run.settle({ type: 'token', token })
  }
}

function signedOutElsewhere(): OAuthError {
  return new OAuthError('OAUTH_SIGNED_OUT', 'Signed out elsewhere: sign in again.')
}

/** Calls back after the promises that are settled by now have run their reactions. */
function afterMicrotasks(callback: () => void): void {
  let left = 20
  const step = (): void => {
    if (left-- > 0) void Promise.resolve().then(step)
    else callback()
  }
  step()
}
