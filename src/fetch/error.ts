import type { Challenge } from '../axios/challenge.js'
import { stepUpMessage } from '../axios/refusal.js'
import { defineHidden, isOAuthError, OAuthError, type OAuthErrorCode, type OAuthErrorOptions } from '../errors.js'

/**
 * An error of a request sent with `oauthFetch`. `instanceof OAuthFetchError` works across copies of the package and narrows to this
 * class; `isOAuthError` also recognizes the error, but narrows to the errors of axios requests, which have other members.
 *
 * @example
 * fetchWithToken('/me').catch((error) => { if (error instanceof OAuthFetchError) report(error.code, error.response?.status) })
 */
export class OAuthFetchError extends OAuthError {
  /** The resource server's answer that could not be recovered, if there was one. Its body has not been read. */
  declare readonly response?: Response
  /** The challenge of the resource server, when the code is `OAUTH_STEP_UP_REQUIRED` (RFC 6750 §3, RFC 9470). */
  declare readonly challenge?: Challenge

  constructor(code: OAuthErrorCode, message: string, response?: Response, options?: OAuthErrorOptions) {
    super(code, message, options)
    defineHidden(this, 'name', 'OAuthFetchError')
    // Printers would show the headers and the address of the response.
    if (response) defineHidden(this, 'response', response)
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOAuthError(value) && value.name === 'OAuthFetchError'
  }
}

/** Adds the response to an error of the session. Any other error is returned unchanged. */
export function fetchError(error: unknown, response?: Response): unknown {
  if (!isOAuthError(error) || error instanceof OAuthFetchError) return error
  const { code, message, retryable, oauthError } = error
  return new OAuthFetchError(code, message, response, { cause: error, retryable, oauthError })
}

/** The error for a challenge that was not met. `hasHandler`: the option `stepUp` is set. */
export function stepUpRequired(response: Response, challenge: Challenge, hasHandler: boolean, cause?: unknown): OAuthFetchError {
  const error = new OAuthFetchError('OAUTH_STEP_UP_REQUIRED', stepUpMessage(challenge, hasHandler), response, { cause })
  return Object.assign(error, { challenge })
}

export function notReplayable(response: Response): OAuthFetchError {
  const text =
    'The request was rejected, and its body is a stream that has been read. Send it again, or pass oauth: { body: () => stream }.'
  return new OAuthFetchError('OAUTH_NOT_REPLAYABLE', text, response)
}
