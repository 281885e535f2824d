/**
 * The meaning of a failed refresh.
 *
 * | kind | meaning |
 * |---|---|
 * | `ended` | the session is over: the user has to sign in again |
 * | `misconfigured` | a setting is wrong, such as that of the client; the tokens are kept |
 * | `transient` | no usable answer; the tokens are kept |
 */
export type FailureKind = 'ended' | 'misconfigured' | 'transient'

/** A failed refresh as the option `classify` gets it. */
export interface RefreshFailure {
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined
  /** The headers of the answer; names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body of the answer, parsed when it is JSON or form-encoded. */
  readonly body: unknown
  /** The value that the refresh function rejected with. */
  readonly error: unknown
}

/**
 * Decides the meaning of a failed refresh. Returns nothing to leave the decision to the built-in rules.
 *
 * @example
 * const classify: ClassifyFailure = ({ status }) => (status === 440 ? 'ended' : undefined)
 */
export type ClassifyFailure = (failure: RefreshFailure) => FailureKind | undefined | void

/** The classification of a failed refresh. It holds no secret. */
export interface Failure {
  readonly kind: FailureKind
  /** True when the end of the session is likely but not certain. */
  readonly inferred: boolean
  /** True when the option `classify` has decided the kind. */
  readonly isDecided?: boolean
  /** True when the server has provably not processed the request, so that it may be sent again. */
  readonly notProcessed: boolean
  /** The delay that the server asks for, in milliseconds. */
  readonly retryAfter?: number
  /** For messages: the OAuth error, `HTTP 503`, or the network code. Empty when none is known. */
  readonly summary: string
  readonly status?: number
  /** The OAuth error code (RFC 6749 §5.2), or the code that the server uses instead. */
  readonly oauthError?: string
}

/** Settings of `classifyFailure`. */
export interface ClassifyOptions {
  readonly classify?: ClassifyFailure | undefined
  /**
   * False when a 401 without an OAuth error does not suggest an ended session. A `TokenEndpointError` never does. Default: true.
   */
  readonly inferFromStatus?: boolean | undefined
  /**
   * True when the refresh function resolved with the value, so that a `status` or `code` in it may be the server's own number.
   * Default: false.
   */
  readonly isResolved?: boolean | undefined
}
