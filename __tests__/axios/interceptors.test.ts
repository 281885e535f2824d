import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { setupCache } from 'axios-cache-interceptor'
import axiosRetry from 'axios-retry'
import { attachIn } from '../../src/axios/attach.js'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'

const oldest = axios.VERSION === '1.7.0'

/** An instance whose adapter refuses the first token and takes the second; what arrives at the wire is noted. */
function setUp(defaults: CreateAxiosDefaults = {}): {
  api: AxiosInstance
  wire: string[]
  refreshes: () => number
  attach: () => ReturnType<typeof attachOAuth>
} {
  const wire: string[] = []
  let calls = 0
  const api = axios.create({ baseURL: 'https://api.example.com', ...defaults })
  const mock = new MockAdapter(api)
  mock.onAny().reply((config) => {
    wire.push(`${String(config.headers?.Authorization)} ${String(config.headers?.['X-Trace'] ?? '')}`.trim())
    return config.headers?.Authorization === 'Bearer new'
      ? [200, { ok: true }]
      : [401, { refused: true }, { 'www-authenticate': 'Bearer error="invalid_token"' }]
  })
  const refresh = async (): Promise<{ access_token: string }> => (calls++, { access_token: 'new' })
  return {
    api,
    wire,
    refreshes: () => calls,
    attach: () => attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh }),
  }
}

const orderings: [string, CreateAxiosDefaults][] = [
  ['by axios’ usual order', {}],
  // The oldest release doesn't know the option, and refuses it.
  ...(oldest
    ? []
    : [
        [
          'with legacyInterceptorReqResOrdering off',
          { transitional: { legacyInterceptorReqResOrdering: false } } as CreateAxiosDefaults,
        ] as [string, CreateAxiosDefaults],
      ]),
]

describe.each(orderings)('%s', (_ordering, defaults) => {
  describe.each(['before', 'after'] as const)('other interceptors that were registered %s', (when) => {
    function withOthers(register: (api: AxiosInstance) => void): ReturnType<typeof setUp> {
      const world = setUp(defaults)
      if (when === 'before') register(world.api)
      world.attach()
      if (when === 'after') register(world.api)
      return world
    }

    it('run once per request, before ours, synchronous or not', async () => {
      const { api, wire } = withOthers((instance) => {
        instance.interceptors.request.use(
          (config) => (config.headers.set('X-Trace', `${String(config.headers.get('X-Trace') ?? '')}a`), config),
          null,
          { synchronous: true },
        )
        instance.interceptors.request.use(
          async (config) => (config.headers.set('X-Trace', `${String(config.headers.get('X-Trace') ?? '')}a`), config),
        )
      })
      await api.get('/x')
      expect(wire).toEqual(['Bearer old aa', 'Bearer new aa'])
    })

    it('never see a header of ours', async () => {
      const seen: unknown[] = []
      const { api } = withOthers((instance) =>
        instance.interceptors.request.use((config) => (seen.push(config.headers.Authorization), config)),
      )
      await api.get('/x')
      expect(seen).toStrictEqual([undefined])
    })

    it('see one final response, in the shape that it would have had without the 401', async () => {
      const statuses: unknown[] = []
      const failures: unknown[] = []
      const { api } = withOthers((instance) =>
        instance.interceptors.response.use(
          (response) => (statuses.push(response.status), response),
          (error) => (failures.push(error), Promise.reject(error)),
        ),
      )
      expect((await api.get('/x')).data).toEqual({ ok: true })
      expect([statuses, failures]).toEqual([[200], []])
    })

    it.each([
      [
        'maps errors',
        undefined,
        () => {
          throw new Error('mapped')
        },
      ],
      ['swallows errors', undefined, () => ({ data: 'swallowed' })],
      ['unwraps responses', (response: { data: unknown }) => response.data, undefined],
    ])('one that %s does not switch the recovery off', async (_name, fulfilled, rejected) => {
      const { api, wire } = withOthers((instance) => instance.interceptors.response.use(fulfilled as never, rejected))
      const result = (await api.get('/x', {
        validateStatus: _name === 'unwraps responses' ? () => true : (status) => status < 400,
      })) as unknown
      expect(result).toEqual(_name === 'unwraps responses' ? { ok: true } : expect.objectContaining({ data: { ok: true } }))
      expect(wire).toHaveLength(2)
    })

    it('can be ejected by the id that they got, and ours stay', async () => {
      const calls: string[] = []
      let id = -1
      const { api, wire } = withOthers(
        (instance) => (id = instance.interceptors.request.use((config) => (calls.push('other'), config))),
      )
      api.interceptors.request.eject(id)
      await api.get('/x')
      expect([calls, wire]).toEqual([[], ['Bearer old', 'Bearer new']])
    })
  })

  it('ours go when all are cleared, and detaching then removes nobody else’s', async () => {
    const { api, wire, attach } = setUp(defaults)
    api.interceptors.request.use((config) => config)
    const session = attach()
    api.interceptors.request.clear()
    api.interceptors.response.clear()
    let others = 0
    api.interceptors.request.use((config) => (others++, config))
    api.interceptors.request.use((config) => (others++, config))
    session.detach()
    await rejection(api.get('/x'))
    expect([wire, others]).toEqual([['undefined'], 2])
  })

  it('after detaching, the instance is as it was', async () => {
    const { api, attach, wire } = setUp(defaults)
    api.interceptors.request.use((config) => config)
    attach().detach()
    expect((api.interceptors.request as unknown as { handlers: unknown[] }).handlers.filter(Boolean)).toHaveLength(1)
    await rejection(api.get('/x'))
    expect(wire).toEqual(['undefined'])
  })
})

it('attaching changes nothing about the instance but its interceptors, and nothing about other instances', () => {
  const { api, attach } = setUp()
  const properties = (): unknown[] => Object.entries(Object.getOwnPropertyDescriptors(api))
  const defaults = Object.entries(api.defaults)
  const [before, global] = [properties(), Object.entries(axios.defaults)]
  attach()
  expect(properties()).toEqual(before)
  const after = Object.entries(api.defaults)
  expect(after.map(([name]) => name)).toEqual(defaults.map(([name]) => name))
  after.forEach(([, value], i) => expect(value).toBe(defaults[i]![1]))
  expect(Object.entries(axios.defaults)).toEqual(global)
  for (const kind of ['request', 'response'] as const)
    expect((axios.interceptors[kind] as unknown as { handlers: unknown[] }).handlers).toEqual([])
})

describe('the short path', () => {
  it('with a valid token in memory, axios needs no promise before the adapter', async () => {
    const { api, attach } = setUp()
    const session = attach()
    await session.tokens()
    let reached = false
    api.defaults.adapter = (config) => (
      (reached = true),
      Promise.resolve({ data: {}, status: 200, statusText: '', headers: {}, config })
    )
    const pending = api.get('/x')
    expect(reached).toBe(true)
    await pending
  })

  it.each([false, true])(
    'a token whose time to wait begins in the middle of it is sent all the same (stream: %s)',
    async (stream) => {
      const environment = new FakeEnvironment()
      const sent: unknown[] = []
      const api = axios.create({
        baseURL: 'https://api.example.com',
        adapter: async (config) => {
          sent.push(config.headers.Authorization)
          return { data: '', status: 200, statusText: '', headers: {}, config }
        },
      })
      const expires_at = new Date(environment.wall + 100_000).toISOString()
      const session = attachIn(
        environment,
        api,
        memoryStore({ access_token: 'a', refresh_token: 'r', expires_in: 100, expires_at }),
        {
          refresh: async () => ({ access_token: 'b', expires_in: 100 }),
        },
      )
      await session.tokens()
      // Right before requests wait for the next token, or, where the body is a stream, right before it is refreshed in the background.
      await environment.pass(stream ? 79_999 : 94_999)
      const clock = [environment.wall, environment.wall + 2]
      environment.now = () => clock.shift() ?? environment.wall + 2
      await (stream ? api.post('/x', (async function* () {})()) : api.get('/x'))
      expect(sent).toEqual(['Bearer a'])
    },
  )

  it('with a valid token in memory, neither the store nor its lock is asked', async () => {
    const store = { ...memoryStore({ access_token: 'new', expires_in: 3600 }), lock: () => Promise.reject(new Error('locked')) }
    let reads = 0
    const counting = { ...store, read: () => (reads++, store.read()) }
    const { api } = setUp()
    attachOAuth(api, counting, { refresh: false })
    for (let i = 0; i < 5; i++) await api.get('/x')
    expect(reads).toBe(1)
  })
})

if (!oldest)
  it('a request that turns the order of interceptors round is served all the same, and its token goes nowhere else', async () => {
    const { api, attach, wire } = setUp()
    attach()
    await api.get('/warm')
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: 'https://elsewhere.example.com' }))
    wire.length = 0
    await rejection(api.get('/x', { transitional: { legacyInterceptorReqResOrdering: false } }))
    expect(wire).toEqual(['undefined'])
  })

describe('neighbours', () => {
  it.each(['before', 'after'] as const)('axios-retry, registered %s, sees only what is left of the failures', async (when) => {
    const { api, attach, wire, refreshes } = setUp()
    const retry = (): unknown => axiosRetry(api, { retries: 2, retryDelay: () => 0 })
    if (when === 'before') retry()
    attach()
    if (when === 'after') retry()
    await api.get('/x')
    expect([wire, refreshes()]).toEqual([['Bearer old', 'Bearer new'], 1])
    let failures = 2
    const mock = new MockAdapter(api)
    mock.onGet('/flaky').reply(() => (failures-- > 0 ? [503] : [200, { ok: true }]))
    expect((await api.get('/flaky')).data).toEqual({ ok: true })
  })

  it.each(['before', 'after'] as const)(
    'axios-retry, registered %s, retries neither a recovered 401 nor one that is final',
    async (when) => {
      const { api, attach, wire } = setUp()
      let retries = 0
      const retry = (): unknown =>
        axiosRetry(api, {
          retries: 3,
          retryDelay: () => 0,
          retryCondition: ({ response }) => response?.status === 401,
          onRetry: () => void retries++,
        })
      if (when === 'before') retry()
      attach()
      if (when === 'after') retry()
      await api.get('/x')
      expect([wire.length, retries]).toEqual([2, 0])
    },
  )

  it.each(['before', 'after'] as const)(
    'axios-cache-interceptor, set up %s, keeps the recovered answer and no refusal',
    async (when) => {
      const { api, attach, wire, refreshes } = setUp()
      if (when === 'after') attach()
      const cached = setupCache(api)
      if (when === 'before') attach()
      const answers = await Promise.all([1, 2, 3].map(() => cached.get('/x')))
      expect(answers.map(({ status, data }) => [status, data])).toEqual(Array(3).fill([200, { ok: true }]))
      expect((await cached.get('/x')).cached).toBe(true)
      expect([wire, refreshes()]).toEqual([['Bearer old', 'Bearer new'], 1])
    },
  )

  it.each(['before', 'after'] as const)(
    'axios-cache-interceptor, set up %s, tells all who share a request that its refresh failed',
    async (when) => {
      const { api } = setUp()
      const failing = (): unknown =>
        attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), {
          refresh: () => Promise.reject(Object.assign(new Error('refused'), { error: 'invalid_grant', status: 400 })),
        })
      if (when === 'after') failing()
      const cached = setupCache(api)
      if (when === 'before') failing()
      const errors = await Promise.all([1, 2, 3].map(() => rejection<{ code: string }>(cached.get('/x'))))
      expect(errors.map(({ code }) => code)).toContain('OAUTH_INVALID_GRANT')
    },
  )

  it.each(['before', 'after'] as const)('axios-mock-adapter, put in %s, serves both sendings', async (when) => {
    const api = axios.create({ baseURL: 'https://api.example.com' })
    const attach = (): unknown =>
      attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), {
        refresh: async () => ({ access_token: 'new' }),
      })
    if (when === 'after') attach()
    const mock = new MockAdapter(api)
    if (when === 'before') attach()
    mock.onGet('/x').replyOnce(401).onGet('/x').reply(200, 'second')
    expect((await api.get('/x')).data).toBe('second')
    expect(mock.history.get).toHaveLength(2)
  })

  it('a mock adapter that is put in after attaching is used for the re-send too', async () => {
    const { api, attach } = setUp()
    attach()
    const mock = new MockAdapter(api)
    mock.onGet('/x').replyOnce(401).onGet('/x').reply(200, 'second')
    expect((await api.get('/x')).data).toBe('second')
  })
})
