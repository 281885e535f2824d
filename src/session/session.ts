import type { TokenJSON, TokenMembers, TokenSet } from '../types.js'
import type { SessionEventName, SessionListener } from './events.js'
import type { RevocationResult } from './revocation.js'
import type { SessionSnapshot } from './snapshot.js'

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** The argument of `signIn`: a token set of any type, or the state of a session in HttpOnly cookies. */
export type SignInTokens = TokenJSON | TokenMembers | { readonly user: unknown }

/** Options of `signIn`. */
export interface SignInOptions {
  /**
   * The application's own name for the user, such as an account id. Distinguishes a second sign-in of the same user from another
   * user's when the set has no ID token. Default: unknown.
   */
  readonly user?: string | undefined
}

/** Options of `getAccessToken`. */
export interface AccessTokenOptions {
  /** An access token that a server has rejected. Treated as a 401 to that token. */
  readonly rejected?: string | undefined
  /** How long the token must stay valid, in milliseconds. Default: 0. */
  readonly validFor?: number | undefined
  /** Aborts the wait; the refresh continues. */
  readonly signal?: AbortSignal | undefined
}

/** One user's token set in this process: sign-in, sign-out, events, snapshot. */
export interface Session {
  /**
   * The present token set, read from the store at the first call; `undefined` when no user is signed in. Rejects with `OAUTH_STORE_FAILED` or
   * `OAUTH_TOKEN_INVALID`.
   *
   * @example
   * const tokens = await session.tokens()
   */
  readonly tokens: () => Promise<TokenSet | undefined>
  /**
   * Adopts and stores a token set, such as the token response of an authorization code grant (RFC 6749 §4.1.4). Waiting requests
   * of another user reject. Rejects with `OAUTH_TOKEN_INVALID` and changes nothing when the set is unusable. A set that can't be
   * stored is kept in memory.
   *
   * @example
   * await session.signIn(await response.json(), { user: account.id })
   */
  readonly signIn: (tokens: SignInTokens, options?: SignInOptions) => Promise<void>
  /**
   * Removes the token set from memory and from the store. `revoke: true` also revokes the tokens at the server (RFC 7009);
   * `revoked` in the result says whether the server confirmed the revocation. Rejects with `OAUTH_STORE_FAILED` when the stored
   * set can't be deleted: this session is signed out, and a later call tries the deletion again.
   *
   * @example
   * const { revoked } = await session.signOut({ revoke: true })
   */
  readonly signOut: (options?: { readonly revoke?: boolean | undefined }) => Promise<RevocationResult>
  /**
   * Refreshes now, regardless of the expiry, or joins the refresh under way. Resolves with the new set; rejects with the typed
   * error.
   *
   * @example
   * await session.refresh()
   */
  readonly refresh: () => Promise<TokenSet>
  /**
   * Resolves with a valid access token for WebSocket, EventSource or fetch, refreshing only when needed. After a transient
   * failure it resolves with the present token unless that has expired. Rejects with the typed error, with `OAUTH_SIGNED_OUT`
   * when no user is signed in, or with `signal.reason`.
   *
   * @example
   * const headers = { Authorization: `Bearer ${await session.getAccessToken()}` }
   * const events = await fetch('https://api.example.com/events', { headers })
   */
  readonly getAccessToken: (options?: AccessTokenOptions) => Promise<string>
  /**
   * Adds a listener for one event, or for all events (`*`). Returns the function that removes it. Listeners run synchronously
   * after the change; an error thrown by a listener is ignored.
   *
   * @example
   * session.on('signed_out', ({ reason }) => showLogin(reason))
   */
  readonly on: <Name extends SessionEventName | '*'>(name: Name, listener: SessionListener<Name>) => () => void
  /**
   * Calls `listener` after each change of the snapshot. Returns the function that unsubscribes. The first subscription loads the
   * session. Fits `useSyncExternalStore(session.subscribe, session.getSnapshot, session.getServerSnapshot)`.
   *
   * @example
   * const unsubscribe = session.subscribe(() => render(session.getSnapshot()))
   */
  readonly subscribe: (listener: () => void) => () => void
  /** The state of the session without its tokens: the same object until its content changes. */
  readonly getSnapshot: () => SessionSnapshot
  /** The snapshot for server rendering and hydration: always `unknown`. */
  readonly getServerSnapshot: () => SessionSnapshot
  /**
   * Closes the session before the process ends: waits for a refresh under way and its save, tries once more to save an unsaved
   * set, and detaches. Resolves with `persisted`: whether the store holds the present set. Afterwards, calls that need a refresh
   * reject with `OAUTH_SESSION_CLOSED`. `timeout`, in milliseconds, limits the wait. Default: none.
   *
   * @example
   * process.once('SIGTERM', () => session.close({ timeout: 5000 }))
   */
  readonly close: (options?: { readonly timeout?: number | undefined }) => Promise<{ readonly persisted: boolean }>
  /** `close()`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
