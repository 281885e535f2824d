/**
 * `openid-client` as the refresh function, in one line. Whatever gets a new token fits there: a call to one's own backend, which knows the user by
 * a cookie, would be `() => axios.post('/session/token').then(({ data }) => data)`.
 *
 * API_URL, ISSUER, CLIENT_ID and TOKENS (JSON) come from the environment.
 */
import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import * as client from 'openid-client'

const { API_URL = '', ISSUER = '', CLIENT_ID = '', TOKENS = '{}' } = process.env

// An issuer on this very machine may speak plain http; leave `execute` out for a real one.
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
})

const api = axios.create({ baseURL: API_URL })
attachOAuth(api, memoryStore(JSON.parse(TOKENS)), {
  refresh: (tokens) => client.refreshTokenGrant(config, tokens?.refresh_token ?? ''),
})

const { status } = await api.get('/me')
console.log(`The API answered ${status}`)
