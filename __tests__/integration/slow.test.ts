import axios, { type AxiosRequestConfig } from 'axios'
import { memoryStore, type TokenJSON } from '../../src/index.js'
import { attachIn } from '../../src/axios/attach.js'
import type { AttachedSession } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { platform, type Environment } from '../../src/session/environment.js'
import { attach, deferred, expired, rejection, type Deferred } from '../helpers/client.js'
import { json, lost, silent, startWorld, type Fault, type World } from '../helpers/world.js'

let world: World
let never: Deferred<void>
beforeEach(async () => {
  world = await startWorld()
  never = deferred()
})
afterEach(async () => {
  never.resolve()
  await world.close()
})

const grant = (transport: string): ReturnType<typeof refreshToken> =>
  refreshToken({
    tokenEndpoint: world.tokenEndpoint,
    clientId: 'app',
    ...(transport === 'axios' && { axios: axios.create() }),
  })

/** A client in an environment of its own. */
function attachWith(
  environment: Partial<Environment>,
  transport: string,
  tokens: TokenJSON = expired(world),
): {
  api: ReturnType<typeof axios.create>
  session: AttachedSession
  store: ReturnType<typeof memoryStore>
} {
  const api = axios.create({ baseURL: world.api })
  const store = memoryStore(tokens)
  const session = attachIn({ ...platform, ...environment }, api, store, { refresh: grant(transport) })
  return { api, session, store }
}

describe.each(['fetch', 'axios'])('a token endpoint asked through %s', (transport) => {
  describe('whose answer is lost after processing', () => {
    const losses: [string, Fault][] = [
      ['by a reset', lost],
      ['by an end', { cut: { at: 0, by: 'end' } }],
      ['in silence', silent],
    ]

    it.each(losses)(
      '%s: the tokens are kept and not sent again, each request gets its own 401, and when the application asks, the refusal of the server signs out once',
      async (_name, loss) => {
        world.revokeAccessTokens()
        const { api, session, store } = attach(world, { tokens: expired(world), refresh: grant(transport), refreshTimeout: 150 })
        const signedOut: unknown[] = []
        session.on('signed_out', (event) => signedOut.push(event))
        const before = await store.read()
        world.token.faults.once(loss)
        const errors = await Promise.all([1, 2, 3].map((i) => rejection(api.get(`/${i}`))))
        for (const [i, error] of errors.entries())
          expect(error).toMatchObject({
            code: 'OAUTH_REFRESH_UNAVAILABLE',
            isAxiosError: true,
            response: { status: 401, data: { url: `/${i + 1}` } },
          })
        expect(await store.read()).toEqual(before)
        expect(await rejection(api.get('/4'))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
        expect(world.token.log.map(({ answer }) => answer?.status)).toEqual([200])
        expect(signedOut).toEqual([])

        for (const error of await Promise.all([1, 2].map(() => rejection(session.refresh()))))
          expect(error).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
        expect(signedOut).toMatchObject([{ reason: 'invalid_grant' }])
        expect(await store.read()).toBeUndefined()
        expect(await rejection(api.get('/5'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
        expect(world.token.log.map(({ answer }) => answer?.status)).toEqual([200, 400])
        expect(world.counts).toMatchObject({ reused: 1, requests: 5, served: 0 })
      },
    )

    it('leaves the refresh token alone for the cool-down of 10 s, and asks once after it', async () => {
      let passed = 0
      world.revokeAccessTokens()
      const { api, session } = attachWith({ monotonic: () => performance.now() + passed }, transport)
      world.token.faults.once(lost)
      await rejection(api.get('/'))
      passed = 9000
      expect(await rejection(api.get('/'))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
      expect(world.token.log).toHaveLength(1)
      passed = 11_000
      expect(await rejection(api.get('/'))).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
      expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
      expect(world.token.log).toHaveLength(2)
    })

    it.each([
      ['is still valid', 20],
      ['has expired by the clock', -20],
    ])('does not keep requests from going on with a token that %s', async (_which, seconds) => {
      const tokens = { ...world.tokens, expires_at: Math.floor(Date.now() / 1000) + seconds }
      const { api, session } = attach(world, { tokens, refresh: grant(transport) })
      const failed = new Promise((resolve) => session.on('refresh_failed', resolve))
      world.token.faults.once(lost)
      for (let i = 0; i < 3; i++) expect((await api.get('/')).status).toBe(200)
      await failed
      expect((await api.get('/')).status).toBe(200)
      expect(world.token.log).toHaveLength(1)
    })
  })

  it('whose body stops in the middle: the typed error at the time limit, and the connection is closed', async () => {
    world.revokeAccessTokens()
    const { api, session } = attach(world, { tokens: expired(world), refresh: grant(transport), refreshTimeout: 150 })
    world.token.faults.once({ slow: { bytes: 100, every: never.promise } })
    for (const error of await Promise.all([1, 2].map(() => rejection(api.get('/')))))
      expect(error).toMatchObject({
        code: 'OAUTH_REFRESH_UNAVAILABLE',
        cause: { cause: { message: expect.stringContaining('150 ms') } },
      })
    const [entry] = world.token.log
    expect(await entry!.over).toBe('left')
    expect(entry!.bytes).toBeGreaterThan(100)
    expect(session.getSnapshot().status).toBe('signed_in')
    expect(world.counts).toMatchObject({ requests: 2, refreshGrants: 1 })
  })

  it('whose body comes slowly, within the time limit, is waited for', async () => {
    const { api } = attach(world, { tokens: expired(world), refresh: grant(transport) })
    world.token.faults.once({ slow: { bytes: 20, every: 5 } })
    expect((await api.get('/')).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 1, requests: 1 })
  })

  describe('that is too busy', () => {
    /** A client whose time passes immediately, and how long it has waited. */
    function hurried(): ReturnType<typeof attachWith> & { waits: number[]; now: number } {
      const waits: number[] = []
      // Whole seconds: an HTTP date has no others.
      const now = Math.floor(Date.now() / 1000) * 1000
      const after = (ms: number, callback: () => void): (() => void) => {
        // The time limits of the refresh and of the store stay what they are.
        if (ms >= 10_000) return platform.after(ms, callback)
        waits.push(ms)
        return platform.after(0, callback)
      }
      return { ...attachWith({ after, random: () => 0.5, now: () => now }, transport), waits, now }
    }

    const statuses = (): unknown[] => world.token.log.map(({ answer }) => answer?.status)

    it.each([
      [503, 'seconds', () => '2', [2050, 2100]],
      [429, 'seconds', () => '1', [1050, 1100]],
      [503, 'an HTTP date', (now: number) => new Date(now + 3000).toUTCString(), [3050, 3100]],
      [429, 'an HTTP date that has passed', (now: number) => new Date(now - 9000).toUTCString(), [50, 100]],
      [503, 'rubbish', () => 'soon', [500, 1000]],
      [429, 'nothing', () => undefined, [500, 1000]],
    ] as const)(
      '(%i, and a Retry-After of %s) is asked again when it wants to be, three times in all',
      async (status, _form, retryAfter, expected) => {
        const { api, waits, now, store } = hurried()
        const before = await store.read()
        const value = retryAfter(now)
        const date = new Date(now).toUTCString()
        const busy = { instead: json(status, {}, { date, ...(value !== undefined && { 'retry-after': value }) }) }
        world.token.faults.times(2, busy)
        expect((await api.get('/')).status).toBe(200)
        expect(statuses()).toEqual([status, status, 200])
        expect(waits).toEqual(expected)
        expect(new Set(world.token.log.map(({ refreshToken }) => refreshToken))).toEqual(new Set([before?.refresh_token]))
        expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, requests: 1 })
      },
    )

    it('for too long, gives the typed error after three tries, and the tokens are kept', async () => {
      world.revokeAccessTokens()
      const { api, store, session } = hurried()
      const before = await store.read()
      world.token.faults.always({ instead: json(503, {}, { 'retry-after': '1' }) })
      for (const error of await Promise.all([1, 2].map(() => rejection(api.get('/')))))
        expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', cause: { cause: { status: 503 } } })
      expect(statuses()).toEqual([503, 503, 503])
      expect(await store.read()).toEqual(before)
      world.token.faults.clear()
      await session.refresh()
      expect((await api.get('/')).status).toBe(200)
    })
  })

  it('that answers after all 401s have come in is asked once', async () => {
    world.revokeAccessTokens()
    const { api } = attach(world, { refresh: grant(transport) })
    const hold = deferred()
    world.token.faults.once({ before: hold.promise })
    for (let i = 0; i < 5; i++) world.resource.faults.once({ before: 10 * i })
    const answers = Array.from({ length: 5 }, (_, i) => api.get(`/${i}`))
    await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        while (!world.seen[i]) await new Promise((resolve) => setImmediate(resolve))
        await world.seen[i].over
      }),
    )
    hold.resolve()
    expect((await Promise.all(answers)).map(({ data }) => (data as { url: string }).url)).toEqual(['/0', '/1', '/2', '/3', '/4'])
    expect(world.token.log).toHaveLength(1)
    expect(world.counts).toMatchObject({ rejected: 5, served: 5 })
  })
})

describe.each(['http', 'fetch'] as const)('a slow API, with the %s adapter', (adapter) => {
  const slowly: Fault = { slow: { bytes: 20, every: 5 } }
  const client = (): ReturnType<typeof attach> => attach(world, { defaults: { adapter } })
  const shapeOf = ({ name, code, message }: Error & { code?: string }): object => ({ name, code, message })
  const withoutUs = (config: AxiosRequestConfig): Promise<Error & { code?: string }> =>
    rejection(axios.get(world.api, { adapter, headers: { authorization: `Bearer ${world.tokens.access_token}` }, ...config }))

  it('is waited for within the request’s timeout, the refused answer and the second one too', async () => {
    world.revokeAccessTokens()
    world.resource.faults.times(2, slowly)
    const { data } = await client().api.get('/slow', { timeout: 20_000 })
    expect(data).toMatchObject({ url: '/slow' })
    expect(world.seen.map(({ status }) => status)).toEqual([401, 200])
    expect(await Promise.all(world.seen.map(({ over }) => over))).toEqual(['answered', 'answered'])
  })

  it.each(['of the first answer', 'of the second answer'])(
    'beyond the timeout, in the body %s: axios’ own error, the connection is closed, and the session goes on',
    async (which) => {
      const stuck: Fault = { slow: { bytes: 20, every: never.promise } }
      world.resource.faults.once(stuck)
      const alone = await withoutUs({ timeout: 700 })
      expect(await world.seen[0]!.over).toBe('left')
      world.resource.log.length = 0
      const again = which === 'of the second answer'
      if (again) world.resource.faults.once({})
      if (again) world.revokeAccessTokens()
      world.resource.faults.once(stuck)
      const { api, session } = client()
      const error = await rejection(api.get('/', { timeout: 700 }))
      expect(shapeOf(error)).toEqual(shapeOf(alone))
      expect(await world.seen.at(-1)!.over).toBe('left')
      expect(world.seen).toHaveLength(again ? 2 : 1)
      expect((await api.get('/next')).status).toBe(200)
      expect(session.getSnapshot().status).toBe('signed_in')
      expect(world.counts.refreshGrants).toBe(again ? 1 : 0)
    },
  )
})
