import axios from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { wired } from '../helpers/wired.js'

const oldest = axios.VERSION === '1.7.0'
const tokens = { access_token: 'new' }

it.each([{}, { interceptors: {} }, { interceptors: { request: {} } }, null])(
  'attaching to %j, which is no instance, is a TypeError',
  (value) => {
    expect(() => attachOAuth(value as never, memoryStore(), { refresh: false })).toThrow(/must be an axios instance/)
  },
)

it('in a browser a relative baseURL is allowed: it is the page’s own origin', async () => {
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
  it('a request whose options reverse the order of interceptors gets no token for the other origin that an interceptor sets, also after a 401', async () => {
    const { api, session, sent } = wired({ tokens })
    await session.tokens()
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: 'https://elsewhere.example.com' }))
    const transitional = { legacyInterceptorReqResOrdering: false } as object
    expect(await rejection(api.get('/x', { transitional }))).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 401 } })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined])
  })
