import { OAuthError, isOAuthError, safeMessage, type OAuthErrorCode } from '../errors.js'
import { classifyFailure, type ClassifyOptions, type Failure, type FailureKind } from '../policy.js'

const codes: Record<FailureKind, OAuthErrorCode> = {
  ended: 'OAUTH_INVALID_GRANT',
  misconfigured: 'OAUTH_CLIENT_REFUSED',
  transient: 'OAUTH_REFRESH_UNAVAILABLE',
}

const explanations: Record<FailureKind, string> = {
  ended: 'The token endpoint refused the refresh token. Sign in again.',
  misconfigured: 'The token endpoint refused the client or the request. Check the client settings. The tokens were kept.',
  transient: 'The token endpoint gave no usable answer. The tokens were kept. Try again later.',
}

export interface ClassifiedError {
  readonly failure: Failure
  readonly error: OAuthError
}

export interface RefreshFailureOptions extends ClassifyOptions {
  /** The grant has no session that could end. */
  readonly neverEnds?: boolean | undefined
}

/** The typed error of a failed refresh, and the failure's meaning for the session. */
export function refreshFailure(cause: unknown, now: number, options: RefreshFailureOptions): ClassifiedError {
  const judged = classifyFailure(cause, now, options)
  // Without a refresh token, the client itself was refused.
  const isClient = options.neverEnds === true && judged.kind === 'ended'
  const failure: Failure = isClient ? { ...judged, kind: 'misconfigured', inferred: false } : judged
  const { kind, summary, status, oauthError } = failure
  // With another code it is the error of a session that the refresh function uses, and says nothing about this one.
  if (isOAuthError(cause) && Object.values(codes).includes(cause.code)) {
    const isOverruled = failure.isDecided && cause.code !== codes[kind]
    if (!isOverruled) return { failure, error: cause as OAuthError }
  }
  const reason = safeMessage(cause)
  const text =
    reason && kind === 'misconfigured'
      ? `A setting is wrong: ${reason} The tokens were kept.`
      : explanations[kind].replace('.', () => (summary ? ` (${summary}).` : reason ? `: ${reason}` : '.'))
  return { failure, error: new OAuthError(codes[kind], text, { cause, status, oauthError }) }
}

/** The refresh function resolved with something else than a token response. */
export function noTokenResponse(cause: unknown): OAuthError {
  return new OAuthError(
    'OAUTH_REFRESH_UNAVAILABLE',
    'The refresh function resolved without an access_token. Resolve with the JSON of the token response, such as response.data; mapTokens() translates other names. The tokens were kept.',
    { cause, retryable: false },
  )
}

/** A bug in this package, or a missing platform function: not an outage. */
export function internalError(cause: unknown): OAuthError {
  if (isOAuthError(cause)) return cause as OAuthError
  return new OAuthError(
    'OAUTH_INTERNAL',
    `Unexpected error in axios-attach-oauth: ${(cause as Error | undefined)?.name ?? 'unknown'}. Please report it.`,
    {
      cause,
    },
  )
}

export function notSignedIn(): OAuthError {
  return new OAuthError('OAUTH_SIGNED_OUT', 'No user is signed in: call signIn(tokens) first.')
}

export function noOtherToken(): OAuthError {
  return new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'The refresh brought no other access token, or one that has expired.')
}

export function epochEnded(): OAuthError {
  return new OAuthError(
    'OAUTH_SIGNED_OUT',
    'The user signed in or out after this request was made. Send it again as a new request.',
  )
}

export function noRefreshToken(): OAuthError {
  return new OAuthError(
    'OAUTH_NO_REFRESH_TOKEN',
    'There is no refresh token. Some servers issue one for the scope offline_access only: add it when signing in.',
  )
}

export function signedOutWhileWaiting(): OAuthError {
  return new OAuthError('OAUTH_SIGNED_OUT', 'Signed out while this request was waiting.')
}

export function noRefreshFunction(storeName: string): OAuthError {
  return new OAuthError(
    'OAUTH_REFRESH_UNAVAILABLE',
    `There is no refresh function, and the token store (${storeName}) holds no newer token set.`,
    {
      retryable: false,
    },
  )
}

export function sessionClosed(): OAuthError {
  return new OAuthError('OAUTH_SESSION_CLOSED', 'The session is closed: no token is refreshed after session.close().')
}
