/**
 * The stable codes of this package's errors.
 *
 * | code | what it means |
 * |---|---|
 * | `OAUTH_SIGNED_OUT` | nobody is signed in: sign in, then send the request again |
 * | `OAUTH_INVALID_GRANT` | the token endpoint has refused the grant for good (RFC 6749 §5.2): the session was signed out |
 * | `OAUTH_CLIENT_REFUSED` | the token endpoint has refused the client or the request: a setting is wrong; tokens are kept |
 * | `OAUTH_REFRESH_UNAVAILABLE` | no usable answer from the token endpoint this time; tokens are kept |
 * | `OAUTH_REFRESH_LIMIT` | too many refreshes in a short time: the API rejects what the token endpoint issues |
 * | `OAUTH_NO_REFRESH_TOKEN` | a refresh is needed and there is no refresh token |
 * | `OAUTH_TOKEN_INVALID` | a token set that can't be used: no access token, no valid header value, an unknown type |
 * | `OAUTH_STORE_FAILED` | the store could not be read, written or locked |
 * | `OAUTH_NOT_REPLAYABLE` | the request was rejected and its body can't be sent a second time; the session was refreshed for the next call |
 * | `OAUTH_SESSION_CLOSED` | a refresh is needed after `session.close()` |
 * | `OAUTH_INTERNAL` | a bug in this package, or a missing platform function |
 * | `OAUTH_STEP_UP_REQUIRED` | the resource server wants more than a refresh can give: another scope, a stronger sign-in |
 */
export type OAuthErrorCode =
  | 'OAUTH_SIGNED_OUT'
  | 'OAUTH_INVALID_GRANT'
  | 'OAUTH_CLIENT_REFUSED'
  | 'OAUTH_REFRESH_UNAVAILABLE'
  | 'OAUTH_REFRESH_LIMIT'
  | 'OAUTH_NO_REFRESH_TOKEN'
  | 'OAUTH_TOKEN_INVALID'
  | 'OAUTH_STORE_FAILED'
  | 'OAUTH_NOT_REPLAYABLE'
  | 'OAUTH_STEP_UP_REQUIRED'
  | 'OAUTH_SESSION_CLOSED'
  | 'OAUTH_INTERNAL'

// Registered, so that two copies of the package in one bundle know each other's errors.
const brand = Symbol.for('axios-attach-oauth.error')

/** Marks a class's instances as errors of this package. */
export function brandAsOAuthError(prototype: object): void {
  Object.defineProperty(prototype, brand, { value: true })
}

/** The base of every error of this package. `instanceof` works across copies of the package. */
export class OAuthError extends Error {
  /** What went wrong; stable across releases. */
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** What may be written down: the cause, which can be anything, by its name alone. */
  toJSON(): Record<string, unknown> {
    const { name, code, message, cause } = this
    const told = cause as { name?: unknown; code?: unknown } | undefined
    return {
      name,
      code,
      message,
      ...(told && { cause: [told.name, told.code].filter((part) => typeof part === 'string').join(' ') }),
    }
  }

  // What Node's util.inspect and console.log ask for.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `${this.stack ?? this.message}\n${JSON.stringify(this.toJSON())}`
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOAuthError(value)
  }
}
Object.defineProperty(OAuthError.prototype, 'name', { value: 'OAuthError', configurable: true, writable: true })
brandAsOAuthError(OAuthError.prototype)

/**
 * Is this an error of this package? Works across copies of the package and across bundles.
 *
 * @example
 * if (isOAuthError(error) && error.code === 'OAUTH_SIGNED_OUT') showLogin()
 */
export function isOAuthError(value: unknown): value is OAuthError {
  return typeof value === 'object' && value !== null && brand in value
}
