import axios, { type AxiosInstance } from 'axios'
import {
  attachOAuth,
  createSession,
  isOAuthError,
  type TokenJSON,
  type TokenStore,
} from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { seal, unseal } from './seal.js'

/**
 * The store of one request: reads the cookie that came, and keeps the cookie to
 * answer with.
 */
function cookieStore(
  cookie: string | undefined,
): TokenStore & { cookie: string | undefined } {
  const store = {
    cookie,
    read: () => unseal<TokenJSON>(store.cookie),
    write: (tokens: TokenJSON | undefined) =>
      void (store.cookie = tokens && seal(tokens)),
  }
  return store
}

/**
 * For Server Components: they can't write a cookie, so this instance never
 * refreshes.
 */
export function apiFor(cookie: string | undefined): AxiosInstance {
  const api = axios.create({ baseURL: process.env.API_URL ?? '' })
  attachOAuth(api, cookieStore(cookie), { refresh: false })
  return api
}

/**
 * For proxy.ts, which runs before the page and can write cookies: the cookie after
 * a refresh, if one is due.
 */
export async function renewedCookie(cookie: string): Promise<string | undefined> {
  const store = cookieStore(cookie)
  const {
    ISSUER: issuer = '',
    CLIENT_ID: clientId = '',
    CLIENT_SECRET: clientSecret = '',
  } = process.env
  const session = createSession(store, {
    refresh: refreshToken({ issuer, clientId, clientSecret }),
  })
  try {
    await session.getAccessToken({ validFor: 30_000 })
  } catch (error) {
    // A session that has ended has emptied its store; after any other failure the
    // tokens stay.
    if (!isOAuthError(error)) throw error
  }
  return store.cookie
}
