import type { OAuthError } from '../errors.js'
import type { TokenRecord } from '../token-record.js'
import type { RefreshReason } from '../types.js'
import type { Epoch } from './epoch.js'
import { runInContext } from './async-context.js'
import type { RefreshEvent, RequestSummary } from './events.js'
import type { ActiveToken } from './state.js'

/** The result of a refresh for the requests that wait for it. */
export type RefreshResult =
  | { readonly type: 'token'; readonly token: ActiveToken }
  /** No newer token: the session keeps the present one. */
  | { readonly type: 'failed'; readonly error: OAuthError }
  /** The request must not be sent: the session ended, or another user signed in. */
  | { readonly type: 'rejected'; readonly error: OAuthError }

/** The beginning of a refresh. */
export interface RefreshStart {
  readonly id: number
  readonly reason: RefreshReason | 'step_up'
  readonly epoch: Epoch
  readonly startedAt: number
  readonly startedBy: RequestSummary | undefined
  readonly answer: TokenAnswer | undefined
}

/** A token response, and when it was requested on the platform's clock. */
export interface TokenAnswer {
  readonly response: unknown
  readonly sentAt: number
}

/** One run of the refresh. A caller that stops waiting does not end the run. */
export class InFlightRefresh {
  readonly id: number
  readonly reason: RefreshReason | 'step_up'
  /** The request that started the refresh. */
  readonly startedBy: RequestSummary | undefined
  /** On the monotonic clock. */
  readonly startedAt: number
  /** The epoch in which the refresh began. */
  readonly epoch: Epoch
  /** The token response of a step-up, or one that came after the time limit: no token request is needed. */
  readonly answer: TokenAnswer | undefined
  /** The result of the last call, also after the time limit; `undefined` if the refresh function fails. */
  late: Promise<TokenAnswer | undefined> | undefined
  readonly result: Promise<RefreshResult>
  /** The result for requests that are sent with the present token if the refresh fails. Created at the first need. */
  orPresent: Promise<RefreshResult> | undefined
  /** The refresh is for a token that the resource server rejected. */
  isForRejected: boolean
  /** The refresh function is on the call stack. */
  isCalling = false
  /** The refresh function was called and has not settled. */
  isRunning = false
  /** A sign-in or sign-out has superseded this refresh: its tokens must not be used. */
  isSuperseded = false
  /** The token set that the refresh received. */
  received: TokenRecord | undefined
  /** The time of the first token request, on the monotonic clock. */
  askedAt: number | undefined
  /** The time of the last token request, on the monotonic clock. */
  sentAt: number | undefined
  /** This refresh is still to be counted against the refresh limit. */
  isCounted = false
  readonly #controller = new AbortController()
  #settle!: (result: RefreshResult) => void

  /** The platform had no network at the first token request. */
  wasOffline = false
  /** How often the refresh function was called. */
  attempts = 0
  /** How many requests wait. */
  waiting = 0

  constructor({ id, reason, epoch, startedAt, startedBy, answer }: RefreshStart) {
    this.id = id
    this.reason = reason
    this.epoch = epoch
    this.startedAt = startedAt
    this.startedBy = startedBy
    this.answer = answer
    this.isForRejected = reason === 'rejected'
    this.result = new Promise((resolve) => (this.#settle = resolve))
  }

  /** The signal that the refresh function gets. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The common members of this refresh's events. */
  get event(): RefreshEvent {
    const { id, reason, startedBy } = this
    return { refreshId: id, reason, ...(startedBy && { startedBy }) }
  }

  settle(result: RefreshResult): void {
    this.#settle(result)
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Calls the refresh function. */
  call<Result>(refresh: () => Result | PromiseLike<Result>): Promise<Result> {
    this.attempts++
    this.isCalling = this.isRunning = true
    const done = (): void => {
      this.isRunning = false
    }
    try {
      const answer = Promise.resolve(runInContext(this, refresh))
      answer.then(done, done)
      return answer
    } catch (error) {
      done()
      throw error
    } finally {
      this.isCalling = false
    }
  }
}
