import axios from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { wired } from '../helpers/wired.js'

const oldest = axios.VERSION === '1.7.0'
const tokens = { access_token: 'new' }

it.each([{}, { interceptors: {} }, { interceptors: { request: {} } }])('%j is no instance', (value) => {
  expect(() => attachOAuth(value as never, memoryStore(), { refresh: false })).toThrow(/must be an axios instance/)
})

it('a second call for one instance says how to get out of the first', () => {
  const { api } = wired()
  expect(() => attachOAuth(api, memoryStore(), { refresh: false })).toThrow(/attached already; call detach\(\)/)
})

it('in a browser a relative base is the page’s own server', async () => {
  Object.assign(globalThis, { location: { href: 'https://app.example.com/start' } })
  try {
    const { api, sent } = wired({ tokens, defaults: { baseURL: '/api' } })
    await api.get('/x')
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
  } finally {
    Reflect.deleteProperty(globalThis, 'location')
  }
})

// The oldest release doesn't know the option, and refuses it.
if (!oldest)
  it('a request that turns the order of interceptors round gets no token where one of them leads it, also after a 401', async () => {
    const { api, session, sent } = wired({ tokens })
    await session.tokens()
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: 'https://elsewhere.example.com' }))
    const transitional = { legacyInterceptorReqResOrdering: false } as object
    expect(await rejection(api.get('/x', { transitional }))).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 401 } })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined])
  })
