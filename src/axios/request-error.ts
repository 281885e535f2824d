import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { brandAsOAuthError, isOAuthError, type OAuthError, type OAuthErrorCode } from '../errors.js'
import type { Challenge } from './challenge.js'
import { withoutSecrets } from './redact.js'

/**
 * An error of this package that belongs to a request: an `AxiosError` and an {@link OAuthError} in one. `response` is the answer that could
 * not be mended, where there was one.
 */
export class OAuthRequestError extends AxiosError {
  declare readonly code: OAuthErrorCode
  /** What the resource server asked for, when the code is `OAUTH_STEP_UP_REQUIRED` (RFC 6750 §3, RFC 9470). */
  declare readonly challenge?: Challenge

  constructor(
    code: OAuthErrorCode,
    message: string,
    config: InternalAxiosRequestConfig,
    response?: AxiosResponse,
    cause?: unknown,
  ) {
    super(message, code, config, response?.request, response)
    this.name = 'OAuthRequestError'
    // Not enumerable, as the language itself does it.
    if (cause !== undefined) Object.defineProperty(this, 'cause', { value: cause, configurable: true, writable: true })
    // Older releases don't.
    if (response) this.status = response.status
    withoutSecrets(this)
  }
}
brandAsOAuthError(OAuthRequestError.prototype)

/** Gives an error of the session the request that it befell; whatever else rejects stays what it is. */
export function requestError(error: unknown, config: InternalAxiosRequestConfig, response?: AxiosResponse): unknown {
  if (!isOAuthError(error) || error instanceof OAuthRequestError) return error
  const { code, message } = error as OAuthError
  return new OAuthRequestError(code, message, config, response, error)
}
