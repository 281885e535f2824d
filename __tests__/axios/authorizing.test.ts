import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, createSession, memoryStore } from '../../src/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'
import { wired, type WireClient } from '../helpers/wired.js'

const oldest = axios.VERSION === '1.7.0'
const reversed = { transitional: { legacyInterceptorReqResOrdering: false } as object }
const valid = { access_token: 'new' }
const expired = { access_token: 'old', refresh_token: 'r', expires_at: 1 }
const pass = (config: InternalAxiosRequestConfig): typeof config => config

interface Visited {
  handlers: unknown[] | null
  forEach: unknown
}
const managers = ({ interceptors }: AxiosInstance): Visited[] =>
  [interceptors.request, interceptors.response] as unknown as Visited[]

const others: [string, (api: AxiosInstance) => unknown][] = [
  ['no other', () => undefined],
  ['a synchronous interceptor', ({ interceptors }) => interceptors.request.use(pass, null, { synchronous: true })],
  ['an asynchronous interceptor', ({ interceptors }) => interceptors.request.use(pass)],
]
const orders: [string, object][] = [
  ['in the usual order', {}],
  ...(oldest ? [] : ([['in the reverse order', reversed]] as [string, object][])),
]

describe.each(orders)('%s', (_order, request) => {
  describe.each(others)('registered before: %s', (_who, before) => {
    it('a valid token is sent', async () => {
      const { api, session, sent } = wired({ tokens: valid, before })
      await session.tokens()
      await api.get('/x', before === others[0]![1] ? {} : request)
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
    })

    it('a request that has to wait does so once, and its body is created once', async () => {
      let created = 0
      const { api, session, sent } = wired({ tokens: expired, before, defaults: request })
      const events: string[] = []
      for (const name of ['queued', 'released', 'resent'] as const) session.on(name, () => events.push(name))
      await api.post('/x', undefined, { oauth: { body: () => `body ${++created}` } })
      expect(sent).toMatchObject([{ authorization: 'Bearer new', data: 'body 1' }])
      expect([events, created]).toEqual([['queued', 'released'], 1])
    })

    it('a request while the session is signed out waits once, too', async () => {
      const { api, session, sent } = wired({ before, defaults: request, wire: () => ({}) })
      await session.signOut()
      const events: string[] = []
      for (const name of ['queued', 'released'] as const) session.on(name, () => events.push(name))
      await api.get('/x')
      expect([events, sent.length]).toEqual([['queued', 'released'], 1])
    })
  })

  it('synchronous interceptors of the application do not make axios wait before the adapter', async () => {
    const { api, session, sent } = wired({ tokens: valid, before: others[1]![1], defaults: request })
    await session.tokens()
    const pending = api.get('/x')
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
    await pending
  })
})

describe('a request that another interceptor rejects is not sent, and its caller gets the reason', () => {
  const reason = new Error('made up')
  const rethrow = (error: unknown): never => {
    throw error
  }
  it.each([
    ['waits', expired, () => Promise.reject(reason)],
    ['does not wait', valid, () => Promise.reject(reason)],
    [
      'would be sent synchronously',
      valid,
      () => {
        throw reason
      },
    ],
  ])('where it %s', async (name, tokens, refuse) => {
    const { api, session, sent } = wired({ tokens })
    await session.tokens()
    api.interceptors.request.use(refuse, rethrow, { synchronous: name === 'would be sent synchronously' })
    expect(await rejection(api.get('/x'))).toBe(reason)
    expect(sent).toStrictEqual([])
  })
})

describe('the session, the credential and the origin of a request are judged when it is sent', () => {
  const tricks: [string, (config: InternalAxiosRequestConfig, other: ReturnType<typeof createSession>) => unknown, unknown][] = [
    ['nothing new', () => undefined, 'Bearer new'],
    ['the opt-out', (config) => (config.oauth = false), undefined],
    ['another session', (config, other) => (config.oauth = other), 'Bearer other'],
    ['another session in options', (config, other) => (config.oauth = { session: other }), 'Bearer other'],
    ['its own authorization', ({ headers }) => headers.set('authorization', 'Basic made-up'), 'Basic made-up'],
    ['a name and a password', (config) => (config.auth = { username: 'made', password: 'up' }), undefined],
    ['another origin', (config) => (config.url = 'https://elsewhere.example.com/x'), undefined],
  ]
  describe.each([
    ['a valid token', valid],
    ['an expired one', expired],
  ])('with %s', (_token, tokens) => {
    it.each(tricks)('after an interceptor has given it %s', async (_what, change, wanted) => {
      const other = createSession(memoryStore({ access_token: 'other' }), { refresh: false })
      await other.tokens()
      const { api, session, sent } = wired({ tokens, wire: () => ({}) })
      await session.tokens()
      api.interceptors.request.use(async (config) => (change(config, other), config))
      await api.get('/x')
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual([wanted])
    })
  })
})

it('a config of another sign-in is not sent again', async () => {
  const { api, session, sent } = wired({ wire: () => ({}), tokens: valid })
  const { config } = await api.get('/x')
  await session.signIn({ access_token: 'newest' })
  expect(await rejection(api.request({ ...config }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  expect(sent).toHaveLength(1)
})

describe('a config that is sent again', () => {
  it.each<[string, object, unknown]>([
    ['carries the present token', {}, 'Bearer newest'],
    ['and opts out carries no token', { oauth: false }, undefined],
    ['with a credential of the caller keeps that', { headers: { Authorization: 'Basic made-up' } }, 'Basic made-up'],
  ])('%s', async (_name, options, wanted) => {
    const { api, session, sent } = wired({ wire: () => ({}), tokens: valid })
    await session.signIn(valid, { user: 'ann' })
    const { config } = await api.get('/x')
    await session.signIn({ access_token: 'newest' }, { user: 'ann' })
    await api.request({ ...config, ...options })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new', wanted])
  })
})

it('the context of a request does not show in JSON', async () => {
  const { api } = wired({ tokens: valid, wire: () => ({}) })
  const { config } = await api.get('/x')
  expect(JSON.stringify(config)).not.toMatch(/oauth|session|context|epoch/)
})

it.each([undefined, null, '', false])(
  'an empty header (%p) is not the caller’s own credential, in any spelling',
  async (authorization) => {
    const { api, session, sent } = wired()
    await session.tokens()
    await api.get('/x', { headers: { authorization } as never })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
  },
)

it('a request whose body can not be sent twice waits in the refresh window, where others go on', async () => {
  const hold = deferred()
  const { api, session, environment, sent } = wired({
    tokens: { access_token: 'old', refresh_token: 'r', expires_in: 1000, expires_at: Date.UTC(2026, 0, 2) / 1000 + 1000 },
    hold: hold.promise,
    wire: () => ({}),
  })
  await session.tokens()
  await environment.pass(900_000)
  const requests = [api.post('/x', (async function* () {})(), { transformRequest: [] }), api.get('/x')]
  await settle()
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old'])
  hold.resolve()
  await Promise.all(requests)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
})

describe('the order in which axios visits its interceptors', () => {
  const own = (api: AxiosInstance): boolean[] => managers(api).map((manager) => Object.hasOwn(manager, 'forEach'))
  const busy = (api: AxiosInstance): void => {
    api.interceptors.request.use(pass)
    api.interceptors.response.use((response) => response)
  }

  it('is restored by detach()', () => {
    const { api, session } = wired({ before: busy })
    session.detach()
    expect(own(api)).toEqual([false, false])
  })

  it.each(['before', 'after'])('is left as the application has changed it %s attaching', async (when) => {
    const changed: unknown[] = []
    const change = (api: AxiosInstance): void => {
      for (const manager of managers(api)) {
        const visit = manager.forEach as (this: unknown, visitor: unknown) => void
        changed.push((manager.forEach = (visitor: unknown) => visit.call(manager, visitor)))
      }
    }
    const { api, session, sent } = wired({ before: (api) => (busy(api), when === 'before' && change(api)) })
    if (when === 'after') change(api)
    expect((await api.get('/x')).status).toBe(200)
    session.detach()
    expect(managers(api).map(({ forEach }) => forEach)).toEqual(changed)
    await rejection(api.get('/x'))
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new', undefined])
  })

  it('works with an instance that has no transitional options', async () => {
    const { api, sent } = wired({ before: ({ defaults }) => void delete defaults.transitional })
    api.interceptors.request.use(pass)
    expect((await api.get('/x')).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  // The oldest release breaks by itself there.
  if (!oldest)
    it.each([
      ['no other interceptor was registered', () => undefined],
      ['others were registered', busy],
    ])('visits none after the application has removed all, when %s', async (_who, before) => {
      const { api, session, sent } = wired({ before })
      for (const manager of managers(api)) manager.handlers = null
      await rejection(api.get('/x'))
      session.detach()
      await rejection(api.get('/x'))
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined, undefined])
      expect(own(api)).toEqual([false, false])
    })
})

it('a request that a synchronous interceptor moves to a session that is not loaded is sent without a token, and again with it', async () => {
  const { api, session, sent } = wired({ tokens: { access_token: 'attached' } })
  await session.tokens()
  const other = createSession(memoryStore(valid), { refresh: false })
  api.interceptors.request.use((config) => Object.assign(config, { oauth: other }), null, { synchronous: true })
  expect((await api.get('/x')).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined, 'Bearer new'])
  await api.get('/y')
  expect(sent.slice(2).map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
})

it('detach() called twice leaves a later attachment alone', async () => {
  const { api, session, sent } = wired()
  session.detach()
  attachOAuth(api, memoryStore(valid), { refresh: false })
  session.detach()
  expect((await api.get('/x')).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
  expect(() => attachOAuth(api, memoryStore(valid), { refresh: false })).toThrow(/attached to another store/)
})

describe('a request transform, which runs after every interceptor,', () => {
  const accepting = { wire: () => ({ status: 200 }) }

  it('that leads to another origin takes no token there', async () => {
    const { api, sent } = wired(accepting)
    const elsewhere = function (this: InternalAxiosRequestConfig, data: unknown): unknown {
      this.url = 'https://evil.example/x'
      return data
    }
    await api.get('/x', { transformRequest: [elsewhere] })
    await api.get('/x', { transformRequest: [(data) => data, elsewhere] })
    expect(sent.map(({ url, authorization }) => [url, authorization])).toEqual(
      Array(2).fill(['https://evil.example/x', undefined]),
    )
  })

  it('that sets a header in place of the token is sent with it', async () => {
    const { api, sent } = wired(accepting)
    await api.get('/x', { transformRequest: [(data, headers) => (headers.set('Authorization', 'Bearer mine'), data)] })
    expect(sent[0]!.authorization).toBe('Bearer mine')
  })

  it.each<[string, (session: WireClient['session']) => unknown]>([
    ['signs out', (session) => session.signOut()],
    ['signs in another user', (session) => session.signIn({ access_token: 'another' })],
  ])('that %s keeps the request from being sent', async (_what, act) => {
    const { api, sent, session } = wired(accepting)
    await session.tokens()
    const failed = rejection(api.get('/x', { transformRequest: [(data) => (void act(session), data)] }))
    expect(await failed).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual([])
  })

  it('that removes the functions of the config does not keep it from being sent', async () => {
    const { api, sent } = wired(accepting)
    const transformRequest = function (this: object, data: unknown): unknown {
      Object.assign(this, { beforeRedirect: undefined })
      return data
    }
    await api.get('/x', { transformRequest })
    expect(sent).toHaveLength(1)
  })

  if (!oldest)
    it('that signs out keeps a request without a token from being sent, too', async () => {
      const { api, sent, session } = wired(accepting)
      await session.tokens()
      api.interceptors.request.use(pass)
      const transformRequest = [(data: unknown) => (void session.signOut(), data)]
      expect(await rejection(api.get('/x', { ...reversed, transformRequest }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
      expect(sent).toEqual([])
    })

  it('runs once in its place, and is left on the config as it was', async () => {
    const { api, sent } = wired(accepting)
    const order: number[] = []
    const transformRequest = [1, 2].map((n) => (data: unknown) => (order.push(n), `${data as string}${n}`))
    const { config } = await api.post('/x', 'body', { transformRequest })
    expect([order, sent[0]!.data, config.transformRequest]).toEqual([[1, 2], 'body12', transformRequest])
    await api.post('/x', 'none', { transformRequest: [] })
    expect(sent[1]).toMatchObject({ data: 'none', authorization: 'Bearer old' })
  })
})

it('a request that waits for a token with a body factory calls it once, after the wait', async () => {
  const holding = deferred()
  const { api, sent } = wired({
    tokens: { access_token: 'old', refresh_token: 'r', expires_at: 1 },
    hold: holding.promise,
    wire: () => ({ status: 200 }),
  })
  let calls = 0
  const sending = api.post('/x', 'first', { oauth: { body: () => `made ${++calls}` } })
  await settle()
  const before = calls
  holding.resolve()
  await sending
  expect([before, calls, sent[0]!.data]).toEqual([0, 1, 'made 1'])
})

describe('a request with a valid token', () => {
  it('creates its body once, also where axios creates no promise before the adapter', async () => {
    let created = 0
    const { api, session, sent } = wired({ tokens: valid })
    await session.tokens()
    await api.post('/x', undefined, { oauth: { body: () => `body ${++created}` } })
    expect([sent.map(({ data }) => data), created]).toEqual([['body 1'], 1])
  })

  it('waits for a new token when the present one does not stay valid for validFor', async () => {
    const { api, session, sent } = wired({
      tokens: { ...expired, expires_in: 100, expires_at: Date.UTC(2026, 0, 2) / 1000 + 100 },
      wire: () => ({}),
    })
    await session.tokens()
    await api.get('/x', { oauth: { validFor: 50_000 } })
    await api.get('/x', { oauth: { validFor: 150_000 } })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
  })
})

describe('an interceptor that copies the config without its functions', () => {
  const copy = (config: InternalAxiosRequestConfig): typeof config => ({ ...config, beforeRedirect: undefined }) as never

  it.each([
    ['a valid token', valid],
    ['an expired one', expired],
  ])('changes neither the token nor the number of bodies, with %s', async (_token, tokens) => {
    for (const options of [{ synchronous: true }, {}]) {
      let created = 0
      const { api, session, sent } = wired({ tokens })
      await session.tokens()
      session.on('*', () => undefined)
      api.interceptors.request.use(copy, null, options)
      await api.post('/x', undefined, { timeout: 5000, oauth: { body: () => `body ${++created}` } })
      expect([sent.map(({ authorization, data }) => [authorization, data]), created]).toEqual([[['Bearer new', 'body 1']], 1])
    }
  })
})

describe('a listener that ends the session keeps the request that it hears of from being sent', () => {
  it('when it listens to sent', async () => {
    const { api, session, sent } = wired({ tokens: valid })
    await session.tokens()
    session.on('sent', () => void session.signOut())
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toStrictEqual([])
  })
})

it('a request after a sign-in does not belong to the session of an earlier one that another interceptor rejected', async () => {
  const { api, session, sent } = wired({ tokens: valid, wire: () => ({}) })
  await session.tokens()
  api.interceptors.request.use((config) => (config.url === '/refused' ? Promise.reject(new Error('made up')) : config))
  await rejection(api.get('/refused'))
  await session.signIn({ access_token: 'other' }, { user: 'ben' })
  await api.get('/x')
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer other'])
})

it('a config that was aborted before it was sent comes back without a second check', async () => {
  const { api, session } = wired({ tokens: valid })
  await session.tokens()
  const transformRequest = [(data: unknown) => data]
  const failed = async (config: object): Promise<{ transformRequest: unknown[] }> =>
    (await rejection<{ config: never }>(api.request(config))).config
  const first = await failed({ url: '/x', transformRequest, signal: AbortSignal.abort() })
  const second = await failed(first)
  expect(second.transformRequest).toEqual(first.transformRequest)
})
