import { brandAsSafe } from '../errors.js'
import { networkCode, reduceCause } from '../reduce-cause.js'

/** Details of a failed token request. */
export interface TokenEndpointFailure {
  /** The HTTP status, if there was an answer. */ readonly status?: number | undefined
  /** The error code of the answer (RFC 6749 §5.2), such as `invalid_grant`. */
  readonly error?: string | undefined
  /** The `Retry-After` header as received. */
  readonly retryAfter?: string | undefined
  /** The headers of the answer. Kept non-enumerable. */
  readonly headers?: Headers | undefined
  /** The code of an error that occurred before an answer, such as `ERR_INSECURE_PROXY`. Default: the network code of `cause`. */
  readonly code?: string | undefined
  /** A setting is wrong, so that no retry helps. */
  readonly isMisconfigured?: boolean
  /** The parsed members of the answer, or its text. Kept non-enumerable. */
  readonly body?: unknown
  /** The underlying failure. Only its name, code, status and system call are kept. */
  readonly cause?: unknown
}

/**
 * The error of a failed token, discovery or revocation request. It holds no part of the request. The body of the answer, which
 * may hold secrets, is non-enumerable: printers and `JSON.stringify` skip it, and a `classify` function can read it.
 */
export class TokenEndpointError extends Error {
  /** The HTTP status, when there was an answer. */
  declare readonly status?: number
  /** The error code of the answer (RFC 6749 §5.2), when it is well-formed. */
  declare readonly error?: string
  /** The `Retry-After` header as received. */
  declare readonly retryAfter?: string
  /**
   * The system's code of a failed connection, such as `ECONNREFUSED`; or `ERR_INSECURE_PROXY` when the request was not sent
   * because a proxy would receive it in the clear.
   */
  declare readonly code?: string
  /** The headers of the answer; names are in lower case. Non-enumerable: they may hold cookies. */
  declare readonly headers?: Readonly<Record<string, string>>
  /** The `error_description` of the answer. Non-enumerable: servers quote tokens in it. */
  declare readonly error_description?: string
  /** The members of a parsed answer, as a dictionary, or the text of any other answer. Non-enumerable: it may hold tokens. */
  declare readonly body?: Readonly<Record<string, unknown>> | string
  /** `true` when a setting is wrong, so that the session rejects with `OAUTH_CLIENT_REFUSED`. Non-enumerable. */
  declare readonly isMisconfigured?: true
  /** Distinguishes this error from those of an application's own refresh function, across copies of the package. */
  declare readonly isTokenEndpointError: true

  constructor(message: string, failure: TokenEndpointFailure = {}) {
    const { status, error, retryAfter, headers, code, body, cause, isMisconfigured } = failure
    const reduced = reduceCause(cause)
    super(message, Object.keys(reduced).length > 0 ? { cause: reduced } : undefined)
    const known = { status, error, retryAfter, code: code ?? networkCode(cause) }
    for (const [name, value] of Object.entries(known)) if (value !== undefined) Object.assign(this, { [name]: value })
    if (isMisconfigured) hide(this, 'isMisconfigured', true)
    if (headers) hide(this, 'headers', Object.fromEntries(headers))
    if (!body) return
    const { error_description } = body as { error_description?: unknown }
    hide(this, 'body', body)
    if (typeof error_description === 'string') hide(this, 'error_description', error_description)
  }
}
hide(TokenEndpointError.prototype, 'name', 'TokenEndpointError')
hide(TokenEndpointError.prototype, 'isTokenEndpointError', true)
brandAsSafe(TokenEndpointError.prototype)

function hide(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
}
