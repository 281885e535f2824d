import type { TokenJSON, TokenSet } from '../types.js'
import type { SessionEventName, SessionListener } from './events.js'
import type { RevocationResult } from './revocation.js'
import type { SessionSnapshot } from './snapshot.js'

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/** Options of `signIn`. */
export interface SignInOptions {
  /**
   * The application's own name for the user, such as an account id. Tells a second sign-in of the same user from another user's where the tokens have no
   * ID token. Default: unknown.
   */
  readonly user?: string
}

/** Options of `getAccessToken`. */
export interface AccessTokenOptions {
  /** An access token that a server has rejected: counts as a 401 for it. */
  readonly rejected?: string | undefined
  /** How long the token must stay valid, in milliseconds. Default: 0. */
  readonly validFor?: number | undefined
  /** Ends the waiting; the refresh goes on. */
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
   * Adopts and stores a token set, such as the token response of an authorization code grant (RFC 6749 §4.1.4). Requests of another user that still wait
   * reject. Rejects with `OAUTH_TOKEN_INVALID` when the set is unusable; nothing changes then. A set that can't be stored lives on in memory.
   *
   * @example
   * await session.signIn(await response.json(), { user: account.id })
   */
  readonly signIn: (tokens: TokenJSON, options?: SignInOptions) => Promise<void>
  /**
   * Forgets the token set here and in the store. `revoke: true` revokes the tokens at the server as well (RFC 7009); the result says whether the server
   * confirmed it. Rejects with `OAUTH_STORE_FAILED` when the stored set can't be deleted: the session is signed out here, call it again later.
   *
   * @example
   * const { revoked } = await session.signOut({ revoke: true })
   */
  readonly signOut: (options?: { readonly revoke?: boolean }) => Promise<RevocationResult>
  /**
   * Refreshes now, whatever the expiry, or joins the refresh under way. Resolves with the new set; rejects with the typed error.
   *
   * @example
   * await session.refresh()
   */
  readonly refresh: () => Promise<TokenSet>
  /**
   * An access token that is valid now, refreshed only when needed: for WebSocket, EventSource or fetch. After a transient failure it is the present
   * token, unless that has expired. Rejects with the typed error, with `OAUTH_SIGNED_OUT` when no user is signed in, and with
   * `signal.reason`.
   *
   * @example
   * const socket = new WebSocket(`wss://api.example.com/?access_token=${await session.getAccessToken()}`)
   */
  readonly getAccessToken: (options?: AccessTokenOptions) => Promise<string>
  /**
   * Listens to an event, or to all events (`*`). Returns the function that ends it. Listeners run synchronously after the change; one that throws changes
   * nothing.
   *
   * @example
   * session.on('signed_out', ({ reason }) => showLogin(reason))
   */
  readonly on: <Name extends SessionEventName | '*'>(name: Name, listener: SessionListener<Name>) => () => void
  /**
   * Calls `listener` after each change of the snapshot. Returns the function that ends it. The first subscription loads the session. Fits
   * `useSyncExternalStore(session.subscribe, session.getSnapshot, session.getServerSnapshot)`.
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
   * Ends the use of the session before the process ends: waits for a refresh under way and its save, saves an unsaved set once more, detaches. Resolves with
   * `persisted`: whether the store holds the present set. What needs a refresh afterwards rejects with `OAUTH_SESSION_CLOSED`.
   * `timeout`, in milliseconds, limits the waiting. Default: none.
   *
   * @example
   * process.once('SIGTERM', () => session.close({ timeout: 5000 }))
   */
  readonly close: (options?: { readonly timeout?: number }) => Promise<{ readonly persisted: boolean }>
  /** `close()`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
