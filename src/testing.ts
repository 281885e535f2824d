import { openSessionOf } from './axios/session-object.js'
import { checkOptions, flag, isFunction, type OptionRule } from './check-options.js'
import { createSession, isOAuthError, memoryStore, OAuthError } from './index.js'
import type { OpenSession } from './session/open-session.js'
import { gateSession } from './testing/gate.js'
import { overlaySession, type Overlay } from './testing/overlay.js'
import { parseStoredTokens } from './tokens.js'
import type { RefreshFunction, Session, SessionSnapshot, SignOutReason, TokenJSON, TokenStore } from './index.js'

/** The state of a fake session. */
export interface FakeSessionState {
  /** Default: `signed_in`. */
  readonly status?: SessionSnapshot['status']
  /** The user of `signed_in`, as `signIn(tokens, { user })` names it. Default: none. */
  readonly user?: string
  /** The granted scope of `signed_in`. Default: none. */
  readonly scope?: string
  /** When the access token of `signed_in` expires, in epoch milliseconds. Default: unknown, so that no refresh is due. */
  readonly expiresAt?: number
  /** Further members of the token set of `signed_in`. Default: an access token and a refresh token. */
  readonly tokens?: TokenJSON
  /** Why the session is `signed_out`. Default: `requested`. */
  readonly reason?: SignOutReason | 'empty'
  /** Why the session is `unavailable`. Default: an error with the code `OAUTH_STORE_FAILED`. */
  readonly error?: OAuthError
  /** The error of the last refresh. Default: none. */
  readonly lastError?: OAuthError
  /** A refresh is under way. Default: `false`. */
  readonly refreshing?: boolean
}

/** The options of `fakeSession`. */
export interface FakeSessionOptions extends FakeSessionState {
  /** The refresh function. Default: one that resolves with another token each time. */
  readonly refresh?: RefreshFunction
}

/** A session for tests, whose state the test sets. */
export interface FakeSession extends Session {
  /** The store of the session: `attachOAuth(api, session.store)` attaches an instance to this session. */
  readonly store: TokenStore
  /** Changes the state, and calls subscribers and listeners synchronously. */
  readonly set: (state: FakeSessionState) => void
}

const statuses: readonly unknown[] = ['signed_in', 'signed_out', 'unknown', 'unavailable'] satisfies FakeSessionState['status'][]

/** The times that a `Date` can express, in epoch milliseconds. */
const LAST_DATE = 8.64e15

const rules: Readonly<Record<keyof FakeSessionState, OptionRule>> = {
  status: [statuses.join(', '), (value) => statuses.includes(value)],
  user: ['a non-empty string', (value) => typeof value === 'string' && value !== ''],
  scope: ['a string', (value) => typeof value === 'string'],
  expiresAt: ['a time in epoch milliseconds', (value) => typeof value === 'number' && Math.abs(value) <= LAST_DATE],
  tokens: ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)],
  reason: ['a string', (value) => typeof value === 'string'],
  error: ['an OAuthError', isOAuthError],
  lastError: ['an OAuthError', isOAuthError],
  refreshing: flag,
}

const unreadable = (): OAuthError => new OAuthError('OAUTH_STORE_FAILED', 'The token store (fake) can not be read.')

/**
 * Makes a session for the tests of an application, without servers, storage or timers. From the first `getSnapshot()` on the
 * session has the given state. It is a real session in memory: components can subscribe, `signIn`, `signOut` and `refresh` work,
 * and `attachOAuth(api, session.store)` attaches an axios instance. `unknown` and `unavailable` last until `set`, `signIn` or
 * `signOut`, at which waiting requests reject, as at any sign-in, unless the same user signs in again. Throws a `TypeError` that
 * names the invalid option, or `OAUTH_TOKEN_INVALID` for unusable `tokens`.
 *
 * @example
 * const session = fakeSession({ status: 'signed_in', user: 'ann' })
 * render(<OAuthProvider session={session}><App /></OAuthProvider>)
 * session.set({ status: 'signed_out', reason: 'invalid_grant' })
 */
export function fakeSession(options?: FakeSessionOptions): FakeSession {
  const { refresh, ...initial } = options ?? {}
  checkOptions('fakeSession: ', options ?? {}, { ...rules, refresh: ['a function', isFunction] })
  const memory = memoryStore()
  let overlay: Overlay = {}
  /** The state that `set` gives the session, until the session has changed. */
  let setting: FakeSessionState | undefined
  let issued = 1
  const waiting = new Set<() => void>()

  const store: TokenStore = {
    name: 'fake',
    read: () => memory.read(),
    write: (tokens, context) => memory.write(tokens, context),
    refresh: refresh ?? (() => ({ access_token: `fake-token-${++issued}` })),
  }
  const session = createSession(store)
  const open = openSessionOf(session) as OpenSession
  const { signIn, signOut } = session

  /** Resolves when the status is known. Rejects while the session is unavailable. */
  async function opened(): Promise<void> {
    if (overlay.status === 'unavailable') throw overlay.error as OAuthError
    if (overlay.status === 'unknown') await new Promise<void>((resolve) => waiting.add(resolve))
  }

  function set(next: FakeSessionState): void {
    checkOptions('set: ', next ?? {}, rules)
    const {
      status = 'signed_in',
      user,
      scope,
      expiresAt,
      tokens,
      reason = 'requested',
      error,
      lastError,
      refreshing,
    } = next ?? {}
    const set = {
      access_token: `fake-token-${issued}`,
      refresh_token: 'fake-refresh-token',
      ...(scope !== undefined && { scope }),
      ...(expiresAt !== undefined && { expires_at: new Date(Math.max(expiresAt, 1)).toISOString() }),
      ...tokens,
    }
    // `signIn` would reject, and nothing awaits it.
    if (status === 'signed_in') parseStoredTokens(set, Date.now())
    overlay = {
      ...(status === 'signed_out' && { reason }),
      ...(status === 'unavailable' && { status, error: error ?? unreadable() }),
      ...(status === 'unknown' && { status }),
      ...(lastError && { lastError }),
      ...(refreshing && { refreshing }),
    }
    setting = next ?? {}
    if (status === 'signed_in') void signIn(set, user === undefined ? {} : { user })
    else if (status === 'signed_out') void signOut()
    setting = undefined
    open.notifications.notify()
    if (status !== 'unknown') release()
  }

  function release(): void {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  gateSession(open, { isOpen: () => overlay.status === undefined, opened })
  overlaySession(open, {
    shown: (hasChanged) => {
      // The session itself has changed, by a sign-in, a refresh or a 401.
      if (hasChanged && !setting) overlay = {}
      if (hasChanged) setting = undefined
      return overlay
    },
    reason: () => reasonOf(setting),
  })
  open.notifications.subscribe(() => {
    if (overlay.status === undefined) release()
  })

  const fake: FakeSession = Object.assign(session, { store, set })
  set(initial)
  return fake
}

function reasonOf({ reason }: FakeSessionState = {}): { reason?: SignOutReason } {
  return reason === undefined || reason === 'empty' ? {} : { reason }
}
