import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { mapTokens } from 'axios-attach-oauth/map-tokens'
import { webStore } from 'axios-attach-oauth/web'

export const api = axios.create({ baseURL: 'https://api.example.com' })

// The backend answers in a form of its own, so it is mapped.
const { refresh } = mapTokens<{ token: string; refreshToken?: string }>({
  read: ({ token, refreshToken }) => ({
    access_token: token,
    ...(refreshToken && { refresh_token: refreshToken }),
  }),
})

export const session = attachOAuth(api, webStore(), {
  refresh: refresh(async (tokens, { signal }) => {
    const { data } = await axios.post(
      '/auth/refresh',
      { refreshToken: tokens?.refresh_token },
      { signal },
    )
    return data
  }),
})
session.on('signed_out', () => location.assign('/login'))

// Call it when the page is loaded: without tokens, no session can end.
export const requireLogin = async () => {
  if (!(await session.tokens())) location.assign('/login')
}

// After the login, in place of the two calls of localStorage.setItem:
export const signedIn = (token: string, refreshToken: string) =>
  session.signIn({ access_token: token, refresh_token: refreshToken })
