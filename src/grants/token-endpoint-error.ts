/** What is known of a failed token request. */
export interface TokenEndpointFailure {
  /** The HTTP status, when there was an answer. */
  readonly status?: number | undefined
  /** The error code of the answer (RFC 6749 §5.2), such as `invalid_grant`. */
  readonly error?: string | undefined
  /** The `Retry-After` header as it came. */
  readonly retryAfter?: string | undefined
  readonly cause?: unknown
}

const inspect = Symbol.for('nodejs.util.inspect.custom')

/** A token request that came to nothing. Nothing of the request and nothing of the answer's body is in it, but for the error code. */
export class TokenEndpointError extends Error {
  readonly status: number | undefined
  readonly error: string | undefined
  readonly retryAfter: string | undefined
  /** The system's code of a connection that failed, such as `ECONNREFUSED`. */
  readonly code: string | undefined

  constructor(message: string, { status, error, retryAfter, cause }: TokenEndpointFailure = {}) {
    super(message)
    this.name = 'TokenEndpointError'
    this.status = status
    this.error = error
    this.retryAfter = retryAfter
    this.code = networkCode(cause)
  }

  [inspect](): string {
    return this.stack ?? this.message
  }
}

/**
 * The system's code, wherever fetch or axios have put it: the innermost, as axios and oauth4webapi have codes of their own that say less. The failure
 * itself isn't kept: axios hangs the whole request on it.
 */
function networkCode(failure: unknown): string | undefined {
  let found: string | undefined
  for (let error = failure, depth = 0; depth < 4 && typeof error === 'object' && error !== null; depth++) {
    const { code, cause } = error as { code?: unknown; cause?: unknown }
    if (typeof code === 'string' && /^(?!OAUTH_)[A-Z][A-Z0-9_]+$/.test(code)) found = code
    error = cause
  }
  return found
}
