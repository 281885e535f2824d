/**
 * @jest-environment jsdom
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { jest } from '@jest/globals'
import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { httpOnlyCookies, type CookieState, type HttpOnlyCookiesOptions } from '../../src/cookies.js'
import { oauthFetch } from '../../src/fetch.js'
import { attachOAuth, createSession, type AttachOptions, type AttachedSession } from '../../src/index.js'
import { deferred } from '../helpers/client.js'

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

type Jar = { access: string; user: string }

/** A backend whose access cookie the test holds in its hands. */
function backend(
  options: Partial<HttpOnlyCookiesOptions> & Omit<AttachOptions, 'refresh' | 'revoke'> & { valid?: () => boolean } = {},
) {
  const { refresh, revoke, key, valid = () => jar.access === 'new', ...attach } = options
  const jar: Jar = { access: 'old', user: 'ann' }
  const sent: { url: string | undefined; withCredentials: boolean | undefined; access: string; headers: string[] }[] = []
  let refreshes = 0
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config: InternalAxiosRequestConfig) {
      const { url, withCredentials } = config
      sent.push({ url, withCredentials, access: jar.access, headers: Object.keys(config.headers.toJSON()) })
      const isAccepted = valid()
      await Promise.resolve()
      const response: AxiosResponse = { status: isAccepted ? 200 : 401, statusText: '', data: jar.user, headers: {}, config }
      if (!isAccepted && config.validateStatus?.(401) === false)
        throw new AxiosError('401', 'ERR_BAD_REQUEST', config, null, response)
      return response
    },
  })
  const store = httpOnlyCookies({
    refresh: async (state, context) => {
      refreshes++
      if (refresh) return refresh(state, context)
      jar.access = 'new'
      return { user: jar.user, expires_in: 600 }
    },
    ...(revoke && { revoke }),
    ...(key !== undefined && { key }),
  })
  const session: AttachedSession = attachOAuth(api, store, attach)
  return { api, session, jar, sent, store, refreshes: () => refreshes }
}

/** A session whose refresh the test answers, and the signals that the refresh function got. */
function held() {
  const answer = deferred<{ user: string }>()
  const signals: AbortSignal[] = []
  const { session } = backend({
    refresh: (_state, { signal }) => {
      signals.push(signal)
      return answer.promise
    },
  })
  return { session, answer, signals }
}

beforeEach(() => localStorage.clear())

it('five requests that get a 401 lead to one refresh, and each is sent again once with credentials', async () => {
  const { api, session, sent, refreshes } = backend()
  await session.signIn({ user: 'ann', expires_in: 600 })
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.get('/me')))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  expect([refreshes(), sent.length]).toEqual([1, 10])
  expect(sent.every(({ withCredentials }) => withCredentials === true)).toBe(true)
  expect(sent.flatMap(({ headers }) => headers).filter((name) => /authorization/i.test(name))).toEqual([])
})

it('credentials are included for allowed origins only, and another origin gets no recovery', async () => {
  const { api, session, sent, refreshes } = backend()
  await session.signIn({ user: 'ann' })
  await expect(api.get('https://elsewhere.example/x')).rejects.toMatchObject({ response: { status: 401 } })
  await expect(api.get('/x', { oauth: false })).rejects.toMatchObject({ response: { status: 401 } })
  await expect(api.get('/x', { headers: { Authorization: 'Basic x' } })).rejects.toMatchObject({ response: { status: 401 } })
  expect(sent.map(({ withCredentials }) => withCredentials)).toEqual([undefined, undefined, undefined])
  expect(refreshes()).toBe(0)
})

it('a config that a transform redirects to another origin loses the credentials again', async () => {
  const { api, session, sent } = backend({ valid: () => true })
  await session.signIn({ user: 'ann' })
  api.defaults.transformRequest = function (data: unknown) {
    this.url = 'https://elsewhere.example/x'
    return data
  }
  await api.post('/x', 'y')
  expect(sent.map(({ url, withCredentials }) => [url, withCredentials])).toEqual([['https://elsewhere.example/x', undefined]])
})

it("the caller's own withCredentials: true stays in a config that comes back without a session, also after a refresh", async () => {
  const { api, sent } = backend()
  for (const path of ['/after-401', '/x']) {
    const { config } = await api.get(path, { withCredentials: true })
    await api.request({ ...config, oauth: false })
    await api.request({ ...config, url: 'https://elsewhere.example/x', validateStatus: () => true })
  }
  expect(sent.map(({ withCredentials }) => withCredentials)).toEqual(sent.map(() => true))
})

it('withCredentials is not left in a config that comes back without a session, also after a refresh', async () => {
  const { api, sent } = backend()
  for (const path of ['/after-401', '/x']) {
    const { config } = await api.get(path)
    await api.request({ ...config, oauth: false })
  }
  expect(sent.map(({ withCredentials }) => withCredentials)).toEqual([true, true, undefined, true, undefined])
})

it("the caller's own withCredentials: false stays", async () => {
  const { api, session, sent } = backend({ valid: () => true })
  await session.signIn({ user: 'ann' })
  await api.get('/x', { withCredentials: false })
  expect(sent[0]?.withCredentials).toBe(false)
})

describe('while nothing is known of the session', () => {
  it('a request is sent without a refresh, and the snapshot says signed_out', async () => {
    const { api, session, sent, refreshes } = backend({ valid: () => true })
    expect((await api.post('/login')).status).toBe(200)
    expect([refreshes(), sent[0]?.withCredentials, session.getSnapshot()]).toEqual([
      0,
      true,
      expect.objectContaining({ status: 'signed_out', reason: 'empty' }),
    ])
  })

  it('five 401s ask refresh once: it tells the user, and the requests are sent again', async () => {
    const { api, session, refreshes } = backend()
    const events: string[] = []
    session.on('*', ({ type }) => events.push(type))
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.get('/me')))
    expect(answers.map(({ data }) => data)).toEqual(['ann', 'ann', 'ann', 'ann', 'ann'])
    expect(refreshes()).toBe(1)
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann', persisted: true })
    expect(events).toContain('signed_in')
    expect(events).not.toContain('user_changed')
  })

  it('a refresh function that knows of no session leaves the 401 to the caller, and is asked once', async () => {
    const { api, refreshes } = backend({ refresh: () => null })
    await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT', response: { status: 401 } })
    await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
    expect(refreshes()).toBe(1)
  })

  it('with rejectSignedOut, session.refresh() asks, and requests reject until then', async () => {
    const { api, session, sent, refreshes } = backend({ rejectSignedOut: true })
    await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toHaveLength(0)
    expect(await session.refresh()).toMatchObject({ user: 'ann' })
    await api.get('/me')
    expect([refreshes(), sent.length]).toEqual([1, 1])
  })
})

it('nothing that is stored, printed or returned looks like a token, whatever the backend answers', async () => {
  const { api, session, jar } = backend({
    refresh: async () => {
      jar.access = 'new'
      return { user: 'ann', expires_in: 600, access_token: 'SECRET', refresh_token: 'SECRET' } as never
    },
  })
  await session.signIn({ user: 'ann', expires_in: 1, id_token: 'SECRET' })
  await api.get('/me')
  const state = await session.refresh()
  expect(state).toEqual({ user: 'ann', expires_in: 600, expires_at: expect.anything() })
  expect(await session.tokens()).toEqual(state)
  expect(JSON.stringify({ ...localStorage })).not.toContain('SECRET')
})

it('getAccessToken is a TypeError that says where the tokens are', async () => {
  const { session, store } = backend()
  await expect(session.getAccessToken()).rejects.toThrow(
    new TypeError('getAccessToken: the tokens of this session are in HttpOnly cookies, which no script can read'),
  )
  await expect(createSession(store).getAccessToken()).rejects.toBeInstanceOf(TypeError)
})

it('a refresh that tells another user signs that one in, and the waiting requests of the first are not sent again', async () => {
  const { api, session, jar, sent } = backend()
  await session.signIn({ user: 'ann' })
  const events: string[] = []
  session.on('*', ({ type }) => events.push(type))
  jar.user = 'bob'
  const outcomes = await Promise.allSettled([api.get('/ann/1'), api.get('/ann/2')])
  expect(outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as AxiosError).code)).toEqual([
    'OAUTH_SIGNED_OUT',
    'OAUTH_SIGNED_OUT',
  ])
  expect(sent).toHaveLength(2)
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'bob' })
  expect(events).toContain('user_changed')
  expect((await api.get('/bob')).status).toBe(200)
})

it('a waiting request of one user rejects when another one signs in, and the late refresh changes nothing', async () => {
  let answer: (state: CookieState) => void = () => undefined
  const { api, session } = backend({ refresh: () => new Promise((resolve) => (answer = resolve)) })
  await session.signIn({ user: 'ann' })
  const waiting = api.get('/ann').catch((error: AxiosError) => error.code)
  for (let i = 0; i < 50; i++) await Promise.resolve()
  await session.signIn({ user: 'bob' })
  expect(await waiting).toBe('OAUTH_SIGNED_OUT')
  answer({ user: 'ann' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(session.getSnapshot()).toMatchObject({ user: 'bob' })
})

it('signing out is stored: a reload asks no backend, until the application does', async () => {
  const first = backend()
  await first.session.signIn({ user: 'ann' })
  await first.session.signOut()
  first.session.detach()
  const second = backend()
  await expect(second.api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  expect(second.refreshes()).toBe(0)
  await second.session.refresh()
  expect(second.session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
  expect((await second.api.get('/me')).status).toBe(200)
})

it('signOut({ revoke: true }) ends the session at the backend; a refresh that another user has overtaken does not', async () => {
  let ended = 0
  let answer: (state: CookieState) => void = () => undefined
  const { api, session } = backend({
    revoke: () => ended++,
    refresh: () => new Promise((resolve) => (answer = resolve)),
  })
  await session.signIn({ user: 'ann' })
  const waiting = api.get('/ann').catch(() => undefined)
  for (let i = 0; i < 50; i++) await Promise.resolve()
  await session.signIn({ user: 'bob' })
  answer({ user: 'ann' })
  await waiting
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(ended).toBe(0)
  expect(await session.signOut({ revoke: true })).toMatchObject({ revoked: true })
  expect(ended).toBe(1)
})

it.each([
  ['nothing', undefined],
  ['an empty body, as axios reads it', ''],
])('a backend that answers with %s keeps what was known', async (_name, answer) => {
  const { api, session, jar } = backend({ refresh: () => ((jar.access = 'new'), answer as undefined) })
  await session.signIn({ user: 'ann', expires_in: 600 })
  await api.get('/me')
  expect(await session.tokens()).toEqual({ user: 'ann' })
})

it.each([
  ['a Response', { status: 401, headers: {} }, 'the result of refresh must be { user, expires_in }, not the response'],
  ['text', '<html>', 'httpOnlyCookies: the result of refresh must be { user, expires_in }'],
  ['a list', [], 'httpOnlyCookies: the result of refresh must be { user, expires_in }'],
])(
  'a refresh function that resolves with %s fails with a message that says so, and the session stays',
  async (_name, answer, text) => {
    const { api, session } = backend({ refresh: () => answer as never })
    await session.signIn({ user: 'ann' })
    const error = (await api.get('/me').catch((reason: unknown) => reason)) as AxiosError
    expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
    let cause: unknown = error
    const messages: string[] = []
    for (; cause instanceof Error; cause = cause.cause) messages.push(cause.message)
    expect(messages.join(' ')).toContain(text)
    expect(session.getSnapshot().status).toBe('signed_in')
  },
)

it.each([
  ['a list', [], false],
  ['a text', 'ok', false],
  ['an object as the user', { user: { id: 2 } }, false],
  ['a page of HTML, which a proxy may have sent', ' <!doctype html>', true],
])(
  'a refresh function that resolves with %s is a mistake to be corrected, or a failure for a while',
  async (_name, answer, retryable) => {
    const { session } = backend({ refresh: () => answer as never })
    await session.signIn({ user: 'ann' })
    const error: unknown = await session.refresh().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable })
    expect((error as Error).message).toMatch(/httpOnlyCookies: the result of refresh.*[^.]\. The (state was|tokens were) kept\./)
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
  },
)

it('a request of one user is not sent again when refresh names another one with an object', async () => {
  const { api, session, sent } = backend({ refresh: () => ({ user: { id: 2, name: 'Bob' } }) as never })
  await session.signIn({ user: 1 })
  await expect(api.post('/pay')).rejects.toMatchObject({ response: { status: 401 } })
  expect(sent).toHaveLength(1)
})

it('a user that is neither text nor a number is a TypeError of signIn, unless its options name the user', async () => {
  const { session } = backend()
  const answer = { user: { id: 1, name: 'Ann' }, expires_in: 600 }
  for (const user of [answer.user, true, ['ann']])
    await expect(session.signIn({ ...answer, user } as never)).rejects.toThrow(
      new TypeError('signIn: the state: user must be a string or a number, such as the id of an account'),
    )
  expect(session.getSnapshot().status).not.toBe('signed_in')
  await session.signIn(answer, { user: 'ann' })
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
})

it('a wrong option is a TypeError that names it', async () => {
  expect(() => httpOnlyCookies({} as never)).toThrow(
    new TypeError('httpOnlyCookies: refresh must be a function (state, context) → { user, expires_in }, or null'),
  )
  expect(() => httpOnlyCookies({ refresh: () => null, revoke: 1 as never })).toThrow('httpOnlyCookies: revoke')
  expect(() => httpOnlyCookies({ refresh: () => null, key: '' })).toThrow(TypeError)
  for (const state of ['x', [], null])
    await expect(backend().session.signIn(state as never)).rejects.toThrow(
      new TypeError('signIn: the state must be { user, expires_in }'),
    )
  await expect(backend().session.signIn({}, 'ann' as never)).rejects.toThrow('signIn: the options must be an object')
})

describe('a user that the backend reports', () => {
  /** The events of the session, besides those of requests. */
  function recorded(session: AttachedSession): string[] {
    const events: string[] = []
    session.on('*', ({ type }) => ['sent', 'resent', 'queued', 'released'].includes(type) || events.push(type))
    return events
  }

  it('for the first time after a sign-in without one is the user of that sign-in', async () => {
    const { api, session } = backend()
    await session.signIn({})
    const events = recorded(session)
    expect((await api.get('/me')).status).toBe(200)
    await settle()
    expect(events).toEqual(['refresh_started', 'refreshed', 'saved'])
  })

  it('first of all is a sign-in', async () => {
    const { api, session } = backend({ revoke: () => undefined })
    const events = recorded(session)
    await api.get('/me')
    await settle()
    expect(events).toEqual(['refresh_started', 'signed_in', 'saved'])
  })

  it('in place of another one is a sign-in, and revokes nothing', async () => {
    const { api, session, jar } = backend({ revoke: () => undefined })
    await session.signIn({ user: 'ann' })
    const events = recorded(session)
    jar.user = 'bob'
    await api.get('/me').catch(() => undefined)
    await settle()
    expect(events).toEqual(['refresh_started', 'signed_in', 'user_changed', 'saved'])
  })

  it.each([
    ['ann', 'ann', 'ann'],
    [7, '7', 7],
    [0, '0', 0],
    ['', undefined, undefined],
    [null, undefined, undefined],
  ])('may be text or a number: %j', async (user, expected, kept) => {
    const { session } = backend({ refresh: () => ({ user: user as string }) })
    await session.refresh()
    expect(await session.tokens()).toStrictEqual(kept === undefined ? {} : { user: kept })
    const { status, user: told } = session.getSnapshot() as { status: string; user?: string }
    expect([status, told]).toEqual(['signed_in', expected])
  })
})

it('signIn takes the user from its state or its options, and the refresh function gets the state', async () => {
  const states: unknown[] = []
  const { session } = backend({ refresh: (state) => void states.push(state) })
  await session.refresh()
  await session.signIn({ expires_in: 600 }, { user: 'ann' })
  expect(await session.tokens()).toStrictEqual({ user: 'ann', expires_in: 600, expires_at: expect.anything() })
  await session.refresh()
  await session.signIn({ user: 'ann' }, { user: 'bob' })
  expect(session.getSnapshot()).toMatchObject({ user: 'bob' })
  await session.refresh()
  expect(states).toStrictEqual([undefined, { user: 'ann', expires_in: 600 }, { user: 'bob' }])
})

it('a requested refresh after a stored sign-out asks the backend', async () => {
  const first = backend()
  await first.session.signIn({ user: 'ann' })
  await first.session.signOut()
  const second = backend()
  expect(await second.session.refresh()).toMatchObject({ user: 'ann' })
  expect(second.refreshes()).toBe(1)
})

it('a session that its backend has ended is asked for again after a reload', async () => {
  const first = backend({ refresh: () => null })
  await first.session.signIn({ user: 'ann' })
  await expect(first.api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  const second = backend()
  expect((await second.api.get('/me')).status).toBe(200)
  expect(second.refreshes()).toBe(1)
})

it('a backend may report a status or headers of its own beside the user', async () => {
  for (const more of [{ status: 'active' }, { headers: [] }]) {
    const { session } = backend({ refresh: () => ({ user: 'ann', ...more }) })
    expect(await session.refresh()).toStrictEqual({ user: 'ann' })
  }
})

it('is no session for oauthFetch', () => {
  expect(() => oauthFetch(backend().session)).toThrow(/^oauthFetch: .* HttpOnly cookies/)
})

it.each<[string, (session: AttachedSession) => Promise<unknown>]>([
  ['sign-in', (session) => session.signIn({ user: 'ben', expires_in: 600 })],
  ['sign-out', (session) => session.signOut()],
  [
    'sign-in in another tab',
    async () => {
      const other = createSession(httpOnlyCookies({ refresh: () => null }), {})
      await other.signIn({ user: 'ben', expires_in: 600 })
      const key = 'axios-attach-oauth.cookies'
      window.dispatchEvent(new StorageEvent('storage', { key, storageArea: localStorage }))
      await settle()
    },
  ],
])('a %s aborts the refresh under way, whose answer would bring the previous cookies back', async (_what, change) => {
  const signals: AbortSignal[] = []
  const { session } = backend({
    refresh: (_state, { signal }) =>
      new Promise((_resolve, reject) => {
        signals.push(signal)
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
  })
  await session.signIn({ user: 'ann', expires_in: 600 })
  const refreshed = session.refresh().catch((error: { code?: unknown }) => error.code)
  await settle()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  await change(session)
  expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  expect(await refreshed).toBe('OAUTH_SIGNED_OUT')
})

it("a sign-in of the same user lets the refresh under way finish, because the server has spent the browser's cookie", async () => {
  const { session, answer, signals } = held()
  await session.signIn({ user: 'ann', expires_in: 600 })
  const refreshed = session.refresh()
  await settle()
  await session.signIn({ user: 'ann', expires_in: 600 })
  answer.resolve({ user: 'ann' })
  expect(await refreshed).toMatchObject({ user: 'ann' })
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
})

it('a request of the refresh function with context.signal does not wait for the refresh, also where no async context exists', async () => {
  jest.spyOn(AsyncLocalStorage.prototype, 'getStore').mockReturnValue(undefined)
  const { api, session } = backend({
    valid: () => true,
    refresh: async (_state, { signal }) => {
      await null
      await api.get('/public', { signal })
      return { user: 'ann' }
    },
  })
  await session.signIn({ user: 'ann', expires_in: 600 })
  expect(await session.refresh()).toMatchObject({ user: 'ann' })
  jest.restoreAllMocks()
})

it.each<[string, (session: AttachedSession) => Promise<unknown>, string | undefined]>([
  ['signs in', (session) => session.signIn({ user: 'ben', expires_in: 600 }), 'ben'],
  ['signs out', (session) => session.signOut(), undefined],
])('a refresh that began while no user was known changes nothing after the user %s', async (_what, change, user) => {
  const { session, answer, signals } = held()
  const refreshed = session.refresh().catch(() => undefined)
  await settle()
  await change(session)
  expect(signals[0]?.aborted).toBe(true)
  answer.resolve({ user: 'ann' })
  await refreshed
  await settle()
  expect((await session.tokens())?.user).toBe(user)
})

it('a request that waits for a refresh keeps waiting when the same user signs in, because the cookies are still the old ones', async () => {
  const answer = deferred<{ user: string }>()
  const { api, session, sent, jar } = backend({
    refresh: async () => {
      const state = await answer.promise
      jar.access = 'new'
      return state
    },
  })
  await session.signIn({ user: 'ann', expires_in: 600 })
  const request = api.get('/me')
  await settle()
  await session.signIn({ user: 'ann', expires_in: 600 })
  await settle()
  expect(sent.map(({ access }) => access)).toEqual(['old'])
  answer.resolve({ user: 'ann' })
  expect((await request).status).toBe(200)
  expect(sent.map(({ access }) => access)).toEqual(['old', 'new'])
})

it.each<[string, () => Promise<null>]>([
  ['says that the session is over', () => Promise.resolve(null)],
  ['is refused', () => Promise.reject(Object.assign(new Error('made up'), { status: 401 }))],
])('a refresh with the earlier cookies that %s does not end a sign-in of the same user', async (_what, end) => {
  const answered = deferred()
  const { session } = backend({ refresh: () => answered.promise.then(end) })
  await session.signIn({ user: 'ann', expires_in: 600 })
  const refreshed = session.refresh().catch(() => undefined)
  await settle()
  await session.signIn({ user: 'ann', expires_in: 600 })
  answered.resolve()
  await refreshed
  await settle()
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
})

it('a refresh after a sign-out is saved, also when the backend names no user', async () => {
  const { session } = backend({ refresh: () => ({ expires_in: 600 }) })
  await session.signIn({ user: 'ann', expires_in: 600 })
  await session.signOut()
  await session.refresh()
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: true })
  const reloaded = createSession(httpOnlyCookies({ refresh: () => null }), {})
  expect(await reloaded.tokens()).toBeDefined()
})
