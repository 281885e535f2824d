import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { httpOnlyCookies, type RefreshCookies } from 'axios-attach-oauth/cookies'

const refresh: RefreshCookies = async (_state, { signal }) => {
  const response = await fetch('/auth/refresh', { method: 'POST', signal })
  if (response.status === 401) return null // the session is over
  if (!response.ok) throw response
  return response.json() // { user, expires_in }
}

export const api = axios.create({ baseURL: '/api' })

export const session = attachOAuth(
  api,
  httpOnlyCookies({
    refresh,
    revoke: () => fetch('/auth/logout', { method: 'POST' }),
  }),
)

export async function login(name: string, password: string): Promise<void> {
  const { data } = await api.post<{ user: string; expires_in: number }>('/login', {
    name,
    password,
  })
  await session.signIn(data)
}
