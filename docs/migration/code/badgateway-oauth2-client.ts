import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { fileStore } from 'axios-attach-oauth/file'
import { refreshToken } from 'axios-attach-oauth/grants'
import { mapTokens } from 'axios-attach-oauth/map-tokens'

const api = axios.create({ baseURL: 'https://api.example.com' })

// mapTokens reads and writes { accessToken, refreshToken, expiresAt }, so that the
// stored tokens stay as they are.
export const session = attachOAuth(
  api,
  mapTokens().store(fileStore('token-store.json')),
  {
    refresh: refreshToken({
      issuer: 'https://login.example.com',
      clientId: 'my-app',
      clientSecret: () => process.env.CLIENT_SECRET ?? '',
      clientAuthentication: { method: 'client_secret_basic', encoding: 'none' },
    }),
  },
)
session.on('signed_out', () => console.log('Please sign in again.'))

export const getOrders = async (): Promise<unknown> =>
  (await api.get('/orders')).data
export { api }
