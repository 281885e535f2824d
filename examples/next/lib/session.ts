import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, createSession, isOAuthError, type TokenJSON, type TokenStore } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { seal, unseal } from './seal'

export const COOKIE = 'session'
export const cookieOptions = {
  httpOnly: true,
  sameSite: 'lax',
  secure: process.env.NODE_ENV === 'production',
  path: '/',
} as const

/** The token store of one request: it reads the cookie that came, and keeps the one to answer with. */
function cookieStore(cookie: string | undefined): TokenStore & { readonly cookie: string | undefined } {
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
 * An axios instance for one request of one user. It never refreshes: where it is used, in a Server Component, no cookie can be written, and the rotated refresh
 * token would be lost. The proxy has refreshed before.
 */
export function apiFor(cookie: string | undefined): AxiosInstance {
  const api = axios.create({ baseURL: process.env.API_URL })
  attachOAuth(api, cookieStore(cookie), { refresh: false })
  return api
}

async function renew(cookie: string): Promise<string | undefined> {
  const store = cookieStore(cookie)
  const { ISSUER: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret } = process.env
  const session = createSession(store, { refresh: refreshToken({ issuer, clientId, ...(clientSecret && { clientSecret }) }) })
  try {
    // Long enough for everything that this request does with the token.
    await session.getAccessToken({ validFor: 30_000 })
  } catch (error) {
    // A session that ended has emptied its store; after anything else the tokens are kept.
    if (!isOAuthError(error)) throw error
  }
  return store.cookie
}

const running = new Map<string, Promise<string | undefined>>()

/**
 * The cookie after a refresh, if one is due. Requests with the same cookie share a refresh, those of the next minute too: a browser sends several before it has
 * the new cookie. With more than one server process, keep the tokens in `axios-attach-oauth/redis` and only a session id in the cookie.
 */
export function renewedCookie(cookie: string): Promise<string | undefined> {
  const known = running.get(cookie)
  if (known) return known
  const result = renew(cookie)
  running.set(cookie, result)
  const forget = (): void => void running.delete(cookie)
  result.then((renewed) => (renewed === cookie ? forget() : setTimeout(forget, 60_000).unref()), forget)
  return result
}
