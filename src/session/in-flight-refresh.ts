import type { OAuthError } from '../errors.js'
import type { TokenRecord } from '../token-record.js'
import type { Epoch } from './epoch.js'
import { runInContext } from './async-context.js'
import type { RefreshEvent } from './events.js'
import type { ActiveToken } from './state.js'

/** The result of a refresh for the requests that wait for it. */
export type RefreshResult =
  | { readonly type: 'token'; readonly token: ActiveToken }
  /** No newer token: the session keeps the present one. */
  | { readonly type: 'failed'; readonly error: OAuthError }
  /** The request must not be sent: the session ended, or another user signed in. */
  | { readonly type: 'rejected'; readonly error: OAuthError }

/** A token response, and when it was requested on the platform's clock. */
export interface TokenAnswer {
  readonly response: unknown
  readonly sentAt: number
}

/** One run of the refresh. A caller that stops waiting does not end the run. */
export class InFlightRefresh {
  /** The common members of this refresh's events. */
  readonly event: RefreshEvent
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
  /** The same user has signed in since: a refusal concerns the earlier set. */
  isReplaced = false
  /** A sign-in or sign-out has superseded this refresh: its tokens must not be used. */
  isSuperseded = false
  /** The token set that the refresh received. */
  received: TokenRecord | undefined
  /** The refresh has made a token request. */
  hasAsked = false
  /** The time of the last token request, on the monotonic clock. */
  sentAt: number | undefined
  readonly #controller = new AbortController()
  /** Settles `result`. The first call counts. */
  settle!: (result: RefreshResult) => void

  /** The platform had no network at the first token request. */
  wasOffline = false
  /** How often the refresh function was called. */
  attempts = 0
  /** How many requests wait. */
  waiting = 0

  constructor(event: RefreshEvent, epoch: Epoch, startedAt: number, answer?: TokenAnswer) {
    this.event = event
    this.epoch = epoch
    this.startedAt = startedAt
    this.answer = answer
    this.isForRejected = event.reason === 'rejected'
    this.result = new Promise((resolve) => (this.settle = resolve))
  }

  /** The signal that the refresh function gets. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Calls the refresh function. */
  call<Result>(refresh: () => Result | PromiseLike<Result>): Promise<Result> {
    this.attempts++
    this.isCalling = this.isRunning = true
    const answer = new Promise<Result>((resolve) => resolve(runInContext(this, refresh)))
    this.isCalling = false
    const done = (): void => void (this.isRunning = false)
    answer.then(done, done)
    return answer
  }
}
