import { defined } from './defined.js'

/**
 * The stable codes of this package's errors.
 *
 * | code | meaning |
 * |---|---|
 * | `OAUTH_SIGNED_OUT` | there is no session: sign in, then send the request again |
 * | `OAUTH_SESSION_CLOSED` | a refresh is needed, and `session.close()` has been called |
 * | `OAUTH_INVALID_GRANT` | the token endpoint refuses the grant for good (RFC 6749 §5.2): the session is signed out |
 * | `OAUTH_CLIENT_REFUSED` | a setting is wrong: the token endpoint refuses the client or the request, or no request can be made; the tokens are kept |
 * | `OAUTH_REFRESH_UNAVAILABLE` | the token endpoint gave no usable answer; the tokens are kept |
 * | `OAUTH_REFRESH_LIMIT` | too many refreshes in a short time: the API rejects what the token endpoint issues |
 * | `OAUTH_NO_REFRESH_TOKEN` | a refresh is needed and there is no refresh token |
 * | `OAUTH_TOKEN_INVALID` | a token set is unusable: no token, an invalid header value, or an unsupported token type |
 * | `OAUTH_STORE_FAILED` | the store could not be read, written or locked |
 * | `OAUTH_NOT_REPLAYABLE` | the request was rejected and its body can't be sent a second time; the session was refreshed for the next call |
 * | `OAUTH_STEP_UP_REQUIRED` | the resource server asks for more than a refresh can provide: another scope, a stronger sign-in |
 * | `OAUTH_ORIGIN_UNKNOWN` | the request was not sent: no origin is known that may get the token |
 * | `OAUTH_INSECURE_PROXY` | the request was not sent: a proxy would receive the token unencrypted |
 * | `OAUTH_INTERNAL` | a bug in this package, or a missing function of the platform |
 */
export type OAuthErrorCode =
  | 'OAUTH_SIGNED_OUT'
  | 'OAUTH_SESSION_CLOSED'
  | 'OAUTH_INVALID_GRANT'
  | 'OAUTH_CLIENT_REFUSED'
  | 'OAUTH_REFRESH_UNAVAILABLE'
  | 'OAUTH_REFRESH_LIMIT'
  | 'OAUTH_NO_REFRESH_TOKEN'
  | 'OAUTH_TOKEN_INVALID'
  | 'OAUTH_STORE_FAILED'
  | 'OAUTH_NOT_REPLAYABLE'
  | 'OAUTH_STEP_UP_REQUIRED'
  | 'OAUTH_ORIGIN_UNKNOWN'
  | 'OAUTH_INSECURE_PROXY'
  | 'OAUTH_INTERNAL'

// Registered, so that two copies of the package in one program recognize each other's errors.
const brand = Symbol.for('axios-attach-oauth.error')
const safe = Symbol.for('axios-attach-oauth.safe')

/** Marks a class's instances as errors of this package. */
export function brandAsOAuthError(prototype: object): void {
  Object.defineProperty(prototype, brand, { value: true })
}

/**
 * Marks an error, or a class's prototype, whose message and members hold no secret, so that it is kept unchanged as a `cause`.
 */
export function brandAsSafe<Target extends object>(target: Target): Target {
  return Object.defineProperty(target, safe, { value: true })
}

/** An error of this package's own, whose message holds no secret. */
export function safeError(message: string): Error {
  return brandAsSafe(new Error(message))
}

const reference = ' See docs/errors.md#'

/** An error's message without the reference to the documentation, to be quoted in another message. */
export function plainMessage({ message }: { readonly message: string }): string {
  return message.split(reference)[0] as string
}

/** Ends a message with the place in the documentation that explains the code. */
export function withReference(code: OAuthErrorCode, message: string): string {
  return plainMessage({ message }) + reference + code.toLowerCase()
}

/** The message of an error that is known to hold no secret, as a sentence. */
export function safeMessage(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && safe in error
    ? (error as unknown as Error).message.replace(/[^.?!]$/, '$&.')
    : undefined
}

/** Defines a non-enumerable member, like those of JavaScript's own errors. */
export function defineHidden(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false })
}

const notShown = 'its message is not shown, as it may hold a secret'

/** An OAuth error code (RFC 6749 §5.2) that is short and plain enough to be printed. */
function oauthErrorOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.-]{1,64}$/.test(value) ? value : undefined
}

/**
 * The error code of a system, a driver or axios, such as `ECONNRESET`, `40001`, `ERR_NETWORK`. Any other text may hold a secret.
 */
function codeOf(value: unknown): string | number | undefined {
  return typeof value === 'number' || (typeof value === 'string' && /^[A-Z\d_]{1,64}$/.test(value)) ? value : undefined
}

/** The call sites of a stack, without the preceding text, which repeats the message. */
function framesOf({ stack, message }: Partial<Error>): string {
  const text = String(message)
  const lines = String(stack ?? '')
  const start = lines.indexOf(text)
  return start < 0 ? '' : (/[^\n]*((?:\n {4}at [^\n]*)*)/.exec(lines.slice(start + text.length))?.[1] ?? '')
}

/** The members of a thrown value that are safe to print. */
interface CauseSummary {
  name: string
  code?: string | number
  status?: number
  /** The OAuth error code (RFC 6749 §5.2). */
  error?: string
}

function summarize(thrown: object): CauseSummary {
  const { name, code, status, error, response } = thrown as Record<string, unknown>
  const { status: answered, data } = (response ?? {}) as { status?: unknown; data?: { error?: unknown } | null }
  const number = status ?? answered
  return defined({
    name: oauthErrorOf(name) ?? 'Error',
    code: codeOf(code),
    status: typeof number === 'number' ? number : undefined,
    error: oauthErrorOf(error) ?? oauthErrorOf(data?.error),
  })
}

/**
 * Reduces a foreign error to its printable parts: name, code, HTTP status, OAuth error and call sites. An axios error holds the
 * whole request, and a message may quote a token; printers show a `cause` even when it is not enumerable. This package's errors
 * stay unchanged.
 */
export function safeCause(thrown: unknown): unknown {
  if (thrown === undefined || thrown === null) return thrown
  if (typeof thrown !== 'object' && typeof thrown !== 'function') return safeError(`a ${typeof thrown} was thrown`)
  try {
    if (brand in thrown || safe in thrown) return thrown
    const { name, ...told } = summarize(thrown)
    const text = [told.code, told.status && `status ${told.status}`, told.error].filter((part) => part !== undefined).join(', ')
    const reduced = new Error(text || notShown)
    defineHidden(reduced, 'name', name)
    defineHidden(reduced, 'stack', `${name}: ${reduced.message}${framesOf(thrown as Error)}`)
    return brandAsSafe(Object.assign(reduced, told))
  } catch {
    // A getter or a proxy of the caller has thrown.
    return safeError(notShown)
  }
}

const originals = new WeakMap<object, unknown>()

/** Sets a printable form of the cause, and keeps the original for `originalCause`. */
export function setCause(error: Error, cause: unknown): void {
  const value = safeCause(cause)
  defineHidden(error, 'cause', value)
  if (value !== cause) originals.set(error, cause)
}

/**
 * The original cause of an error, such as the error of your own refresh function with all its members. Don't log it: unlike
 * `error.cause`, which has only printable members, it may hold tokens.
 *
 * @example
 * if (isOAuthError(error) && originalCause(error) instanceof MaintenanceError) showMaintenancePage()
 */
export function originalCause(error: unknown): unknown {
  for (let next = error, depth = 0; depth < 4 && typeof next === 'object' && next !== null; depth++) {
    if (originals.has(next)) return originals.get(next)
    next = (next as { cause?: unknown }).cause
  }
  return undefined
}

/** The members of an {@link OAuthError} besides its code and message. */
export interface OAuthErrorOptions {
  readonly cause?: unknown
  /** Default: `true` for `OAUTH_REFRESH_UNAVAILABLE` alone. */
  readonly retryable?: boolean | undefined
  /** Default: that of the cause. */
  readonly status?: number | undefined
  /** Default: that of the cause. */
  readonly oauthError?: string | undefined
}

/** Can the same request succeed a little later, without a sign-in or a change of the program? */
export function isRetryable(code: OAuthErrorCode, given?: boolean): boolean {
  return given ?? code === 'OAUTH_REFRESH_UNAVAILABLE'
}

/**
 * The base of every error of this package. `instanceof` works across copies of the package.
 *
 * @example
 * session.refresh().catch((error) => { if (error instanceof OAuthError && !error.retryable) showLogin() })
 */
export class OAuthError extends Error {
  /** The kind of failure; stable across releases. */
  readonly code: OAuthErrorCode
  /** `true` only for transient failures: the same request can succeed a little later. */
  readonly retryable: boolean
  /** The HTTP status of the token endpoint's answer, if there was one. */
  declare readonly status?: number
  /** The OAuth error of the token endpoint's answer (RFC 6749 §5.2), such as `invalid_client`. */
  declare readonly oauthError?: string

  constructor(code: OAuthErrorCode, message: string, options: OAuthErrorOptions = {}) {
    super(withReference(code, message))
    this.code = code
    this.retryable = isRetryable(code, options.retryable)
    if (options.cause !== undefined) setCause(this, options.cause)
    const cause = (this.cause ?? {}) as CauseSummary & { oauthError?: string }
    const status = options.status ?? cause.status
    const oauthError = oauthErrorOf(options.oauthError) ?? oauthErrorOf(cause.oauthError ?? cause.error)
    if (status !== undefined) this.status = status
    if (oauthError !== undefined) this.oauthError = oauthError
  }

  /** The printable members; of the cause only its name and code. */
  toJSON(): Record<string, unknown> {
    const { name, message, cause } = this
    const told = cause as { name?: unknown; code?: unknown } | undefined
    return {
      name,
      message,
      ...(this as object),
      ...(told && { cause: [told.name, told.code].filter((part) => typeof part === 'string').join(' ') }),
    }
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isOAuthError(value)
  }
}
defineHidden(OAuthError.prototype, 'name', 'OAuthError')
brandAsOAuthError(OAuthError.prototype)

/** Is this an error of this package? Works across copies of the package and across bundles. */
export function isOAuthError(value: unknown): value is OAuthError {
  return typeof value === 'object' && value !== null && brand in value
}
