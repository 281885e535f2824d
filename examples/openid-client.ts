/**
 * `openid-client` as the refresh function, in one line.
 *
 * API_URL, ISSUER, CLIENT_ID and TOKENS (JSON) come from the environment.
 */
import axios from 'axios'
import { attachOAuth, memoryStore } from 'axios-attach-oauth'
import * as client from 'openid-client'

const { API_URL = '', ISSUER = '', CLIENT_ID = '', TOKENS = '{}' } = process.env

// For an issuer on this machine with plain http; leave `execute` out for any other.
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
})

const api = axios.create({ baseURL: API_URL })
attachOAuth(api, memoryStore(JSON.parse(TOKENS)), {
  refresh: (tokens) => client.refreshTokenGrant(config, tokens?.refresh_token ?? ''),
})

const { status } = await api.get('/me')
console.log(`The API answered ${status}`)
