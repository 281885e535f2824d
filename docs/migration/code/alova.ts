import axios from 'axios'
import { attachOAuth, type TokenResponse } from 'axios-attach-oauth'
import { webStore } from 'axios-attach-oauth/web'

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, webStore(), {
  refresh: async (tokens, { signal }) => {
    const body = { refresh_token: tokens?.refresh_token }
    // Requests of the refresh function pass by themselves: no meta data is needed.
    const { data } = await api.post<TokenResponse>('/token/refresh', body, {
      signal,
    })
    return data
  },
})
session.on('signed_out', () => location.assign('/login'))

export async function login(name: string, password: string): Promise<void> {
  const { data } = await api.post<TokenResponse>(
    '/login',
    { name, password },
    { oauth: false },
  )
  await session.signIn(data)
}

export const news = () => api.get('/news', { oauth: false })
