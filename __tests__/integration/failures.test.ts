import { inspect } from 'node:util'
import { attachOAuth, isOAuthError, memoryStore, type TokenJSON, type TokenStore } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import axios from 'axios'
import { attach, expired, rejection } from '../helpers/client.js'
import { json, silent, startWorld, type Fault, type World } from '../helpers/world.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(async () => {
  await world.close()
})

const answer = (
  status: number,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Fault => ({ instead: { status, headers, body } })
const oauthError = (error: string, status = 400): Fault => ({ instead: json(status, { error }) })

/** How the token endpoint fails, and what the waiting callers get. */
const failures: [string, Fault, string][] = [
  ['invalid_client', oauthError('invalid_client', 401), 'OAUTH_CLIENT_REFUSED'],
  ['unauthorized_client', oauthError('unauthorized_client'), 'OAUTH_CLIENT_REFUSED'],
  ['unsupported_grant_type', oauthError('unsupported_grant_type'), 'OAUTH_CLIENT_REFUSED'],
  ['invalid_scope', oauthError('invalid_scope'), 'OAUTH_CLIENT_REFUSED'],
  ['invalid_request', oauthError('invalid_request'), 'OAUTH_CLIENT_REFUSED'],
  ['500', answer(500, '{}'), 'OAUTH_REFRESH_UNAVAILABLE'],
  ['503 with a Retry-After of an hour', answer(503, '', { 'retry-after': '3600' }), 'OAUTH_REFRESH_UNAVAILABLE'],
  ['a reset in the middle', { ...answer(200, '{}'), cut: { at: 40, by: 'reset' } }, 'OAUTH_REFRESH_UNAVAILABLE'],
  [
    'HTML with 200',
    answer(200, '<html>Sign in to the Wi-Fi</html>', { 'content-type': 'text/html' }),
    'OAUTH_REFRESH_UNAVAILABLE',
  ],
  ['cut JSON', answer(200, '{"access_token":"at-cu'), 'OAUTH_REFRESH_UNAVAILABLE'],
  ['204', { instead: { status: 204 } }, 'OAUTH_REFRESH_UNAVAILABLE'],
  ['200 with error', answer(200, '{"error":"invalid_client"}'), 'OAUTH_CLIENT_REFUSED'],
  ['200 without access_token', answer(200, '{"token_type":"Bearer"}'), 'OAUTH_REFRESH_UNAVAILABLE'],
  [
    'an access_token with a line break',
    answer(200, '{"access_token":"at-made\\r\\nX-Injected: up"}'),
    'OAUTH_REFRESH_UNAVAILABLE',
  ],
  ['a redirect', answer(302, '', { location: 'http://127.0.0.1:1/elsewhere' }), 'OAUTH_CLIENT_REFUSED'],
]

describe.each(['fetch', 'the axios instance'] as const)('a token endpoint that fails, asked through %s', (transport) => {
  function client(tokens: TokenJSON, options = {}): ReturnType<typeof attach> {
    const via = transport === 'fetch' ? {} : { axios: axios.create() }
    return attach(world, {
      tokens,
      refresh: refreshToken({ tokenEndpoint: world.tokenEndpoint, clientId: 'app', ...via }),
      ...options,
    })
  }

  it.each(failures)(
    'with %s: waiting requests go out with the present token, the tokens are kept, and the token endpoint is left alone for the cool-down',
    async (_name, fail, code) => {
      const { api, session, store } = client(expired(world))
      const before = await store.read()
      const fails: unknown[] = []
      session.on('refresh_failed', ({ error }) => fails.push(error.code))
      const recover = world.token.faults.always(fail)
      const paths = await Promise.all([1, 2, 3].map(async (i) => (await api.get<{ url: string }>(`/${i}`)).data.url))
      expect(paths).toEqual(['/1', '/2', '/3'])
      expect(await store.read()).toEqual(before)
      expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', lastError: { code } })
      expect(fails).toEqual([code])

      // Within the cool-down requests go out at once.
      const asked = world.token.log.length
      expect((await api.get('/4')).status).toBe(200)
      expect(world.token.log).toHaveLength(asked)
      expect(new Set(world.seen.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${before?.access_token}`]))
      recover()
      await session.refresh()
      expect((await api.get('/5')).status).toBe(200)
      expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, requests: 5, rejected: 0 })
    },
  )

  it.each(failures)(
    'with %s: each rejected request gets its own 401 with the typed error, the tokens are kept, and the session recovers',
    async (_name, fail, code) => {
      const { api, session, store } = client(world.tokens)
      world.revokeAccessTokens()
      const before = await store.read()
      const recover = world.token.faults.always(fail)
      const errors = await Promise.all([1, 2, 3].map((i) => rejection(api.get(`/${i}`))))
      for (const [i, error] of errors.entries())
        expect(error).toMatchObject({
          code,
          isAxiosError: true,
          config: { url: `/${i + 1}` },
          response: { status: 401, data: { url: `/${i + 1}` } },
          cause: { code },
        })
      expect(errors.every(isOAuthError)).toBe(true)
      expect(await store.read()).toEqual(before)
      expect(session.getSnapshot().status).toBe('signed_in')
      expect(world.counts.requests).toBe(3)

      // Within the cool-down a rejected request has its error at once, with the cause, and the token endpoint is left alone.
      const asked = world.token.log.length
      expect(await rejection(api.get('/4'))).toMatchObject({ code, response: { status: 401 } })
      expect(world.token.log).toHaveLength(asked)
      recover()
      await session.refresh()
      expect((await api.get('/5')).status).toBe(200)
      expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, requests: 5 })
    },
  )

  it('a response that validateStatus accepts resolves as it came, also when the refresh fails', async () => {
    const { api } = client(world.tokens)
    world.revokeAccessTokens()
    world.token.faults.always(answer(500, '{}'))
    const response = await api.get('/1', { validateStatus: () => true })
    expect(response).toMatchObject({ status: 401, data: { url: '/1' } })
    expect(world.token.log.length).toBeGreaterThan(0)
  })

  it('with invalid_grant: the session is signed out once, the stored set is deleted, all waiting callers get the typed error, and the token endpoint is left alone', async () => {
    const { api, session, store } = client(expired(world))
    const events: unknown[] = []
    session.on('signed_out', (event) => events.push(event))
    const recover = world.token.faults.always(oauthError('invalid_grant'))
    const errors = await Promise.all([1, 2, 3].map((i) => rejection(api.get(`/${i}`))))
    for (const error of errors) expect(error).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(events).toMatchObject([{ reason: 'invalid_grant' }])
    expect(await store.read()).toBeUndefined()
    // Signed out, a request goes out without a token, and its 401 comes with the typed error.
    expect(await rejection(api.get('/4'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
    expect(world.token.log).toHaveLength(1)
    recover()
    await session.signIn(world.tokens)
    expect((await api.get('/5')).status).toBe(200)
  })

  it('with a refused connection: the refresh is tried again, as nothing was processed, and the error names the network code', async () => {
    const closed = await startWorld()
    await closed.close()
    const via = transport === 'fetch' ? {} : { axios: axios.create() }
    const { api, session } = attach(world, {
      refresh: refreshToken({ tokenEndpoint: closed.tokenEndpoint, clientId: 'app', ...via }),
      retry: { limit: 3, delay: 1, maxRetryAfter: 1 },
    })
    world.revokeAccessTokens()
    const ends: unknown[] = []
    session.on('refresh_failed', ({ attempts }) => ends.push(attempts))
    const error = await rejection(api.get('/'))
    expect(error).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { cause: { code: 'ECONNREFUSED' } },
    })
    expect(ends).toEqual([3])
  })

  it('with 503 and then an answer: the refresh is sent again and succeeds', async () => {
    const { api } = client(expired(world))
    world.token.faults.once(answer(503, '', { 'retry-after': '0' }))
    expect((await api.get('/')).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0 })
  })

  it('by hanging: the refresh ends at its own time limit', async () => {
    const { api } = client(world.tokens, { refreshTimeout: 50 })
    world.revokeAccessTokens()
    world.token.faults.always(silent)
    expect(await rejection(api.get('/'))).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      cause: { cause: { message: expect.stringContaining('50 ms') } },
    })
  })

  it('requests go on with a token that is still valid', async () => {
    const { api, session } = client({ ...world.tokens, expires_in: 3600, expires_at: Math.floor(Date.now() / 1000) + 20 })
    const failed = new Promise((resolve) => session.on('refresh_failed', resolve))
    world.token.faults.always(answer(500, '{}'))
    expect((await api.get('/')).status).toBe(200)
    await failed
    expect((await api.get('/')).status).toBe(200)
    expect(session.getSnapshot().status).toBe('signed_in')
  })
})

describe('a refresh function that misbehaves', () => {
  const rubbish: [string, () => unknown][] = [
    [
      'throws synchronously',
      () => {
        throw new Error('made up')
      },
    ],
    ['resolves with nothing', () => undefined],
    ['resolves with a string', () => 'at-1'],
    ['resolves with an array', () => []],
    ['rejects with undefined', () => Promise.reject(undefined)],
  ]
  it.each(rubbish)('one that %s leaves no waiting request hanging', async (_name, refresh) => {
    const { api } = attach(world, { tokens: expired(world), refresh: refresh as never })
    const answers = await Promise.all([1, 2].map(() => api.get('/')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  it.each(rubbish)('one that %s leaves no rejected request hanging', async (_name, refresh) => {
    const { api } = attach(world, { refresh: refresh as never })
    world.revokeAccessTokens()
    for (const error of await Promise.all([1, 2].map(() => rejection(api.get('/')))))
      expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
  })

  it('one that never settles ends at the time limit', async () => {
    const { api } = attach(world, { refresh: () => new Promise(() => undefined), refreshTimeout: 20 })
    world.revokeAccessTokens()
    expect(await rejection(api.get('/'))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
  })

  it('one that calls back into the session does not deadlock', async () => {
    const { api, session } = attach(world, {
      tokens: expired(world),
      refresh: async (tokens, context) => {
        await session.tokens()
        session.getSnapshot()
        return world.refresh(tokens, context)
      },
    })
    expect((await api.get('/')).status).toBe(200)
  })

  it('one that uses the attached instance with oauth: false does not wait for itself', async () => {
    const { api } = attach(world, {
      tokens: expired(world),
      refresh: async (tokens) => {
        const body = new URLSearchParams({ refresh_token: String(tokens?.refresh_token) })
        return (await api.post(world.tokenEndpoint, body, { oauth: false })).data
      },
    })
    expect((await api.get('/')).status).toBe(200)
    expect(world.counts.refreshGrants).toBe(1)
  })
})

describe('a store that fails', () => {
  const broken = (part: Partial<TokenStore>): TokenStore => ({
    ...memoryStore(expired(world)),
    name: 'the made-up store',
    ...part,
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('made up')
      },
    ],
    ['rejects', () => Promise.reject(new Error('made up'))],
    ['hangs', () => new Promise(() => undefined)],
  ])('one whose read %s gives the typed error that names it', async (_name, read) => {
    let writes = 0
    const { api } = attach(world, { store: broken({ read: read as never, write: () => void writes++ }), storeTimeout: 30 })
    const error = await rejection(api.get('/'))
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED', message: expect.stringContaining('the made-up store') })
    expect([writes, world.counts.requests, world.token.log.length]).toEqual([0, 0, 0])
  })

  it.each([
    ['a string', 'at-secret-1'],
    ['a set with neither token', { scope: 'at-secret-1' }],
    ['an access token with a line break', { access_token: 'at-secret-1\r\nX: y' }],
    ['a token type that can not be sent', { access_token: 'at-secret-1', token_type: 'mac' }],
  ])('one that holds %s gives the typed error, and is left as it was', async (_name, garbage) => {
    let writes = 0
    const { api } = attach(world, { store: broken({ read: () => garbage as never, write: () => void writes++ }) })
    const error = await rejection(api.get('/'))
    expect(error).toMatchObject({ code: 'OAUTH_TOKEN_INVALID', message: expect.stringContaining('the made-up store') })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret-1')
    expect([writes, world.counts.requests, world.token.log.length]).toEqual([0, 0, 0])
  })

  it('one that can not save: the new set lives on in memory, an event says so, and saving is tried again', async () => {
    let fail = true
    const kept = memoryStore(expired(world))
    const { api, session } = attach(world, {
      store: {
        ...kept,
        write: (tokens, context) => {
          if (fail) throw new Error('made up')
          return kept.write(tokens, context)
        },
      },
    })
    const events: string[] = []
    session.on('unpersisted', () => events.push('unpersisted'))
    session.on('saved', () => events.push('saved'))
    expect((await api.get('/')).status).toBe(200)
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
    fail = false
    await session.refresh()
    expect(events).toEqual(['unpersisted', 'saved'])
    expect((await kept.read())?.refresh_token).toBe((await session.tokens())?.refresh_token)
    expect(world.counts).toMatchObject({ refreshGrants: 2, reused: 0 })
  })

  it('one that can not save, when strictness is asked for: the waiting requests reject', async () => {
    const { api } = attach(world, { store: broken({ write: () => Promise.reject(new Error('made up')) }), strictSaving: true })
    expect(await rejection(api.get('/'))).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })

  it('a new set is saved before any waiting request is sent', async () => {
    const order: string[] = []
    const kept = memoryStore(expired(world))
    const { api } = attach(world, {
      store: {
        ...kept,
        write: async (tokens, context) => {
          await kept.write(tokens, context)
          order.push(`saved after ${world.counts.requests} requests`)
        },
      },
    })
    await Promise.all([api.get('/'), api.get('/')])
    expect(order).toEqual(['saved after 0 requests'])
  })
})

describe('no refresh token', () => {
  it('the access token is used, also after its expiry; its 401 comes with the hint about offline_access', async () => {
    const { refresh_token: _, ...tokens } = expired(world)
    const { api } = attach(world, { tokens })
    expect((await api.get('/')).status).toBe(200)
    world.revokeAccessTokens()
    expect(await rejection(api.get('/'))).toMatchObject({
      code: 'OAUTH_NO_REFRESH_TOKEN',
      message: expect.stringContaining('offline_access'),
      response: { status: 401 },
    })
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('is no matter while the access token is valid', async () => {
    const { refresh_token: _, ...tokens } = world.tokens
    const { api } = attach(world, {
      tokens: { ...tokens, expires_at: Math.floor(Date.now() / 1000) + 2, expires_in: 3600 } as TokenJSON,
    })
    expect((await api.get('/')).status).toBe(200)
  })

  it('is no matter to a grant that needs none: a hundred first requests from an empty store get one token', async () => {
    const api = axios.create({ baseURL: world.api })
    let calls = 0
    attachOAuth(api, memoryStore(), {
      refresh: async () => (calls++, { access_token: world.tokens.access_token, expires_in: 60 }),
    })
    await Promise.all(Array.from({ length: 100 }, () => api.get('/')))
    expect([calls, world.counts.served]).toEqual([1, 100])
  })
})
