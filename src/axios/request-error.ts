import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import {
  brandAsOAuthError,
  isOAuthError as isBranded,
  isRetryable,
  setCause,
  withReference,
  type OAuthError,
  type OAuthErrorCode,
  type OAuthErrorOptions,
} from '../errors.js'
import type { Challenge } from './challenge.js'
import { withoutSecrets } from './redact.js'

/**
 * An error of this package that belongs to a request: both an `AxiosError` and an {@link OAuthError}. `response` is the resource
 * server's answer that could not be recovered, if there was one.
 *
 * @example
 * api.get('/me').catch((error) => { if (isOAuthError(error)) report(error.code, error.response?.status) })
 */
export class OAuthRequestError extends AxiosError {
  declare readonly code: OAuthErrorCode
  /** `true` only for transient failures: the same request can succeed a little later. */
  readonly retryable: boolean
  /** The OAuth error of the token endpoint's answer (RFC 6749 §5.2), such as `invalid_client`. */
  declare readonly oauthError?: string
  /** The challenge of the resource server, when the code is `OAUTH_STEP_UP_REQUIRED` (RFC 6750 §3, RFC 9470). */
  declare readonly challenge?: Challenge
  declare toJSON: () => Record<string, unknown>

  constructor(
    code: OAuthErrorCode,
    message: string,
    config: InternalAxiosRequestConfig,
    response?: AxiosResponse,
    { cause, retryable, oauthError }: Omit<OAuthErrorOptions, 'status'> = {},
  ) {
    super(withReference(code, message), code, config, response?.request, response)
    this.name = 'OAuthRequestError'
    this.retryable = isRetryable(code, retryable)
    if (cause !== undefined) setCause(this, cause)
    if (oauthError !== undefined) this.oauthError = oauthError
    // Older releases of axios do not set it.
    if (response) this.status = response.status
    if (!this.retryable) refuseRetries(config)
    withoutSecrets(this)
  }
}
brandAsOAuthError(OAuthRequestError.prototype)

/** The config member in which `axios-retry` keeps its options and the number of attempts. */
const retryState = 'axios-retry'
type RetryCondition = (error: unknown) => unknown
const guards = new WeakSet<RetryCondition>()

/**
 * Keeps `axios-retry` from retrying requests that can't succeed: it treats every error with a code and no response as a network
 * failure. On this config its condition returns `false` for this package's errors that are not retryable; for every other error
 * it decides as before.
 */
function refuseRetries(config: InternalAxiosRequestConfig | undefined): void {
  const carrier = config as { [retryState]?: { retryCondition?: RetryCondition } } | undefined
  const state = carrier?.[retryState]
  const condition = state?.retryCondition
  if (!carrier || typeof condition !== 'function' || guards.has(condition)) return
  const guard: RetryCondition = (error) => (isBranded(error) && !error.retryable ? false : condition(error))
  guards.add(guard)
  carrier[retryState] = { ...state, retryCondition: guard }
}

/** Adds the request to an error of the session. Any other error is returned unchanged. */
export function requestError(error: unknown, config: InternalAxiosRequestConfig, response?: AxiosResponse): unknown {
  if (!isBranded(error) || (error as Partial<AxiosError>).isAxiosError) return error
  const { code, message, retryable, oauthError } = error
  return new OAuthRequestError(code, message, config, response, { cause: error, retryable, oauthError })
}

/** The codes of errors that always carry the resource server's answer. */
type AnsweredCode = 'OAUTH_NOT_REPLAYABLE' | 'OAUTH_STEP_UP_REQUIRED'

/** The request's body could not be sent a second time. */
export interface NotReplayableError extends OAuthRequestError {
  readonly code: 'OAUTH_NOT_REPLAYABLE'
  readonly config: InternalAxiosRequestConfig
  readonly response: AxiosResponse
}

/** The resource server asks for more than a refresh can provide (RFC 6750 §3.1, RFC 9470). */
export interface StepUpRequiredError extends OAuthRequestError {
  readonly code: 'OAUTH_STEP_UP_REQUIRED'
  readonly config: InternalAxiosRequestConfig
  readonly response: AxiosResponse
  readonly challenge: Challenge
}

/** Every other error: of a request, or of a call of a session method. */
export interface OtherOAuthError extends OAuthError {
  readonly code: Exclude<OAuthErrorCode, AnsweredCode>
  /** The request, if the error belongs to one. */
  readonly config?: InternalAxiosRequestConfig
  /** The resource server's answer, if there was one. */
  readonly response?: AxiosResponse
  readonly challenge?: undefined
}

/** The errors of this package, discriminated by `code`. */
export type AnyOAuthError = NotReplayableError | StepUpRequiredError | OtherOAuthError

/**
 * Is this an error of this package? Narrows to a union discriminated by `code`. Works across copies of the package and across
 * bundles.
 *
 * @example
 * if (isOAuthError(error) && error.code === 'OAUTH_SIGNED_OUT') showLogin()
 */
export function isOAuthError(value: unknown): value is AnyOAuthError {
  return isBranded(value)
}
