import type { OAuthError } from '../errors.js'
import type { TokenRecord } from '../token-record.js'
import type { RefreshReason, TokenResponse } from '../types.js'
import type { Epoch } from './epoch.js'
import { runInContext } from './async-context.js'
import type { RefreshEvent, RequestSummary } from './events.js'
import type { ActiveToken } from './state.js'

/** The result for requests that wait for a refresh. */
export type RefreshResult =
  | { readonly type: 'token'; readonly token: ActiveToken }
  /** No newer token; the session goes on with the present one. */
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
  readonly answer: TokenResponse | undefined
}

/** One run of the refresh. A caller that stops waiting does not end the run. */
export class InFlightRefresh {
  readonly id: number
  readonly reason: RefreshReason | 'step_up'
  /** The request that started it. */
  readonly startedBy: RequestSummary | undefined
  /** On the monotonic clock. */
  readonly startedAt: number
  /** The epoch in which it began. */
  readonly epoch: Epoch
  /** The token response of a step-up, which needs no request. */
  readonly answer: TokenResponse | undefined
  readonly result: Promise<RefreshResult>
  /** The result for requests that go on with the present token when the refresh fails. Created at the first need. */
  orPresent: Promise<RefreshResult> | undefined
  /** The refresh is for a token that the resource server rejected. */
  isForRejected: boolean
  /** The refresh function is being called at this moment. */
  isCalling = false
  /** The refresh function was called and has not settled. */
  isRunning = false
  /** Superseded by a sign-in or a sign-out: the tokens of this refresh must not be used. */
  isSuperseded = false
  /** The token set that the refresh received. */
  received: TokenRecord | undefined
  /** When the token endpoint was first asked, on the monotonic clock. */
  askedAt: number | undefined
  /** The token in use was near its expiry when the token endpoint was asked. */
  isDueToExpiry = false
  /** The limit of refreshes counts this one. */
  isRecorded = false
  readonly #controller = new AbortController()
  #settle!: (result: RefreshResult) => void

  /** The platform had no network when the token endpoint was first asked. */
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

  /** The members of its events. */
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
