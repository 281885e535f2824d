import type { OAuthError } from '../errors.js'
import { defined } from '../defined.js'
import type { RefreshReason } from '../types.js'
import { isSameSet, isSameUser, type TokenRecord } from '../token-record.js'
import { afterMicrotasks } from './after-microtasks.js'
import { endContext } from './async-context.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import { isSameEpoch } from './epoch.js'
import type { EventCall, RefreshEnd, RequestSummary } from './events.js'
import { exchange } from './exchange.js'
import { InFlightRefresh, type RefreshResult, type TokenAnswer } from './in-flight-refresh.js'
import { LateAnswers } from './late-answers.js'
import type { Notifications } from './notifications.js'
import type { Persistence, Renewal, RenewRequest, SaveOutcome } from './persistence.js'
import { epochEnded, noRefreshFunction, noRefreshToken, sessionClosed } from './refresh-error.js'
import { applyOutcome } from './refresh-outcome.js'
import type { RefreshThrottle } from './refresh-throttle.js'
import type { Revocation } from './revocation.js'
import type { SessionSettings } from './settings.js'
import type { Snapshots } from './snapshot.js'
import type { SessionState } from './state.js'

/** The collaborators of the coordinator. */
export interface CoordinatorServices {
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

/** Runs one refresh at a time: starts it, lets requests join it, supersedes it and applies its outcome. */
export class RefreshCoordinator {
  readonly #services: CoordinatorServices
  #current: InFlightRefresh | undefined
  /** Includes superseded refreshes, until their refresh function settles. */
  readonly #running = new Set<InFlightRefresh>()
  #count = 0
  /** Refreshes and their saves. */
  readonly #unfinished = new Set<Promise<unknown>>()
  #isClosed = false
  /** How long the last refreshed token was valid when it was received, in milliseconds. */
  longest = Infinity
  readonly lateAnswers = new LateAnswers()
  /** A refresh has shown that the server does not rotate refresh tokens. */
  #keepsRefreshToken = false

  constructor(services: CoordinatorServices) {
    this.#services = services
  }

  get current(): InFlightRefresh | undefined {
    return this.#current
  }

  /** The refreshes whose function has not settled. */
  get running(): ReadonlySet<InFlightRefresh> {
    return this.#running
  }

  /** Prevents further refreshes. */
  close(): void {
    this.#isClosed = true
  }

  /** Settles when no refresh is under way and nothing is being saved under a lock. */
  async idle(): Promise<void> {
    // A listener of refresh_started may close the session.
    while (this.#current || this.#unfinished.size > 0) await Promise.all([this.#current?.result, ...this.#unfinished])
  }

  /** The error when no refresh may start now. */
  refusal(isRequested = false): OAuthError | undefined {
    const { state, throttle, environment, persistence, settings } = this.#services
    if (this.#isClosed) return sessionClosed()
    if (state.token && !isRequested && !state.canRefresh)
      return settings.refresh ? noRefreshToken() : noRefreshFunction(persistence.name)
    return throttle.check(state.record?.parsed.refreshToken, environment.monotonic(), environment.isOffline?.())
  }

  /** The refresh under way or a new one; the error when none may start. */
  startOrJoin(reason: RefreshReason, startedBy?: RequestSummary): InFlightRefresh | OAuthError {
    const current = this.#current
    if (!current) return this.refusal(reason === 'requested') ?? this.start(reason, undefined, startedBy)
    if (reason === 'rejected' && !current.isForRejected) {
      current.isForRejected = true
      this.#services.state.block(true)
    }
    return current
  }

  /** Starts a refresh. `answer`: a token response that is already there. */
  start(reason: RefreshReason | 'step_up', answer?: TokenAnswer, startedBy?: RequestSummary): InFlightRefresh {
    const { state, notifications, persistence, environment } = this.#services
    const event = { refreshId: ++this.#count, reason, ...(startedBy && { startedBy }) }
    const run = new InFlightRefresh(event, state.epoch, environment.monotonic(), answer)
    this.#use(run)
    this.#running.add(run)
    state.block(run.isForRejected)
    notifications.notify([['refresh_started', event]])
    const current = state.current.status === 'signed_out' ? state.current.retained : state.record
    // A later attachment may replace the settings; a refresh under way keeps its function.
    const settings = { ...this.#services.settings }
    const renewal = persistence
      .renew({
        current,
        exchange: (base, unwritable, lost) => this.#exchange(run, settings, base, unwritable, lost),
        adoptStored: !answer,
        isLate: answer !== undefined && reason !== 'step_up',
        superseded: {
          // A save may continue after the outcome; a newer set supersedes it.
          get aborted() {
            return run.isSuperseded || (run.received !== undefined && !isSameSet(run.received, state.record))
          },
        },
      })
      .then((renewal) => this.#finish(run, renewal))
    this.#unfinished.add(renewal)
    void renewal.finally(() => this.#unfinished.delete(renewal))
    return run
  }

  /**
   * Supersedes the refresh under way after a sign-in or sign-out. Its waiting requests get `result`, at the latest when `grace`
   * settles.
   */
  supersede(result: RefreshResult, grace?: Promise<unknown>): void {
    const run = this.#current
    if (!run) return
    this.#use(undefined)
    run.isSuperseded = true
    this.#services.state.block(false)
    const isOfSameUser = isSameUser(run.epoch.identity, this.#services.state.epoch.identity) === true
    if (this.#services.settings.refresh?.abortWhenSuperseded && !isOfSameUser) run.abort(epochEnded())
    const settle = (): void => run.settle(result)
    // A refresh function that itself signs in returns the same tokens soon afterwards.
    if (!grace || !run.isRunning) return settle()
    const settleSoon = (): void => afterMicrotasks(settle)
    grace.then(settleSoon, settleSoon)
  }

  /** Applies the outcome of a later save of `record`, unless the state has changed since. */
  applySaved(record: TokenRecord, outcome: SaveOutcome): EventCall[] {
    const { state } = this.#services
    if (outcome.type === 'superseded' || state.record !== record) return []
    // A refresh under way itself compares with the store.
    if (outcome.type !== 'saved' && this.#current) return []
    return state.apply(outcome)
  }

  #use(run: InFlightRefresh | undefined): void {
    this.#current = run
    this.#services.snapshots.refreshing = run !== undefined
  }

  async #exchange(
    ...[run, settings, base, unwritable, lost]: [InFlightRefresh, SessionSettings, ...Parameters<RenewRequest['exchange']>]
  ) {
    const { environment, persistence, clock, throttle, state } = this.#services
    const { accessToken, expiresAt = 0 } = base?.parsed ?? {}
    const context = {
      environment,
      settings,
      storeName: persistence.name,
      keepsRefreshToken: this.#keepsRefreshToken,
      isExpired: accessToken === undefined || clock.now() >= expiresAt,
      lost,
      late: () => this.lateAnswers.answerFor(base),
      present: () => (isSameSet(state.record, base) ? state.record : base),
      count: () => {
        if (throttle.counts(this.#isDueToExpiry())) throttle.record(environment.monotonic())
      },
    }
    const result = await exchange(context, run, base, unwritable)
    if (result.type === 'received' && run.isSuperseded) this.#recognizeOwnSignIn(run, result.record)
    return result
  }

  /** A refresh function or step-up handler that also passes its tokens to `signIn()` begins no new epoch. */
  #recognizeOwnSignIn(run: InFlightRefresh, record: TokenRecord): void {
    const { state } = this.#services
    const { token } = state
    if (!token || !isSameSet(token.record, record)) return
    state.mergeEpoch(run.epoch)
    run.settle({ type: 'token', token })
  }

  async #finish(run: InFlightRefresh, { outcome, unused, released, lockWait }: Renewal): Promise<void> {
    const { notifications, revocation, state } = this.#services
    this.#running.delete(run)
    endContext(run)
    let events: EventCall[] = []
    if (this.#current === run && outcome.type !== 'superseded') {
      this.#use(undefined)
      if (outcome.type === 'refreshed') {
        const { refreshToken, expiresAt } = outcome.record.parsed
        this.#keepsRefreshToken = state.record?.parsed.refreshToken === refreshToken
        this.longest = Math.max(0, expiresAt - this.#services.clock.now())
      }
      events = applyOutcome(this.#services, run, outcome, this.#endOf(run, lockWait))
      if (run.isRunning && run.late) void this.#useLate(run, run.late, state.record)
    } else {
      run.settle({ type: 'rejected', error: epochEnded() })
      if (run.isRunning) void run.late?.then((late) => late && revocation.revokeResponse(late.response))
    }
    if (unused) revocation.revokeUnused(unused)
    else if (run.answer && !run.received) revocation.revokeResponse(run.answer.response)
    if (!released) return notifications.notify(events)
    notifications.postpone(events)
    const saved = await released
    notifications.resume(events, saved && run.received && this.applySaved(run.received, saved))
  }

  /** Uses a token response that came after the time limit, unless this session or another has other tokens by then. */
  async #useLate(run: InFlightRefresh, late: Promise<TokenAnswer | undefined>, base: TokenRecord | undefined): Promise<void> {
    const { state, revocation } = this.#services
    const answer = await this.lateAnswers.receive(late, base, () => this.#current?.result)
    if (!answer) return
    if (isSameSet(state.record, base) && isSameEpoch(run.epoch, state.epoch)) this.start(run.event.reason, answer)
    else revocation.revokeResponse(answer.response)
  }

  /** Has the token in use passed half of its lifetime? Then the refresh is due to normal expiry. */
  #isDueToExpiry(): boolean {
    const { state, environment } = this.#services
    const { lifetime = Infinity } = state.token?.record.parsed ?? {}
    return lifetime > 0 && state.token !== undefined && environment.monotonic() - state.token.receivedAt >= lifetime / 2
  }

  #endOf(run: InFlightRefresh, lockWait: number | undefined): RefreshEnd {
    const { attempts, waiting, startedAt } = run
    const duration = this.#services.environment.monotonic() - startedAt
    return defined({ ...run.event, duration, attempts, waiting, lockWait })
  }
}
