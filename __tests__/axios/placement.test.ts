import axios, { type AxiosInstance } from 'axios'
import { rejection } from '../helpers/client.js'
import { taker } from '../helpers/taker.js'

const oldest = axios.VERSION === '1.7.0'
const reversed = { legacyInterceptorReqResOrdering: false } as object
const others = (api: AxiosInstance): unknown => api.interceptors.request.use((config) => config, null, { synchronous: true })
const kinds = ['request', 'response'] as const

// The oldest release doesn't know the option, and refuses it.
describe.each<[string, object | undefined]>([
  ['by axios’ usual order', undefined],
  ...(oldest ? [] : [['with legacyInterceptorReqResOrdering off', reversed] as [string, object]]),
])('%s', (_name, transitional) => {
  const setUp = (): ReturnType<typeof taker> => {
    const server = taker()
    if (transitional) server.api.defaults.transitional = { ...server.api.defaults.transitional, ...transitional }
    return server
  }

  it.each(['before', 'after'])('among others that were there %s, a valid token is sent at the first try', async (when) => {
    const { api, attach, sent } = setUp()
    if (when === 'before') others(api)
    const session = attach({}, { access_token: 'new' })
    if (when === 'after') others(api)
    await session.tokens()
    const pending = api.get('/x')
    // Without a promise, too.
    expect(sent).toEqual(['Bearer new'])
    await pending
  })

  it('a token that is over as soon as it is there is got once', async () => {
    const { api, attach, sent } = setUp()
    others(api)
    let refreshes = 0
    const refresh = (): object => (refreshes++, { access_token: 'new', expires_in: 0 })
    attach({ refresh: refresh as never }, { access_token: 'old', refresh_token: 'r', expires_at: 1 })
    await api.get('/x')
    expect([refreshes, sent]).toEqual([1, ['Bearer new']])
  })

  it('what another interceptor fails with is the caller’s, and nothing is sent', async () => {
    const failure = new Error('made up')
    for (const tokens of [{ access_token: 'new' }, { access_token: 'old', expires_at: 1 }]) {
      const { api, attach, sent } = setUp()
      const session = attach({}, tokens)
      await session.tokens().catch(() => undefined)
      api.interceptors.request.use(() => Promise.reject(failure))
      expect(await rejection(api.get('/x'))).toBe(failure)
      expect(sent).toStrictEqual([])
    }
  })
})

describe('detaching', () => {
  it('a second time does nothing to what was attached since', async () => {
    const { api, attach, sent } = taker()
    const first = attach()
    first.detach()
    attach({}, { access_token: 'new' })
    first.detach()
    expect(() => attach()).toThrow(/attached already/)
    await api.get('/x')
    expect(sent).toStrictEqual(['Bearer new'])
  })

  type Visitor = { forEach: (visit: (handler: unknown) => void) => void }
  const managers = (api: AxiosInstance): Visitor[] => kinds.map((kind) => api.interceptors[kind] as never)
  const setUp = (): ReturnType<typeof taker> => {
    const server = taker(() => ({ status: 200 }))
    for (const kind of kinds) server.api.interceptors[kind].use((value: unknown) => value as never)
    return server
  }

  it('leaves managers that had no forEach of their own without one', () => {
    const { api, attach } = setUp()
    attach().detach()
    expect(managers(api).map((manager) => Object.hasOwn(manager, 'forEach'))).toEqual([false, false])
  })

  it('gives back the forEach that somebody had put there before', () => {
    const { api, attach } = setUp()
    const theirs = managers(api).map((manager) => (manager.forEach = manager.forEach.bind(manager)))
    attach().detach()
    expect(managers(api).map(({ forEach }) => forEach)).toEqual(theirs)
  })

  it('leaves the forEach that somebody has put over it, and sends no token any more', async () => {
    const { api, attach, sent } = setUp()
    const session = attach()
    const theirs = managers(api).map((manager) => (manager.forEach = manager.forEach.bind(manager)))
    session.detach()
    expect(managers(api).map(({ forEach }) => forEach)).toEqual(theirs)
    await api.get('/x')
    expect(sent).toStrictEqual([undefined])
  })
})

it('an interceptor that was ejected before is no hindrance', async () => {
  const { api, attach, sent } = taker()
  for (const kind of kinds) api.interceptors[kind].eject(api.interceptors[kind].use((value: unknown) => value as never))
  attach({}, { access_token: 'new' })
  await api.get('/x')
  expect(sent).toEqual(['Bearer new'])
})

it('an instance without transitional options is one of the usual order', async () => {
  const { api, attach, sent } = taker()
  delete api.defaults.transitional
  others(api)
  attach({}, { access_token: 'new' })
  await api.get('/x')
  expect(sent).toEqual(['Bearer new'])
})

if (!oldest)
  it('a request that turns the order round is recovered with the present token', async () => {
    const { api, attach, sent } = taker()
    const session = attach({}, { access_token: 'new' })
    await session.tokens()
    others(api)
    await api.get('/x', { transitional: reversed })
    expect(sent).toStrictEqual([undefined, 'Bearer new'])
  })

it('a header that is there and has no value is not the caller’s own', async () => {
  const { api, attach, sent } = taker()
  await attach({}, { access_token: 'new' }).tokens()
  api.interceptors.request.use((config) => (Object.assign(config.headers, { authorization: undefined }), config))
  await api.get('/x')
  expect(sent).toEqual(['Bearer new'])
})

it('in a browser a relative base is the page’s own server', async () => {
  const { api, attach, sent } = taker()
  api.defaults.baseURL = '/api'
  Object.assign(globalThis, { location: { href: 'https://app.example.com/start' } })
  try {
    attach({}, { access_token: 'new' })
    await api.get('/x')
  } finally {
    Reflect.deleteProperty(globalThis, 'location')
  }
  expect(sent).toEqual(['Bearer new'])
})
