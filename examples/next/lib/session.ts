import axios, { type AxiosInstance } from 'axios'
import {
  attachOAuth,
  createSession,
  isOAuthError,
  type TokenJSON,
  type TokenStore,
} from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { seal, unseal } from './seal'

export const COOKIE = 'session'
export const cookieOptions = {
  httpOnly: true,
  sameSite: 'lax',
  secure: process.env.NODE_ENV === 'production',
  path: '/',
} as const

/**
 * The token store of one request: reads the cookie that came, and keeps the cookie
 * to answer with.
 */
function cookieStore(
  cookie: string | undefined,
): TokenStore & { readonly cookie: string | undefined } {
  let present = cookie
  return {
    name: 'cookie',
    read: () => unseal<TokenJSON>(present),
    write: (tokens) => void (present = tokens && seal(tokens)),
    get cookie() {
      return present
    },
  }
}

/**
 * An axios instance for one request of one user, for Server Components and route
 * handlers. They come after proxy.ts, so this instance never refreshes.
 */
export function apiFor(cookie: string | undefined): AxiosInstance {
  const api = axios.create({ baseURL: process.env.API_URL ?? '' })
  attachOAuth(api, cookieStore(cookie), { refresh: false })
  return api
}

async function renew(cookie: string): Promise<string | undefined> {
  const store = cookieStore(cookie)
  const {
    ISSUER: issuer = '',
    CLIENT_ID: clientId = '',
    CLIENT_SECRET: clientSecret,
  } = process.env
  const session = createSession(store, {
    refresh: refreshToken({
      issuer,
      clientId,
      ...(clientSecret && { clientSecret }),
    }),
  })
  try {
    // Long enough for all that this request does with the token.
    await session.getAccessToken({ validFor: 30_000 })
  } catch (error) {
    // A session that has ended has emptied its store; after any other failure the
    // tokens stay.
    if (!isOAuthError(error)) throw error
  }
  return store.cookie
}

const running = new Map<string, Promise<string | undefined>>()

/**
 * For proxy.ts: the cookie after a refresh, if one is due. Requests with the same
 * cookie share a refresh, also during the next minute: a browser sends several
 * before it has the new cookie.
 */
export function renewedCookie(cookie: string): Promise<string | undefined> {
  const known = running.get(cookie)
  if (known) return known
  const result = renew(cookie)
  running.set(cookie, result)
  const forget = (): void => void running.delete(cookie)
  result.then(
    (renewed) =>
      renewed === cookie ? forget() : setTimeout(forget, 60_000).unref(),
    forget,
  )
  return result
}
