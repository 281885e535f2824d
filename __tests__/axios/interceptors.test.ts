import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { setupCache } from 'axios-cache-interceptor'
import axiosRetry from 'axios-retry'
import { attachIn } from '../../src/axios/attach.js'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { sharedStore } from '../../src/shared.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'

const oldest = axios.VERSION === '1.7.0'

/** An instance whose adapter rejects the first token and accepts the second, and records what arrives. */
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
  ['in the usual order of axios', {}],
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
  describe.each(['before', 'after'] as const)('other interceptors that are registered %s attaching', (when) => {
    function withOthers(register: (api: AxiosInstance) => void): ReturnType<typeof setUp> {
      const world = setUp(defaults)
      if (when === 'before') register(world.api)
      world.attach()
      if (when === 'after') register(world.api)
      return world
    }

    it('run once per request, before those of this package, synchronous or not', async () => {
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

    it('never see the credential of this package', async () => {
      const seen: unknown[] = []
      const { api } = withOthers((instance) =>
        instance.interceptors.request.use((config) => (seen.push(config.headers.Authorization), config)),
      )
      await api.get('/x')
      expect(seen).toStrictEqual([undefined])
    })

    it('see one final response, as if there had been no 401', async () => {
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

    it('can be ejected by their id, and those of this package stay', async () => {
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

  it('clear() removes those of this package, too, and detach() then removes no others', async () => {
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

  it('detach() leaves the instance as it was', async () => {
    const { api, attach, wire } = setUp(defaults)
    api.interceptors.request.use((config) => config)
    attach().detach()
    expect((api.interceptors.request as unknown as { handlers: unknown[] }).handlers.filter(Boolean)).toHaveLength(1)
    await rejection(api.get('/x'))
    expect(wire).toEqual(['undefined'])
  })
})

it('attaching changes only the interceptors of the instance, and no other instance', () => {
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

describe('the path of a valid token', () => {
  it('needs no promise before the adapter', async () => {
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
    'sends a token whose blocking window begins between the two readings of the clock (stream: %s)',
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
      // Right before the blocking window, or, for a stream, right before the refresh window.
      await environment.pass(stream ? 79_999 : 94_999)
      const clock = [environment.wall, environment.wall + 2]
      environment.now = () => clock.shift() ?? environment.wall + 2
      await (stream ? api.post('/x', (async function* () {})()) : api.get('/x'))
      expect(sent).toEqual(['Bearer a'])
    },
  )

  it('takes neither the store nor its lock', async () => {
    const kept = memoryStore({ access_token: 'new', expires_in: 3600 })
    let reads = 0
    const read = (): ReturnType<typeof kept.read> => (reads++, kept.read())
    const { api } = setUp()
    attachOAuth(api, sharedStore({ ...kept, read, lock: () => Promise.reject(new Error('locked')) }), { refresh: false })
    for (let i = 0; i < 5; i++) await api.get('/x')
    expect(reads).toBe(1)
  })
})

if (!oldest)
  it('a request whose options reverse the order of interceptors is sent, and its token goes to no other origin', async () => {
    const { api, attach, wire } = setUp()
    attach()
    await api.get('/warm')
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: 'https://elsewhere.example.com' }))
    wire.length = 0
    await rejection(api.get('/x', { transitional: { legacyInterceptorReqResOrdering: false } }))
    expect(wire).toEqual(['undefined'])
  })

describe('other plugins', () => {
  it.each(['before', 'after'] as const)(
    'axios-retry, registered %s attaching, sees only failures that were not recovered',
    async (when) => {
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
    },
  )

  it.each(['before', 'after'] as const)('axios-retry, registered %s attaching, does not retry a recovered 401', async (when) => {
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
  })

  it.each(['before', 'after'] as const)(
    'axios-cache-interceptor, set up %s attaching, keeps the recovered response and no 401',
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
    'axios-cache-interceptor, set up %s attaching, rejects the requests that share a failed refresh',
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

  it.each(['before', 'after'] as const)('axios-mock-adapter, set %s attaching, answers both sends', async (when) => {
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

  it('a mock adapter that is set after attaching is used for the second send, too', async () => {
    const { api, attach } = setUp()
    attach()
    const mock = new MockAdapter(api)
    mock.onGet('/x').replyOnce(401).onGet('/x').reply(200, 'second')
    expect((await api.get('/x')).data).toBe('second')
  })
})
