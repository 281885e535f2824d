import { isOAuthError, OAuthError, plainMessage } from '../errors.js'
import { copyJSON } from '../copy-json.js'
import { refreshedRecord, type TokenRecord } from '../token-record.js'
import { mergeTokenResponse, toTokenSet, usableRefreshToken, type ParsedTokenSet } from '../tokens.js'
import type { RefreshFunction, RefreshReason } from '../types.js'
import type { Environment } from './environment.js'
import type { InFlightRefresh, TokenAnswer } from './in-flight-refresh.js'
import type { ExchangeResult } from './persistence.js'
import {
  noRefreshFunction,
  noRefreshToken,
  noTokenResponse,
  notSignedIn,
  refreshFailure,
  type ClassifiedError,
} from './refresh-error.js'
import { checkResponse, isMisshapen } from './refresh-response.js'
import type { SessionSettings } from './settings.js'
import { withTimeLimit } from './time-limit.js'
import { requestTokens } from './token-request.js'

/** The part of the session that an exchange reads. */
export interface ExchangeContext {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly storeName: string
  /** `true` when the server is known not to rotate refresh tokens. */
  readonly keepsRefreshToken: boolean
  /** `true` when the present access token has expired, or there is none. */
  readonly isExpired: boolean
  /** Aborted when the store's lock is lost: from then on another process may use the refresh token. */
  readonly lost: AbortSignal | undefined
  /** Counts the refresh against the refresh limit. */
  readonly count: () => void
  /** The response to an earlier request with the same refresh token, which may still be under way. */
  readonly late: () => Promise<TokenAnswer | undefined>
  /** The record whose tokens are replaced. A sign-in with these tokens may have named the user since the refresh began. */
  readonly present: () => TokenRecord | undefined
}

/** The error when the refresh function must not be called. */
function objection(
  { settings, storeName, keepsRefreshToken, isExpired }: ExchangeContext,
  run: InFlightRefresh,
  base: TokenRecord | undefined,
  unwritable: OAuthError | undefined,
): OAuthError | undefined {
  const { refresh, refreshWhenUnwritable } = settings
  if (!refresh) return noRefreshFunction(storeName)
  if (refresh.needsRefreshToken && base?.parsed.refreshToken === undefined) return base ? noRefreshToken() : notSignedIn()
  if (!unwritable || refreshWhenUnwritable) return undefined
  // If the server rotates, an unstored refresh token is lost with the process, and the stored one is no longer valid.
  if (!isExpired && !run.isForRejected) return unwritable
  if (keepsRefreshToken) return undefined
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${storeName}) can not be written, and a new refresh token would be lost. Make it writable, or set refreshWhenUnwritable.`,
    { cause: unwritable },
  )
}

/** Gets a new token set from the refresh function. Changes only `run`. Rejects only because of a bug. */
export async function exchange(
  context: ExchangeContext,
  run: InFlightRefresh,
  base: TokenRecord | undefined,
  unwritable: OAuthError | undefined,
): Promise<ExchangeResult> {
  const { environment, settings } = context
  const previous = base?.parsed.tokens
  const { answer } = run
  const error = answer ? undefined : objection(context, run, base, unwritable)
  if (error) return { type: 'failed', error }

  let serverDate: string | null | undefined
  const reportDate = (date: string | null | undefined): void => void (serverDate = date)
  const refresh = settings.refresh as RefreshFunction
  const { neverEnds = false } = answer ? {} : refresh
  const options = { classify: settings.classify, inferFromStatus: !neverEnds, neverEnds }
  let resolvedWith: unknown
  const fail = (cause: unknown): ClassifiedError =>
    refreshFailure(cause, environment.now(), { ...options, isResolved: resolvedWith !== undefined })
  if (!answer && !run.hasAsked) {
    run.hasAsked = true
    run.wasOffline = environment.isOffline?.() ?? false
    context.count()
  }
  try {
    const { response, sentAt } =
      answer ??
      (await requestTokens(environment, settings.refreshTimeout, {
        send: async (sentAt) => {
          const refreshContext = { signal: run.signal, reason: run.event.reason as RefreshReason, reportDate }
          const tokens = previous && copyJSON(toTokenSet(previous))
          resolvedWith = undefined
          run.sentAt = environment.monotonic()
          const pending = run
            .call(() => refresh(tokens, refreshContext))
            .then((resolved) => checkResponse((resolvedWith = resolved)))
          run.late = pending.then((response) => ({ response, sentAt }), noAnswer)
          return pending
        },
        classify: (reason) => fail(reason).failure,
        retry: settings.policy.retry,
        run,
        isUnwanted: () => run.isSuperseded || context.lost?.aborted === true,
      }))
    if (response === null) throw sessionOver()
    return receive(previous, response, sentAt, serverDate, context.present())
  } catch (cause) {
    const { failure, error } = fail(cause)
    const isEnd = failure.kind === 'ended' || error.code === 'OAUTH_INVALID_GRANT'
    if (!isEnd || neverEnds) return { type: 'failed', error: isMisshapen(resolvedWith, failure) ? noTokenResponse(cause) : error }
    const late = answer ? undefined : await lateAnswer(context, run)
    if (late) return receive(previous, late.response, late.sentAt, undefined, context.present())
    if (run.isReplaced) return { type: 'failed', error: unavailable(error) }
    // An inferred end takes effect once the access token has expired or was rejected.
    if (failure.inferred && !context.isExpired && !run.isForRejected) return { type: 'failed', error: unavailable(error) }
    return { type: 'ended', error, keepStored: failure.inferred }
  }
}

const noAnswer = (): undefined => undefined

/** The late response to an earlier request with the same refresh token, unless the time limit or a sign-in comes first. */
function lateAnswer({ environment, settings, late }: ExchangeContext, run: InFlightRefresh): Promise<TokenAnswer | undefined> {
  const left = settings.refreshTimeout + (run.sentAt ?? 0) - environment.monotonic()
  const settled = run.result.then(noAnswer)
  return withTimeLimit(environment, left, () => Promise.race([late(), settled]), '').catch(noAnswer)
}

function sessionOver(): OAuthError {
  return new OAuthError('OAUTH_INVALID_GRANT', 'The refresh function resolved with null: the session is over. Sign in again.')
}

function unavailable(error: OAuthError): OAuthError {
  return new OAuthError('OAUTH_REFRESH_UNAVAILABLE', error.message, { cause: error })
}

function receive(
  previous: ParsedTokenSet['tokens'] | undefined,
  response: unknown,
  sentAt: number,
  serverDate: string | null | undefined,
  base: TokenRecord | undefined,
): ExchangeResult {
  try {
    return { type: 'received', record: refreshedRecord(mergeTokenResponse(previous, response, sentAt, serverDate), base) }
  } catch (cause) {
    if (!isOAuthError(cause)) throw cause
    const error = new OAuthError(
      'OAUTH_REFRESH_UNAVAILABLE',
      `The token response holds no usable token set. ${plainMessage(cause)} The tokens were kept.`,
      { cause, retryable: !response },
    )
    const rotated = usableRefreshToken(previous, response, sentAt)
    return rotated ? { type: 'rotated', record: refreshedRecord(rotated, base), error } : { type: 'failed', error }
  }
}
