import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import { clientCredentials } from 'axios-attach-oauth/grants'

const { CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, memoryStore(), {
  refresh: clientCredentials({
    issuer: 'https://login.example.com',
    clientId,
    clientSecret,
    scope: 'read',
  }),
})

export async function listOrders(): Promise<unknown> {
  const { data } = await api.get('/orders')
  return data
}
