import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, createSession, memoryStore } from '../../src/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'
import { wired } from '../helpers/wired.js'

const oldest = axios.VERSION === '1.7.0'
const turnedRound = { transitional: { legacyInterceptorReqResOrdering: false } as object }
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
  ['nobody else', () => undefined],
  ['a synchronous interceptor', ({ interceptors }) => interceptors.request.use(pass, null, { synchronous: true })],
  ['an asynchronous interceptor', ({ interceptors }) => interceptors.request.use(pass)],
]
const orders: [string, object][] = [
  ['in the usual order', {}],
  ...(oldest ? [] : ([['turned round', turnedRound]] as [string, object][])),
]

describe.each(orders)('%s', (_order, request) => {
  describe.each(others)('registered before: %s', (_who, before) => {
    it('a valid token goes along at once', async () => {
      const { api, session, sent } = wired({ tokens: valid, before })
      await session.tokens()
      await api.get('/x', before === others[0]![1] ? {} : request)
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
    })

    it('a request that has to wait does so once, and its body is made once', async () => {
      let made = 0
      const { api, session, sent } = wired({ tokens: expired, before, defaults: request })
      const told: string[] = []
      for (const name of ['queued', 'released', 'resent'] as const) session.on(name, () => told.push(name))
      await api.post('/x', undefined, { oauth: { body: () => `body ${++made}` } })
      expect(sent).toMatchObject([{ authorization: 'Bearer new', data: 'body 1' }])
      expect([told, made]).toEqual([['queued', 'released'], 1])
    })

    it('a request of nobody waits for its turn once, too', async () => {
      const { api, session, sent } = wired({ before, defaults: request, wire: () => ({}) })
      await session.signOut()
      const told: string[] = []
      for (const name of ['queued', 'released'] as const) session.on(name, () => told.push(name))
      await api.get('/x')
      expect([told, sent.length]).toEqual([['queued', 'released'], 1])
    })
  })

  it('synchronous interceptors of others don’t make axios wait before the adapter', async () => {
    const { api, session, sent } = wired({ tokens: valid, before: others[1]![1], defaults: request })
    await session.tokens()
    const pending = api.get('/x')
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
    await pending
  })
})

describe('a request that another interceptor refuses is not sent, and its caller learns why', () => {
  const reason = new Error('made up')
  const rethrow = (error: unknown): never => {
    throw error
  }
  it.each([
    ['waits', expired, () => Promise.reject(reason)],
    ['does not wait', valid, () => Promise.reject(reason)],
    [
      'would go out at once',
      valid,
      () => {
        throw reason
      },
    ],
  ])('where it %s', async (name, tokens, refuse) => {
    const { api, session, sent } = wired({ tokens })
    await session.tokens()
    api.interceptors.request.use(refuse, rethrow, { synchronous: name === 'would go out at once' })
    expect(await rejection(api.get('/x'))).toBe(reason)
    expect(sent).toStrictEqual([])
  })
})

describe('whose request it is, is decided when it is sent', () => {
  const tricks: [string, (config: InternalAxiosRequestConfig, other: ReturnType<typeof createSession>) => unknown, unknown][] = [
    ['nothing', () => undefined, 'Bearer new'],
    ['opting out', (config) => (config.oauth = false), undefined],
    ['another session', (config, other) => (config.oauth = other), 'Bearer other'],
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

describe('a config that comes back', () => {
  it.each<[string, object, unknown]>([
    ['carries the token of now', {}, 'Bearer newest'],
    ['opted out carries none', { oauth: false }, undefined],
    ['with an authorization of its own keeps that', { headers: { Authorization: 'Basic made-up' } }, 'Basic made-up'],
  ])('%s', async (_name, options, wanted) => {
    const { api, session, sent } = wired({ wire: () => ({}), tokens: valid })
    const { config } = await api.get('/x')
    await session.signIn({ access_token: 'newest' })
    await api.request({ ...config, ...options })
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new', wanted])
  })
})

it('what rides on a request shows in no JSON', async () => {
  const { api } = wired({ tokens: valid, wire: () => ({}) })
  const { config } = await api.get('/x')
  expect(JSON.stringify(config)).not.toMatch(/oauth|ticket|session/)
})

it('a header that is there and holds nothing is no authorization, whatever its case', async () => {
  const { api, session, sent } = wired()
  await session.tokens()
  await api.get('/x', { headers: { authorization: undefined } })
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
})

it('a body that can not be sent twice waits for the next token where others need not', async () => {
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

describe('the way in which axios visits its interceptors', () => {
  const own = (api: AxiosInstance): boolean[] => managers(api).map((manager) => Object.hasOwn(manager, 'forEach'))
  const busy = (api: AxiosInstance): void => {
    api.interceptors.request.use(pass)
    api.interceptors.response.use((response) => response)
  }

  it('stays as it is where nobody has registered any before', () => {
    expect(own(wired().api)).toEqual([false, false])
  })

  it('is put back when we go', () => {
    const { api, session } = wired({ before: busy })
    session.detach()
    expect(own(api)).toEqual([false, false])
  })

  it.each(['before', 'after'])('is left as somebody else has changed it %s us', async (when) => {
    const theirs: unknown[] = []
    const change = (api: AxiosInstance): void => {
      for (const manager of managers(api)) {
        const visit = manager.forEach as (this: unknown, visitor: unknown) => void
        theirs.push((manager.forEach = (visitor: unknown) => visit.call(manager, visitor)))
      }
    }
    const { api, session, sent } = wired({ before: (api) => (busy(api), when === 'before' && change(api)) })
    if (when === 'after') change(api)
    expect((await api.get('/x')).status).toBe(200)
    session.detach()
    expect(managers(api).map(({ forEach }) => forEach)).toEqual(theirs)
    await rejection(api.get('/x'))
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new', undefined])
  })

  it('works with an instance whose options for transitions are gone', async () => {
    const { api, sent } = wired({ before: ({ defaults }) => void delete defaults.transitional })
    api.interceptors.request.use(pass)
    expect((await api.get('/x')).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  // The oldest release breaks by itself there.
  if (!oldest)
    it.each([
      ['nobody had registered any', () => undefined],
      ['others had', busy],
    ])('finds none when somebody throws them all away, where %s', async (_who, before) => {
      const { api, session, sent } = wired({ before })
      for (const manager of managers(api)) manager.handlers = null
      await rejection(api.get('/x'))
      session.detach()
      await rejection(api.get('/x'))
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined, undefined])
      expect(own(api)).toEqual([false, false])
    })
})

it('a synchronous interceptor hands the request to a session whose token is still in its store: it is sent, and again with the token', async () => {
  const { api, session, sent } = wired({ tokens: { access_token: 'attached' } })
  await session.tokens()
  const other = createSession(memoryStore(valid), { refresh: false })
  api.interceptors.request.use((config) => Object.assign(config, { oauth: other }), null, { synchronous: true })
  expect((await api.get('/x')).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined, 'Bearer new'])
  await api.get('/y')
  expect(sent.slice(2).map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
})

it('detaching a second time leaves alone what was attached since', async () => {
  const { api, session, sent } = wired()
  session.detach()
  attachOAuth(api, memoryStore(valid), { refresh: false })
  session.detach()
  expect((await api.get('/x')).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
  expect(() => attachOAuth(api, memoryStore(valid), { refresh: false })).toThrow('attached already')
})
