import { cookieSession } from './axios/cookie-session.js'
import { aFunction, checkOptions, isFunction, type OptionRule } from './check-options.js'
import { defined } from './defined.js'
import { brandAsSafe, OAuthError } from './errors.js'
import { readState, toState, toTokens, userOfState, type CookieState } from './cookies/state.js'
import { deriveStore } from './map-tokens/derive-store.js'
import type { Session } from './session/session.js'
import { webStore } from './stores/web.js'
import { isPage } from './stores/web/platform.js'
import type { RefreshContext, RefreshFunction, RevokeFunction, TokenResponse, TokenSet, TokenStore } from './types.js'

export type { CookieState }

/**
 * Asks the backend to renew the cookies. Resolves with the state that the backend reports, with nothing when it reports none, or
 * with `null` when the session is over. Rejects when the backend gives no answer; the session classifies the rejection like that
 * of a `RefreshFunction`.
 *
 * @example
 * const refresh: RefreshCookies = async (_state, { signal }) => {
 *   const response = await fetch('/auth/refresh', { method: 'POST', signal })
 *   if (response.status === 401) return null
 *   if (!response.ok) throw response
 *   return response.json() // { user, expires_in }
 * }
 */
export type RefreshCookies = (
  state: CookieState | undefined,
  context: RefreshContext,
) => CookieState | null | undefined | void | PromiseLike<CookieState | null | undefined | void>

/** The options of `httpOnlyCookies`. */
export interface HttpOnlyCookiesOptions {
  /** Asks the backend to renew the cookies. */
  readonly refresh: RefreshCookies
  /** Ends the session at the backend, for `session.signOut({ revoke: true })`. Default: none. */
  readonly revoke?: (context: { readonly signal: AbortSignal }) => unknown
  /** The name of the item in `localStorage` with the state, and of the lock. Two sign-ins on one origin need two keys. Default: `axios-attach-oauth.cookies`. */
  readonly key?: string
}

const rules: Record<keyof HttpOnlyCookiesOptions, OptionRule> = {
  refresh: ['a function (state, context) → { user, expires_in }, or null', isFunction],
  revoke: aFunction,
  key: ['a non-empty string', (value) => typeof value === 'string' && value !== ''],
}

/** The state that `refresh` resolved with. Only a page of HTML, which a proxy may have sent, is a reason to try again later. */
function readAnswer(answer: unknown): CookieState {
  try {
    // axios reads an empty body as an empty text.
    return readState('httpOnlyCookies: the result of refresh', answer === '' ? {} : (answer ?? {}))
  } catch (cause) {
    if (typeof answer === 'string' && /^\s*</.test(answer)) throw cause
    const text = `${(cause as Error).message}. The state was kept.`
    throw new OAuthError('OAUTH_REFRESH_UNAVAILABLE', text, { cause, retryable: false })
  }
}

function requirePage(): void {
  if (!isPage())
    throw new OAuthError(
      'OAUTH_STORE_FAILED',
      'httpOnlyCookies refreshes in a page only: a server or a worker has no localStorage. There, refresh in the code that sends the request.',
    )
}

/**
 * Replaces a store when a backend keeps the tokens in HttpOnly cookies, which no script can read. Requests to allowed origins are
 * sent with `withCredentials`. As with tokens, one refresh serves any number of 401s in all tabs, each request is sent again
 * once, and failures have the same meaning.
 *
 * The state is `{ user, expires_in }`, from `refresh` or from `session.signIn({ user, expires_in })`. Tabs share it in
 * `localStorage`. Until a state is known, requests are sent unchanged, and a 401 calls `refresh`. If `user` is known, a request
 * of one user is never sent again for another. On a server and in a worker, which share no state with the page, requests are sent
 * unchanged, and a 401 is left to the caller.
 *
 * `session.tokens()` and `session.refresh()` resolve with the state; `session.getAccessToken()` rejects with a `TypeError`.
 * `session.signOut()` does not remove the cookies; the backend does. A request with `oauth: false` is sent unchanged. Throws a
 * `TypeError` that names the invalid option.
 *
 * @example
 * const session = attachOAuth(api, httpOnlyCookies({ refresh, revoke: () => fetch('/auth/logout', { method: 'POST' }) }))
 * await session.signIn({ user: account.id, expires_in: 600 })
 */
export function httpOnlyCookies(options: HttpOnlyCookiesOptions): TokenStore {
  const given: HttpOnlyCookiesOptions = options ?? {}
  checkOptions('httpOnlyCookies: ', { ...given, refresh: given.refresh ?? null }, rules)
  const { refresh, revoke, key = 'axios-attach-oauth.cookies' } = given

  const web = webStore({ key, fallback: 'memory' })
  const signedOut = { signed_out: true }
  let isSignedOut = false
  let session: Session | undefined

  /** The set after a refresh. A user that the backend reports for the first time, or another user, counts as a sign-in. */
  async function nextTokens(tokens: TokenSet | undefined, answer: unknown, signal: AbortSignal): Promise<TokenResponse> {
    const state = readAnswer(answer)
    const next = toTokens(state)
    const user = userOfState(state)
    const known = tokens && userOfState(tokens)
    if (user === undefined || user === known || (tokens && known === undefined)) return next
    if (signal.aborted) throw signal.reason
    await session?.signIn(next, { user })
    if (known === undefined) return next
    throw brandAsSafe(new Error('The cookies belong to another user now'))
  }

  const renew: RefreshFunction = async (tokens, context) => {
    if (!tokens && isSignedOut && context.reason !== 'requested') return null
    const state = tokens && readState('httpOnlyCookies: the stored state', tokens)
    const answer: unknown = await refresh(state, context)
    return answer === null ? null : nextTokens(tokens, answer, context.signal)
  }

  const endAtBackend: RevokeFunction = async (_tokens, context) => {
    // Cookies do not belong to one sign-in: revoking would end the session of a user who has signed in meanwhile.
    if (session?.getSnapshot().status === 'signed_in')
      throw brandAsSafe(new Error('A user is signed in: the cookies are left alone'))
    await revoke?.(context)
  }

  function adapt(adapted: Session): void {
    const { signIn, tokens, refresh: refreshNow } = adapted
    session = { ...adapted }
    const changed: Pick<Session, 'signIn' | 'tokens' | 'refresh' | 'getAccessToken'> = {
      async signIn(signedIn, options) {
        const state = readState('signIn: the state', signedIn, options?.user !== undefined)
        const user = options?.user ?? userOfState(state)
        const given = typeof options === 'string' ? options : defined({ ...options, user })
        await signIn(toTokens(user === undefined ? state : { ...state, user }), given)
      },
      tokens: async () => {
        const present = await tokens()
        return present && toState(present)
      },
      refresh: async () => toState(await refreshNow()),
      getAccessToken: () =>
        Promise.reject(
          new TypeError('getAccessToken: the tokens of this session are in HttpOnly cookies, which no script can read'),
        ),
    }
    Object.assign(adapted, changed, { [cookieSession]: true })
  }

  const derived = deriveStore(web, {
    async read() {
      if (!isPage()) return undefined
      const found = await web.read()
      isSignedOut = found?.signed_out === true
      return isSignedOut ? undefined : found
    },
    write(tokens, context) {
      requirePage()
      const replacing = context.replacing ?? (isSignedOut ? signedOut : undefined)
      return web.write(tokens ?? (context.mode === 'set' ? signedOut : undefined), { ...context, replacing })
    },
    async lock(run, signal) {
      requirePage()
      return web.lock(run, signal)
    },
  })
  return Object.assign(derived, {
    // Cookies take effect when they arrive, so a response must not follow a sign-in or sign-out.
    refresh: Object.assign(renew, { abortWhenSuperseded: true, ...(revoke && { revoke: endAtBackend }) }),
    [cookieSession]: adapt,
  })
}
