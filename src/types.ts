/** The members of a token set that the session reads. Numbers may be numeric strings. */
export interface TokenMembers {
  /** The access token. Never parsed. */
  access_token?: unknown
  /** Default: `Bearer`. Types that need a proof (`dpop`, `pop`, `mac`, `n_a`) are refused. */
  token_type?: unknown
  /** The refresh token (RFC 6749 §6). Sent only to the token endpoint and the revocation endpoint. */
  refresh_token?: unknown
  /** An OpenID Connect ID token. */
  id_token?: unknown
  /** The granted scope, separated by spaces (RFC 6749 §3.3); some servers send an array. */
  scope?: unknown
  /** Lifetime of the access token in seconds, counted from when the token request was sent. */
  expires_in?: unknown
  /**
   * Absolute expiry: epoch seconds, epoch milliseconds or ISO 8601 text (UTC when it has no zone). Also read: `expiry_date`,
   * `expiry`, `expires`, `token_expiry_date`, `expire_in`, `expireIn`, `expire_time`, and names such as `accessTokenExpires`; in
   * all of these a number below 10⁹ is seconds from now.
   */
  expires_at?: unknown
  /** Absolute expiry as Microsoft's servers send it, in the same formats. */
  expires_on?: unknown
  /** Seconds after which the server asks for a refresh. */
  refresh_in?: unknown
}

/** A token set as JSON: a token response (RFC 6749 §5.1) or a saved one. Other members are kept and written back. */
export interface TokenJSON extends TokenMembers {
  [member: string]: unknown
}

/** A token set of a session, with absolute times. A set with only a refresh token has no `access_token`. */
export interface TokenSet extends TokenJSON {
  access_token?: string
  refresh_token?: string
  id_token?: string
}

/** A token response (RFC 6749 §5.1): the result of a refresh function. */
export interface TokenResponse extends TokenJSON {
  access_token: string
}

/** A token response of any type: an interface and a class have no index signature. */
export type AnyTokenResponse = TokenResponse | (TokenMembers & { readonly access_token: string })

/** Why a refresh function is called. */
export type RefreshReason =
  /** No access token is known yet. */
  | 'missing'
  /** The access token has expired or is about to. */
  | 'expired'
  /** The resource server has rejected the access token. */
  | 'rejected'
  /** The application called `refresh()`. */
  | 'requested'

/** The second argument of a refresh function. */
export interface RefreshContext {
  /** Aborted at the time limit of the refresh. Pass it to the request. */
  readonly signal: AbortSignal
  /** Why the refresh takes place. */
  readonly reason: RefreshReason
  /**
   * Reports the `Date` header of the token response (RFC 9110 §6.6.1), which corrects an absolute expiry in a response without
   * `expires_in`. Calling it is optional.
   */
  readonly reportDate: (date: string | null | undefined) => void
}

/**
 * Gets a new access token: `(tokens, context) → token response` (RFC 6749 §5.1).
 *
 * `tokens` is the stored set, or `undefined` when the store is empty. The function resolves with `null` when the session is over.
 * It rejects when it gets no token; the session classifies the rejection by its OAuth error (RFC 6749 §5.2), its HTTP status or
 * its network error code.
 *
 * @example
 * const refresh: RefreshFunction = async (tokens, { signal }) => {
 *   const response = await fetch('/auth/refresh', { method: 'POST', signal })
 *   if (response.status === 401) return null
 *   return response.json()
 * }
 */
export interface RefreshFunction {
  (tokens: TokenSet | undefined, context: RefreshContext): AnyTokenResponse | null | PromiseLike<AnyTokenResponse | null>
  /** `true`: the function needs a refresh token and is not called without one. Default: `false`. */
  readonly needsRefreshToken?: boolean
  /** `true`: a failure never ends the session, as with client credentials (RFC 6749 §4.4). Default: `false`. */
  readonly neverEnds?: boolean
  /**
   * `true`: `signal` is aborted when another user signs in or the user signs out, for servers whose response sets cookies.
   * Default: `false`, the response is awaited and its tokens are revoked.
   */
  readonly abortWhenSuperseded?: boolean
  /** Revokes a token set at the server (RFC 7009). Default: none. */
  readonly revoke?: RevokeFunction
}

/** Revokes the tokens of a set (RFC 7009), the refresh token first. Rejects when the server did not confirm it. */
export type RevokeFunction = (tokens: TokenSet, context: { readonly signal: AbortSignal }) => void | PromiseLike<void>

/** The context of a write. */
export interface WriteContext {
  /**
   * The value of `read` on which this write is based, or `undefined` when there was none. A store that can compare and set
   * returns `false`, without writing, when it no longer holds that value.
   */
  readonly replacing: TokenJSON | undefined
  /**
   * `replace`: the write is valid only if the store still holds `replacing`. `set`: the application signs in or out, and the
   * write overwrites any content.
   */
  readonly mode: 'replace' | 'set'
}

/**
 * A place that keeps one token set for one process. Two functions are enough: the session takes care of expiry, merging and
 * retries. For a store that several tabs, processes or machines share, use `sharedStore` of `axios-attach-oauth/shared`.
 *
 * @example
 * const store: TokenStore = {
 *   read: () => db.get('tokens'),
 *   write: (tokens) => (tokens ? db.put('tokens', tokens) : db.del('tokens')),
 * }
 */
export interface TokenStore {
  /** The name that errors use, for instance `file tokens/me.json`. Default: `store`. */
  readonly name?: string
  /**
   * Identifies the place, such as `['file', '/srv/tokens.json']`: two stores whose places are equal, member by member, hold the same record.
   * Default: a store is equal to itself only.
   */
  readonly place?: readonly unknown[]
  /** Reads the stored token JSON; `undefined` or `null` when there is none. Rejects when the store can't be read. */
  read(): TokenJSON | null | undefined | PromiseLike<TokenJSON | null | undefined>
  /**
   * Stores the token JSON, or deletes it (`undefined`). Resolves when the write is durable. Returns `false` when the store no
   * longer holds `context.replacing` and refuses the write; any other value means that the set is stored.
   */
  write(tokens: TokenJSON | undefined, context: WriteContext): unknown
  /**
   * Rejects when a following write would fail. The session calls this function with the stored set before it spends a refresh
   * token. Default: the store can't tell.
   */
  checkWritable?(tokens: TokenJSON | undefined): void | PromiseLike<void>
  /** Calls `listener` after each change made by another tab, process or machine. Returns the function that unsubscribes. */
  subscribe?(listener: () => void): () => void
  /** The refresh function of this store, so that `attachOAuth(instance, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
}

/**
 * The definition of a store that several tabs, processes or machines share, for `sharedStore`.
 *
 * @example
 * const store = sharedStore({ name: 'my table', read, write, lock })
 */
export interface SharedStoreDefinition extends TokenStore {
  /**
   * Calls `run` while no other session that shares the store holds the lock, and settles as `run` does. Waits for the lock until
   * `signal` is aborted, then rejects with `signal.reason`. A dead holder loses the lock automatically; a live holder keeps it.
   * If the lock is lost even so, the signal passed to `run` is aborted.
   */
  lock<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result>
}
