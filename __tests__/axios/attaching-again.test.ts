import axios, { AxiosError, type AxiosInstance } from 'axios'
import {
  attachOAuth,
  createSession,
  memoryStore,
  type AttachOptions,
  type RefreshFunction,
  type TokenStore,
} from '../../src/index.js'
import { keepAlive } from '../../src/keep-alive.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'

const first = { access_token: 'a1', refresh_token: 'r1' }

/** An instance whose adapter accepts one token, and records what arrives. */
function instance(accepted = 'a2'): { api: AxiosInstance; sent: string[]; gate: { promise: Promise<unknown> } } {
  const sent: string[] = []
  const gate: { promise: Promise<unknown> } = { promise: Promise.resolve() }
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const token = String(config.headers.get('Authorization') ?? '').replace('Bearer ', '')
      sent.push(`${config.url} ${token}`.trim())
      await gate.promise
      const response = { status: token === accepted ? 200 : 401, statusText: '', data: '', headers: {}, config, request: null }
      if (response.status === 200) return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
    },
  })
  return { api, sent, gate }
}

/** A refresh function that issues one token, and how often it was called. */
function issuing(access_token = 'a2'): RefreshFunction & { calls: number } {
  const refresh = Object.assign(
    async () => {
      refresh.calls++
      return { access_token }
    },
    { calls: 0 },
  )
  return refresh
}

const handlers = (api: AxiosInstance): number =>
  [api.interceptors.request, api.interceptors.response]
    .flatMap((manager) => (manager as unknown as { handlers: unknown[] }).handlers)
    .filter(Boolean).length

/** Two stores of one place: one process keeps the record, as two `webStore()` of one key do. */
function twoStores(): [TokenStore, TokenStore] {
  const kept = memoryStore(first)
  const open = (): TokenStore => ({ ...kept, place: ['made up', kept, 'key'] })
  return [open(), open()]
}
const sameStore = (): [TokenStore, TokenStore] => {
  const store = memoryStore(first)
  return [store, store]
}

describe.each([
  ['the same store', sameStore],
  ['another store of the same place', twoStores],
])('attaching an instance again with %s', (_what, stores) => {
  it('replaces the earlier attachment: one set of interceptors, one session, one refresh', async () => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    const earlier = attachOAuth(api, one, { refresh })
    const count = handlers(api)
    const later = attachOAuth(api, two, { refresh })
    expect(handlers(api)).toBe(count)
    await Promise.all([api.get('/x'), api.get('/y')])
    expect([sent, refresh.calls]).toEqual([['/x a1', '/y a1', '/x a2', '/y a2'], 1])
    expect(earlier.getSnapshot()).toBe(later.getSnapshot())
  })

  it('lets requests under way finish with the earlier attachment', async () => {
    const { api, sent, gate } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    attachOAuth(api, one, { refresh })
    const answered = deferred()
    gate.promise = answered.promise
    const request = api.get('/x')
    await settle()
    attachOAuth(api, two, { refresh })
    answered.resolve()
    expect((await request).status).toBe(200)
    expect([sent, refresh.calls]).toEqual([['/x a1', '/x a2'], 1])
  })

  it('lets a request that waits for the refresh go on', async () => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const answer = deferred()
    attachOAuth(api, one, { refresh: () => answer.promise.then(() => ({ access_token: 'a2' })) })
    const request = api.get('/x')
    await settle()
    attachOAuth(api, two, { refresh: issuing('never') })
    answer.resolve()
    expect((await request).status).toBe(200)
    expect(sent).toEqual(['/x a1', '/x a2'])
  })

  it('makes the earlier detach() do nothing', async () => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    const earlier = attachOAuth(api, one, { refresh })
    const later = attachOAuth(api, two, { refresh })
    earlier.detach()
    expect((await api.get('/x')).status).toBe(200)
    later.detach()
    expect(handlers(api)).toBe(0)
    await rejection(api.get('/y'))
    expect(sent.at(-1)).toBe('/y')
  })

  it('replaces the session options that it names and keeps those that it leaves out', async () => {
    const { api } = instance()
    const [one, two] = stores()
    const [old, refresh] = [issuing('old'), issuing('a2')]
    const revoked: unknown[] = []
    attachOAuth(api, one, { refresh: old, revoke: ({ access_token }) => void revoked.push(access_token), rejectSignedOut: true })
    const session = attachOAuth(api, two, { refresh })
    await api.get('/x')
    expect([old.calls, refresh.calls]).toEqual([0, 1])
    await session.signOut({ revoke: true })
    expect(revoked).toEqual(['a2'])
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    attachOAuth(api, one, { rejectSignedOut: false })
    expect(await rejection(api.get('/x'))).toMatchObject({ response: { status: 401 } })
  })

  it('keeps the function of a refresh under way', async () => {
    const { api } = instance('a3')
    const [one, two] = stores()
    const answer = deferred()
    const later = issuing('a3')
    const session = attachOAuth(api, one, { refresh: () => answer.promise.then(() => ({ access_token: 'a2' })) })
    const refreshed = session.refresh()
    await settle()
    attachOAuth(api, two, { refresh: later })
    answer.resolve()
    expect((await refreshed).access_token).toBe('a2')
    expect(later.calls).toBe(0)
    await api.get('/x')
    expect(later.calls).toBe(1)
  })

  it('starts with the defaults of the attachment’s own options', async () => {
    const { api, sent } = instance('a1')
    const [one, two] = stores()
    const refresh = issuing()
    let ended = 0
    const keepAlive = Object.assign(() => () => void ended++, { option: 'keepAlive' } as const)
    attachOAuth(api, one, { refresh, origins: ['https://other.example.com'], keepAlive })
    await api.get('https://other.example.com/x')
    attachOAuth(api, two, {})
    expect(ended).toBe(1)
    await rejection(api.get('https://other.example.com/x'))
    await api.get('/x')
    expect(sent).toEqual(['https://other.example.com/x a1', 'https://other.example.com/x', '/x a1'])
  })

  it('watches the store once', () => {
    const { api } = instance()
    let watchers = 0
    const watched = (store: TokenStore): TokenStore => ({ ...store, subscribe: () => (watchers++, () => void watchers--) })
    const [one, two] = stores()
    const wrapped = new Map([...new Set([one, two])].map((store) => [store, watched(store)]))
    const refresh = issuing()
    attachOAuth(api, wrapped.get(one)!, { refresh })
    const later = attachOAuth(api, wrapped.get(two)!, { refresh })
    expect(watchers).toBe(1)
    later.detach()
    expect(watchers).toBe(0)
  })

  it.each<[string, AttachOptions]>([
    ['refreshTimeout', { refreshTimeout: -1 }],
    ['stepUp', { stepUp: true as never }],
    ['origins', { origins: ['https://api.example.com/v1'] }],
    ['retry', { retry: { limit: 0 } }],
  ])('with a wrong option (%s) leaves the earlier attachment as it was', async (name, options) => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    attachOAuth(api, one, { refresh })
    expect(() => attachOAuth(api, two, options)).toThrow(TypeError)
    expect(() => attachOAuth(api, two, options)).toThrow(name)
    await api.get('/x')
    expect([sent, refresh.calls]).toEqual([['/x a1', '/x a2'], 1])
  })

  it('many times, as hot reloading does, leaves one set of interceptors', async () => {
    const { api, sent } = instance()
    api.interceptors.request.use((config) => config)
    const others = handlers(api)
    const [one, two] = stores()
    const refresh = issuing()
    let last = attachOAuth(api, one, { refresh })
    const count = handlers(api)
    for (let i = 0; i < 20; i++) last = attachOAuth(api, i % 2 ? one : two, { refresh })
    expect(handlers(api)).toBe(count)
    await api.get('/x')
    expect(sent).toEqual(['/x a1', '/x a2'])
    last.detach()
    expect(handlers(api)).toBe(others)
  })

  it('after detach(), as React’s StrictMode does, works like the first time', async () => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    const earlier = attachOAuth(api, one, { refresh, keepAlive: keepAlive() })
    earlier.detach()
    const later = attachOAuth(api, two, { refresh, keepAlive: keepAlive() })
    earlier.detach()
    await api.get('/x')
    expect([sent, refresh.calls]).toEqual([['/x a1', '/x a2'], 1])
    later.detach()
    expect(handlers(api)).toBe(0)
  })
})

describe('a config without its functions, sent again after the instance was attached again', () => {
  /** Sends a request of Ann, attaches again, and gives the config through JSON. */
  async function sendFirst() {
    const { api, sent } = instance('a2')
    const store = memoryStore()
    const session = attachOAuth(api, store, { refresh: false })
    await session.signIn({ access_token: 'a2' }, { user: 'ann' })
    const { config } = await api.get('/x')
    attachOAuth(api, store)
    const copy = JSON.parse(JSON.stringify({ ...config, transformRequest: undefined, transformResponse: undefined })) as object
    return { api, session, sent, copy }
  }

  it('is rejected after another user has signed in', async () => {
    const { api, session, sent, copy } = await sendFirst()
    await session.signIn({ access_token: 'b1' }, { user: 'ben' })
    expect(await rejection(api.request(copy))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual(['/x a2'])
  })

  it('carries the present token of the same user', async () => {
    const { api, session, sent, copy } = await sendFirst()
    for (let i = 0; i < 20; i++) await session.signIn({ access_token: `a${i}` }, { user: 'ann' })
    await api.request(copy).catch(() => undefined)
    expect(sent).toEqual(['/x a2', '/x a19'])
  })
})

describe('attaching an instance after close()', () => {
  it.each([
    ['the same store', sameStore],
    ['another store of the same place', twoStores],
  ])('opens a new session of %s, and the closed one refreshes no more', async (_what, stores) => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    const closed = attachOAuth(api, one, { refresh })
    await closed.close()
    expect(handlers(api)).toBe(0)
    const session = attachOAuth(api, two, { refresh })
    await api.get('/x')
    expect([sent, (await session.tokens())?.access_token]).toEqual([['/x a1', '/x a2'], 'a2'])
    expect(await rejection(closed.refresh())).toMatchObject({ code: 'OAUTH_SESSION_CLOSED' })
  })
})

describe('attaching an instance to another store', () => {
  it.each<[string, () => [TokenStore, TokenStore]]>([
    ['without a place', () => [memoryStore(first), memoryStore(first)]],
    [
      'of another key',
      () => [
        { ...memoryStore(first), place: ['web', 'a'] },
        { ...memoryStore(first), place: ['web', 'b'] },
      ],
    ],
    [
      'of a longer place',
      () => [
        { ...memoryStore(first), place: ['web'] },
        { ...memoryStore(first), place: ['web', 'b'] },
      ],
    ],
    ['of a place, after one without', () => [memoryStore(first), { ...memoryStore(first), place: [] }]],
  ])('%s is a TypeError that names detach() and oauth: { session }, and changes nothing', async (_what, stores) => {
    const { api, sent } = instance()
    const [one, two] = stores()
    const refresh = issuing()
    attachOAuth(api, one, { refresh })
    const attempt = (): unknown => attachOAuth(api, two, { refresh: issuing('never') })
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(/^attachOAuth: .*another store\. Call detach\(\).*oauth: \{ session \}/)
    await api.get('/x')
    expect([sent, refresh.calls]).toEqual([['/x a1', '/x a2'], 1])
  })

  it('is possible after detach()', async () => {
    const { api, sent } = instance()
    attachOAuth(api, memoryStore(first), { refresh: false }).detach()
    attachOAuth(api, memoryStore({ access_token: 'a2' }), { refresh: false })
    await api.get('/x')
    expect(sent).toEqual(['/x a2'])
  })
})

describe('two instances that are attached to one store', () => {
  it('share one session and one refresh', async () => {
    const [one, two] = [instance(), instance()]
    const store = memoryStore(first)
    const refresh = issuing()
    attachOAuth(one.api, store, { refresh })
    attachOAuth(two.api, store, {})
    await Promise.all([one.api.get('/x'), two.api.get('/y')])
    expect([one.sent, two.sent, refresh.calls]).toEqual([['/x a1', '/x a2'], ['/y a1', '/y a2'], 1])
  })

  it('are detached one by one', async () => {
    const [one, two] = [instance(), instance()]
    const store = memoryStore(first)
    const session = attachOAuth(one.api, store, { refresh: issuing() })
    attachOAuth(two.api, store)
    session.detach()
    await rejection(one.api.get('/x'))
    await two.api.get('/y')
    expect([one.sent, two.sent]).toEqual([['/x'], ['/y a1', '/y a2']])
  })

  it('share the session of createSession() with that store', async () => {
    const { api } = instance()
    const store = memoryStore(first)
    const created = createSession(store, { refresh: issuing() })
    const attached = attachOAuth(api, store)
    await attached.signIn({ access_token: 'a9' })
    expect([(await created.tokens())?.access_token, createSession(store).getSnapshot()]).toEqual(['a9', attached.getSnapshot()])
  })
})
