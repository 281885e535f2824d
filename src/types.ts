/**
 * A token set as JSON: what a token endpoint answers (RFC 6749 §5.1) or what an application has saved of it.
 *
 * Numbers may be numeric strings. Members that are not named here are kept and written back.
 */
export interface TokenJSON {
  /** The access token. Opaque: it is never parsed. */
  access_token?: unknown
  /** `Bearer` when missing; compared without regard to case (RFC 6749 §7.1). */
  token_type?: unknown
  /** The refresh token (RFC 6749 §6). It is sent to the token endpoint alone. */
  refresh_token?: unknown
  /** An OpenID Connect ID token. */
  id_token?: unknown
  /** The granted scope, separated by spaces (RFC 6749 §3.3). */
  scope?: unknown
  /** Lifetime of the access token in seconds, counted from when the token request was sent. */
  expires_in?: unknown
  /** Absolute expiry: epoch seconds, epoch milliseconds or ISO 8601 text. */
  expires_at?: unknown
  /** Absolute expiry as Microsoft's servers send it: epoch seconds, often as text. */
  expires_on?: unknown
  /** Seconds after which the server would like to see a refresh. */
  refresh_in?: unknown
  [member: string]: unknown
}

/** A token set that has been read: it has an access token, and its times are absolute. */
export interface TokenSet extends TokenJSON {
  access_token: string
  token_type: string
  refresh_token?: string
  id_token?: string
  scope?: string
}

/** What a refresh function resolves with: the answer of the token endpoint (RFC 6749 §5.1). */
export interface TokenResponse extends TokenJSON {
  access_token: string
}

/** Why a refresh function is called. */
export type RefreshReason =
  /** There is no access token yet. */
  | 'missing'
  /** The access token has expired or is about to. */
  | 'expired'
  /** The resource server has rejected the access token. */
  | 'rejected'
  /** The application has asked for it. */
  | 'requested'

/** What a refresh function gets besides the tokens. */
export interface RefreshContext {
  /** Aborted when the refresh has run out of time. Pass it on to whatever makes the request. */
  readonly signal: AbortSignal
  /** Why the refresh takes place. */
  readonly reason: RefreshReason
  /**
   * Reports the `Date` header of the token endpoint's answer (RFC 9110 §6.6.1), from which the offset of this
   * computer's clock is estimated. Optional.
   */
  readonly reportDate: (date: string | null | undefined) => void
}

/**
 * Gets a new access token: `(tokens, context) → token response`.
 *
 * `tokens` is the set that the store holds, or `undefined` when it is empty. It rejects when there is none to be had; the
 * rejection is classified by its `error` (RFC 6749 §5.2), its HTTP status, or the kind of network failure that it is.
 */
export interface RefreshFunction {
  (tokens: TokenSet | undefined, context: RefreshContext): TokenResponse | PromiseLike<TokenResponse>
  /** True when it can't work without a refresh token. Then it isn't called when there is none. */
  readonly needsRefreshToken?: boolean
  /** Revokes a token at the server (RFC 7009), where that is possible. */
  readonly revoke?: RevokeFunction
}

/** Revokes the tokens of a set (RFC 7009), the refresh token first. Rejects when the server could not be told. */
export type RevokeFunction = (tokens: TokenSet, context: { readonly signal: AbortSignal }) => void | PromiseLike<void>

/** What a store is told when something is written. */
export interface WriteContext {
  /**
   * The very value that `read` gave when this write was decided upon, or `undefined` if there was nothing. A store that can compare
   * and set refuses the write, by returning `false`, when it no longer holds that value.
   */
  readonly replacing: TokenJSON | undefined
  /**
   * `replace`: the write stands only upon `replacing`. `set`: the application signs in or out; what is there is overwritten.
   */
  readonly mode: 'replace' | 'set'
}

/**
 * A place that keeps one token set. Two functions are enough; expiry, merging, generations and retries are the session's business.
 *
 * @example
 * const store = {
 *   read: () => db.get('tokens'),
 *   write: (tokens) => (tokens ? db.put('tokens', tokens) : db.del('tokens')),
 * }
 */
export interface TokenStore {
  /** What errors call this store, for instance `file tokens/me.json`. Default: `store`. */
  readonly name?: string
  /** The token JSON that is stored now, or `undefined` (or `null`) when there is none. Rejects when it can't be read. */
  read(): TokenJSON | null | undefined | PromiseLike<TokenJSON | null | undefined>
  /**
   * Stores the token JSON, or deletes it (`undefined`). Resolves when it is safe: all of it or nothing. Returns `false` to say that it has
   * refused because it no longer holds `context.replacing`; any other value means that it is stored.
   */
  write(tokens: TokenJSON | undefined, context: WriteContext): unknown
  /**
   * Runs `run` while nobody else who shares the store does, and settles as it does. Waits for its turn until `signal` is aborted,
   * then rejects with `signal.reason`. A holder that has died must lose the lock without help; a live one must keep it.
   * The signal that `run` gets is aborted when the lock was lost all the same.
   */
  lock?<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result>
  /**
   * Rejects when a following `write` would fail. The session calls it under the lock before a token request: no refresh token is spent whose successor
   * cannot be stored. Changes nothing that `read` returns here or elsewhere.
   */
  checkWritable?(tokens: TokenJSON | undefined): void | PromiseLike<void>
  /** Calls `listener` after each change made elsewhere (another tab, process, machine). Returns its own undo. */
  subscribe?(listener: () => void): () => void
  /** The refresh function, when the store brings its own. Then `attachOAuth(instance, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
}
