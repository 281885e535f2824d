import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { webStore } from 'axios-attach-oauth/web'

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, webStore(), {
  refresh: async (_tokens, { signal }) => {
    const { data } = await axios.post(
      'https://api.example.com/auth/refresh',
      undefined,
      { signal },
    )
    return { access_token: data.token }
  },
  isExpired: [419],
  beforeResend: (config) => void config.headers.set('X-Nonce', crypto.randomUUID()),
})

export async function login(name: string, password: string): Promise<void> {
  const { data } = await api.post<{ token: string }>(
    '/login',
    { name, password },
    { oauth: false },
  )
  await session.signIn({ access_token: data.token })
}
