import axios from 'axios'
import { attachOAuth, isOAuthError, type TokenJSON } from 'axios-attach-oauth'
import { webStore } from 'axios-attach-oauth/web'

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, webStore(), {
  refresh: async (tokens, { signal }) => {
    const { data } = await axios.post(
      'https://api.example.com/auth/refresh',
      { token: tokens?.refresh_token },
      { signal },
    )
    return {
      access_token: data.access_token,
      ...(data.expires_in && { expires_in: data.expires_in }),
    }
  },
  // axios-jwt signs out after a 422, too.
  classify: ({ status }) =>
    status === 401 || status === 422 ? 'ended' : undefined,
})

export const login = (tokens: TokenJSON) => session.signIn(tokens)
export const logout = () => session.signOut()
export const isLoggedIn = async () => (await session.tokens()) !== undefined

/**
 * The users who signed in with axios-jwt stay signed in. Call it once at the
 * start.
 */
export async function takeOver(): Promise<void> {
  const text =
    localStorage.getItem('auth-tokens-production') ??
    localStorage.getItem('auth-tokens-development')
  if (text === null || (await session.tokens())) return
  const { accessToken, refreshToken } = JSON.parse(text) as {
    accessToken: string
    refreshToken: string
  }
  await session.signIn({ access_token: accessToken, refresh_token: refreshToken })
  Object.keys(localStorage)
    .filter((key) => key.startsWith('auth-tokens-'))
    .forEach((key) => localStorage.removeItem(key))
}

export const whyNot = (error: unknown): string =>
  isOAuthError(error) ? error.code : String(error)
