// A test of Node's own runner: it ends by itself although a session listens to other tabs and watches the time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { keepAlive } from 'axios-attach-oauth/keep-alive'
import { webStore } from 'axios-attach-oauth/web'
import { JSDOM } from 'jsdom'

// The page of global-jsdom: Node's own BroadcastChannel stays.
const { window } = new JSDOM('', { url: 'https://app.example.com/' })
for (const name of ['window', 'document', 'localStorage', 'sessionStorage', 'navigator'])
  Object.defineProperty(globalThis, name, { value: name === 'window' ? window : window[name], configurable: true })

test('a session in localStorage is refreshed', async () => {
  const adapter = async (config) => ({
    data: config.headers.get('Authorization'),
    status: 200,
    statusText: '',
    headers: {},
    config,
  })
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  const refresh = async () => ({ access_token: 'new', refresh_token: 'r2', expires_in: 3600 })
  const session = attachOAuth(api, webStore(), { refresh, keepAlive: keepAlive() })
  session.subscribe(() => undefined)
  await session.signIn({ access_token: 'old', refresh_token: 'r1', expires_at: 1_700_000_000 })
  assert.equal((await api.get('/me')).data, 'Bearer new')
  assert.ok(typeof BroadcastChannel === 'function')
  assert.match(JSON.stringify(Object.entries(localStorage)), /r2/)
})
