import { AsyncLocalStorage } from 'node:async_hooks'
import { jest } from '@jest/globals'
import axios, { AxiosError, type InternalAxiosRequestConfig } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import type { AttachedSession, AttachOptions, RefreshFunction, TokenJSON, TokenStore } from '../../src/index.js'
import { sharedStore } from '../../src/shared.js'
import { stepUp, type StepUpHandler } from '../../src/step-up.js'
import { memoryStore } from '../../src/stores/memory.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { recordedApi, set } from '../helpers/recorded-api.js'
import { controlledRefresh, issuer } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

/** An unsigned ID token of a made-up user. */
const idToken = (sub: string): string => `e30.${btoa(JSON.stringify({ iss: 'https://login.test', sub }))}.`
function attach(
  options: Partial<AttachOptions> & {
    store?: TokenStore
    accepts?: (token: string) => boolean
    refresh?: RefreshFunction | false
  } = {},
) {
  const { store = memoryStore(set('a1')), accepts, ...rest } = options
  const { api, sent } = recordedApi(accepts)
  const session = attachIn(environment, api, store, { refresh: issuer(), ...rest })
  return { api, session, sent, store }
}

const codes = (promises: Promise<unknown>[]): Promise<unknown[]> =>
  Promise.all(
    promises.map((promise) =>
      promise.then(
        () => 'sent',
        (error: { code?: unknown }) => error.code,
      ),
    ),
  )

describe('one response judges one request', () => {
  it('six 401s of one route leave the other routes with the present token', async () => {
    const { api, session, sent } = attach({ accepts: () => false })
    await session.tokens()
    for (let i = 0; i < 7; i++) await rejection(api.get('/forbidden'))
    expect(await rejection(api.get('/forbidden'))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT', response: { status: 401 } })
    sent.length = 0
    await rejection(api.get('/other'))
    expect(sent).toEqual([`/other ${(await session.tokens())?.access_token}`])
  })

  it.each<[string, RefreshFunction | false, TokenJSON]>([
    ['the token endpoint is down', () => Promise.reject({ status: 503 }), set('a1')],
    ['there is no refresh function', false, set('a1')],
    ['there is no refresh token', Object.assign(issuer(), { needsRefreshToken: true }), { access_token: 'a1' }],
  ])('after a 401 while %s, other requests go on with the present token', async (_why, refresh, tokens) => {
    const { api, session, sent } = attach({
      store: memoryStore(tokens),
      refresh,
      retry: { limit: 1 },
      accepts: () => sent.length !== 1,
    })
    await session.tokens()
    const refused = await rejection(api.get('/a'))
    expect(refused).toMatchObject({ response: { status: 401 }, code: expect.stringMatching(/^OAUTH_/) })
    await api.get('/b')
    expect(sent).toEqual(['/a a1', '/b a1'])
  })

  it('a 401 that validateStatus accepts resolves as it came when the refresh fails', async () => {
    const { api } = attach({ refresh: () => Promise.reject({ status: 500 }), accepts: () => false })
    expect(await api.get('/a', { validateStatus: () => true })).toMatchObject({ status: 401 })
  })

  it('requests that wait for the refresh of a rejected token go out with the present one when it fails', async () => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({ refresh, accepts: () => sent.length !== 1 })
    await session.tokens()
    const refused = rejection(api.get('/refused'))
    await settle()
    const waiting = api.get('/waiting')
    await settle()
    expect(sent).toEqual(['/refused a1'])
    refresh.calls[0]!.fail({ status: 500 })
    expect(await refused).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect((await waiting).status).toBe(200)
  })
})

describe('a request belongs to one epoch', () => {
  it.each<[string, (session: AttachedSession) => Promise<unknown>, string]>([
    ['signs out', (session) => session.signOut(), 'OAUTH_SIGNED_OUT'],
    ['signs in as another user', (session) => session.signIn(set('b1'), { user: 'ben' }), 'OAUTH_SIGNED_OUT'],
  ])('when the application %s right after a refresh, no waiting request is sent', async (_what, change, code) => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({ refresh, store: memoryStore(set('a1', { expires_at: 1 })) })
    await session.tokens()
    const refreshed = session.refresh()
    await settle()
    const waiting = codes([1, 2, 3, 4, 5].map((n) => api.get(`/${n}`)))
    await settle()
    const changed = refreshed.then(() => change(session))
    refresh.calls[0]!.answer({ access_token: 'a2', expires_in: 1e9 })
    await changed
    expect(await waiting).toEqual([code, code, code, code, code])
    expect(sent).toEqual([])
  })

  it.each(['released', 'resent'] as const)('a sign-out by a listener of %s keeps the request from being sent', async (name) => {
    const { api, session, sent } = attach({ accepts: (token) => token !== 'a1' })
    await session.tokens()
    session.on(name, () => void session.signOut())
    expect(await codes([api.get('/a')])).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual(['/a a1'])
  })

  it('a sign-out while another interceptor takes its time keeps the request from being sent', async () => {
    const gate = deferred()
    const { api, session, sent } = attach()
    await session.tokens()
    api.interceptors.request.use(async (config) => {
      await gate.promise
      return config
    })
    const waiting = codes([api.get('/a')])
    await settle()
    await session.signOut()
    gate.resolve()
    expect(await waiting).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual([])
  })

  it('a sign-in of another user during another interceptor keeps the request from being sent', async () => {
    const gate = deferred()
    const { api, session, sent } = attach()
    await session.tokens()
    api.interceptors.request.use((config) => gate.promise.then(() => config))
    const waiting = codes([api.get('/a')])
    await settle()
    await session.signIn(set('b1'), { user: 'ben' })
    gate.resolve()
    expect([await waiting, sent]).toEqual([['OAUTH_SIGNED_OUT'], []])
  })

  it.each<[string, (session: AttachedSession) => Promise<unknown>]>([
    ['sign-out', (session) => session.signOut()],
    ['sign-in of another user', (session) => session.signIn(set('b1'), { user: 'ben' })],
  ])('a %s by a request transform, right before the adapter, keeps the request from being sent', async (_what, change) => {
    const { api, session, sent } = attach()
    await session.tokens()
    const transformRequest = (data: unknown): unknown => {
      void change(session)
      return data
    }
    expect(await codes([api.post('/a', 'x', { transformRequest })])).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual([])
  })

  it('a sign-in of another user in any turn between the interceptors and the adapter keeps the request from being sent', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const { api, session, sent } = attach()
      await session.tokens()
      api.interceptors.request.use(async (config) => config)
      const request = codes([api.get('/a')])
      for (let i = 0; i < turns; i++) await null
      const wasSent = sent.length > 0
      await session.signIn(set('b1'), { user: 'ben' })
      expect([await request, sent]).toEqual(wasSent ? [['sent'], ['/a a1']] : [['OAUTH_SIGNED_OUT'], []])
    }
  })

  it('a config that is sent again after another user has signed in is rejected', async () => {
    const { api, session, sent } = attach({ accepts: () => false, refresh: () => Promise.reject({ status: 500 }) })
    const { config } = await rejection<{ config: InternalAxiosRequestConfig }>(api.get('/a'))
    await session.signIn(set('b1'), { user: 'ben' })
    sent.length = 0
    expect(await codes([api.request(config)])).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual([])
  })

  it.each([
    ['by their ID token', set('a1', { id_token: idToken('ann') }), set('a2', { id_token: idToken('ann') }), undefined],
    ['by the name that the application gives', undefined, set('a2'), { user: 'ann' }],
  ])(
    'a config may be sent again after the end and a new sign-in of the same user, known %s',
    async (_how, first, second, options) => {
      const { api, session, sent } = attach({
        store: memoryStore(first),
        refresh: () => Promise.reject({ error: 'invalid_grant' }),
        accepts: (token) => token === 'a2',
      })
      if (!first) await session.signIn(set('a1'), options)
      const failed = await rejection<{ config: InternalAxiosRequestConfig; code: string }>(api.get('/a'))
      expect(failed.code).toBe('OAUTH_INVALID_GRANT')
      await session.signIn(second, options)
      expect((await api.request(failed.config)).status).toBe(200)
      expect(sent).toEqual(['/a a1', '/a a2'])
    },
  )

  it('a sign-in that is known to be the same user’s lets waiting requests go on with its token', async () => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({
      store: memoryStore(set('a1', { id_token: idToken('ann') })),
      refresh,
      accepts: (t) => t !== 'a1',
    })
    await session.tokens()
    const waiting = api.get('/a')
    await settle()
    await session.signIn(set('a9', { id_token: idToken('ann') }))
    expect((await waiting).status).toBe(200)
    expect(sent).toEqual(['/a a1', '/a a9'])
  })
})

describe('change first, then notify', () => {
  it('a sign-in by a listener of refreshed does not release the waiting request of the user before', async () => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({ refresh, accepts: (token) => token !== 'a1' })
    await session.tokens()
    session.on('refreshed', () => void session.signIn(set('b1'), { user: 'ben' }))
    const waiting = codes([api.get('/a')])
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2' })
    expect(await waiting).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual(['/a a1'])
  })

  it('a sign-in by a listener of refresh_failed stays', async () => {
    const { session, store } = attach({ refresh: () => Promise.reject({ error: 'invalid_grant' }) })
    await session.tokens()
    session.on('refresh_failed', () => void session.signIn(set('b1')))
    await rejection(session.refresh())
    await settle()
    expect([(await session.tokens())?.access_token, (await store.read())?.access_token]).toEqual(['b1', 'b1'])
    expect(session.getSnapshot().status).toBe('signed_in')
  })

  it('a sign-out by a subscriber during a sign-in is what memory and store end with', async () => {
    const { session, store } = attach()
    await session.tokens()
    const unsubscribe = session.subscribe(() => {
      unsubscribe()
      void session.signOut()
    })
    await session.signIn(set('b1'))
    await settle()
    expect([await session.tokens(), await store.read()]).toEqual([undefined, undefined])
  })

  it('of nested sign-ins, the last call is what memory and store end with', async () => {
    const { session, store } = attach()
    await session.tokens()
    let nested: Promise<void> | undefined
    session.on('signed_in', () => (nested ??= session.signIn(set('c1'))))
    await session.signIn(set('b1'))
    await nested
    expect([(await session.tokens())?.access_token, (await store.read())?.access_token]).toEqual(['c1', 'c1'])
  })

  it('events of a change that a listener makes come after the present ones, for every listener', async () => {
    const { session } = attach()
    await session.tokens()
    const seen: string[] = []
    session.on('signed_in', () => void session.signOut())
    session.on('signed_in', () => void seen.push('signed_in'))
    session.on('signed_out', () => void seen.push('signed_out'))
    await session.signIn(set('b1'))
    expect(seen).toEqual(['signed_in', 'signed_out'])
  })

  it('30 concurrent 401s make as many snapshots as there are contents', async () => {
    const { api, session } = attach({ accepts: (token) => token !== 'a1' })
    await session.tokens()
    const snapshots = new Set([session.getSnapshot()])
    session.subscribe(() => snapshots.add(session.getSnapshot()))
    await Promise.all(Array.from({ length: 30 }, (_, i) => api.get(`/${i}`).then(() => snapshots.add(session.getSnapshot()))))
    expect(new Set([...snapshots].map((snapshot) => JSON.stringify(snapshot))).size).toBe(snapshots.size)
    expect(snapshots.size).toBe(3)
  })
})

describe('over a shared store', () => {
  function record(first: TokenJSON | undefined) {
    let stored = first
    let turn: Promise<unknown> = Promise.resolve()
    const listeners = new Set<() => void>()
    const open = (): TokenStore =>
      sharedStore({
        read: () => stored,
        write(tokens, { mode, replacing }) {
          if (mode === 'replace' && stored?.access_token !== replacing?.access_token) return false
          stored = tokens
          for (const listener of listeners) queueMicrotask(listener)
          return true
        },
        lock: (run) => {
          const result = turn.then(() => run())
          turn = result.then(
            () => undefined,
            () => undefined,
          )
          return result
        },
        subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
      })
    return { open, get: () => stored }
  }

  it.each([
    ['known by the marker of the sign-in', set('a1'), set('b1'), undefined],
    ['known by the ID token', set('a1', { id_token: idToken('ann') }), set('b1', { id_token: idToken('ben') }), undefined],
    ['known by the name that the application gives', set('a1'), set('b1'), { user: 'ben' }],
  ])('another user who signs in elsewhere, %s, gets no request of the first user', async (_how, first, second, options) => {
    const { open } = record(first)
    const refresh = controlledRefresh()
    const one = attach({ store: open(), refresh, accepts: (token) => token !== 'a1' })
    const two = attach({ store: open() })
    await Promise.all([one.session.tokens(), two.session.tokens()])
    const changes: unknown[] = []
    one.session.on('user_changed', (event) => changes.push(event))
    const waiting = codes([one.api.get('/of-ann')])
    await settle()
    await two.session.signIn(second, options)
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2', refresh_token: 'r2' })
    expect(await waiting).toEqual(['OAUTH_SIGNED_OUT'])
    expect(one.sent).toEqual(['/of-ann a1'])
    await settle()
    expect(changes).toHaveLength(1)
    expect((await one.session.tokens())?.access_token).toBe('b1')
  })

  it('a sign-in with the set that is in use is no user change elsewhere', async () => {
    const { open } = record(set('a1'))
    const one = attach({ store: open() })
    const two = attach({ store: open() })
    await Promise.all([one.session.tokens(), two.session.tokens()])
    const changes: unknown[] = []
    two.session.on('user_changed', (event) => changes.push(event))
    for (let i = 0; i < 2; i++) await one.session.signIn((await one.session.tokens()) as TokenJSON)
    await one.session.refresh()
    await settle()
    expect([changes, (await two.session.tokens())?.access_token]).toEqual([[], (await one.session.tokens())?.access_token])
  })

  it('the same user who signs in again elsewhere is no user change', async () => {
    const { open } = record(set('a1', { id_token: idToken('ann') }))
    const one = attach({ store: open() })
    const two = attach({ store: open() })
    await Promise.all([one.session.tokens(), two.session.tokens()])
    const changes: unknown[] = []
    one.session.on('user_changed', (event) => changes.push(event))
    await two.session.signIn(set('a5', { id_token: idToken('ann') }))
    await settle()
    expect([changes, (await one.session.tokens())?.access_token]).toEqual([[], 'a5'])
  })

  it('a refresh elsewhere is no user change, and keeps the marker out of tokens() and the refresh function', async () => {
    const { open, get } = record(undefined)
    const seen: unknown[] = []
    const refresh: RefreshFunction = async (tokens) => {
      seen.push(Object.keys(tokens ?? {}))
      return { access_token: 'a2', refresh_token: 'r2' }
    }
    const one = attach({ store: open(), refresh: false })
    const two = attach({ store: open(), refresh })
    await two.session.signIn(set('a1'), { user: 'ann' })
    await one.session.tokens()
    const changes: unknown[] = []
    one.session.on('user_changed', (event) => changes.push(event))
    await two.session.refresh()
    await settle()
    expect(changes).toEqual([])
    expect(get()).toMatchObject({ access_token: 'a2', 'axios-attach-oauth': { user: 'ann' } })
    expect([seen, await one.session.tokens()]).toEqual([
      [['access_token', 'refresh_token']],
      { access_token: 'a2', refresh_token: 'r2' },
    ])
  })

  it('a burst of notices causes one read, and at most one more', async () => {
    let reads = 0
    let notify = (): void => undefined
    const store = sharedStore({
      read: async () => (reads++, set('a1')),
      write: () => true,
      lock: (run) => run(),
      subscribe: (listener) => ((notify = listener), () => undefined),
    })
    const { session } = attach({ store })
    await session.tokens()
    reads = 0
    for (let i = 0; i < 30_000; i++) notify()
    await settle()
    expect(reads).toBeLessThanOrEqual(2)
  })
})

describe('tokens that a refresh function or step-up handler signs in with itself', () => {
  it('are used by the waiting requests and are not revoked', async () => {
    const revoked: unknown[] = []
    const refresh: RefreshFunction = async () => {
      const tokens = { access_token: 'a2', refresh_token: 'r2' }
      await session.signIn(tokens)
      return tokens
    }
    const { api, session, sent } = attach({
      refresh,
      revoke: (tokens) => void revoked.push(tokens),
      accepts: (token) => token === 'a2',
    })
    await session.tokens()
    expect((await api.get('/a')).status).toBe(200)
    await settle()
    expect([sent, revoked, (await session.tokens())?.access_token]).toEqual([['/a a1', '/a a2'], [], 'a2'])
  })
})

describe('a session that is closed', () => {
  it('saves an unsaved set once more and tells whether the store holds it', async () => {
    let isBroken = false
    const kept = memoryStore(set('a1'))
    const store: TokenStore = {
      ...kept,
      write: (tokens, context) => {
        if (isBroken) throw new Error('disk full')
        return kept.write(tokens, context)
      },
    }
    const { session } = attach({ store })
    await session.tokens()
    isBroken = true
    await session.refresh()
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
    isBroken = false
    expect(await session.close()).toEqual({ persisted: true })
    expect((await kept.read())?.access_token).toBe('a2')
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_SESSION_CLOSED' })
  })

  it('waits for the refresh under way', async () => {
    const refresh = controlledRefresh()
    const { session, store } = attach({ refresh })
    void session.refresh()
    await settle()
    const closed = session.close()
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2' })
    expect(await closed).toEqual({ persisted: true })
    expect((await store.read())?.access_token).toBe('a2')
  })
})

describe('the snapshot', () => {
  it('leaves unknown by itself soon after the first subscription', async () => {
    const { session } = attach()
    expect(session.getSnapshot().status).toBe('unknown')
    session.subscribe(() => undefined)
    await settle()
    expect(session.getSnapshot().status).toBe('signed_in')
  })

  it('is unavailable, with the error, while the store can not be read, and the store is read again at the next need', async () => {
    let isBroken = true
    const store: TokenStore = {
      read: () => {
        if (isBroken) throw new Error('made up')
        return set('a1')
      },
      write: () => undefined,
    }
    const { api, session, sent } = attach({ store })
    session.subscribe(() => undefined)
    await settle()
    expect(session.getSnapshot()).toMatchObject({ status: 'unavailable', error: { code: 'OAUTH_STORE_FAILED' } })
    isBroken = false
    await api.get('/a')
    expect([sent, session.getSnapshot().status]).toEqual([['/a a1'], 'signed_in'])
  })
})

describe('a sign-in with the set that is in use', () => {
  it('is no user change, and requests that wait go on', async () => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({ accepts: (token) => token === 'a2', refresh })
    const changes: unknown[] = []
    session.on('user_changed', (event) => changes.push(event))
    await session.tokens()
    const request = api.get('/x')
    await settle()
    const signedIn = session.signIn((await session.tokens()) as TokenJSON, { user: 'ann' })
    await settle()
    refresh.calls[0]?.answer({ access_token: 'a2', refresh_token: 'r2' })
    expect(await codes([request])).toEqual(['sent'])
    await signedIn
    expect([changes, sent]).toEqual([[], ['/x a1', '/x a2']])
    expect((await session.tokens())?.access_token).toBe('a2')
  })

  it('by the refresh function itself does not end its refresh', async () => {
    const refresh: RefreshFunction = async (tokens) => {
      await session.signIn(tokens as TokenJSON)
      return { access_token: 'a2' }
    }
    const { session } = attach({ refresh })
    await session.tokens()
    expect((await session.refresh()).access_token).toBe('a2')
  })

  it('by the refresh function itself does not end its refresh where no async context exists', async () => {
    jest.spyOn(AsyncLocalStorage.prototype, 'getStore').mockReturnValue(undefined)
    const refresh: RefreshFunction = async (tokens) => {
      await null
      await session.signIn(tokens as TokenJSON, { user: 'ann' })
      return { access_token: 'a2' }
    }
    const { session } = attach({ refresh })
    await session.tokens()
    expect((await session.refresh()).access_token).toBe('a2')
    expect(session.getSnapshot()).toMatchObject({ user: 'ann' })
    jest.restoreAllMocks()
  })

  it('names the user for a refresh under way, whose set is stored with the user', async () => {
    const refresh = controlledRefresh()
    const store = memoryStore(set('a1'))
    const { session } = attach({ refresh, store })
    await session.tokens()
    const changes: unknown[] = []
    session.on('*', ({ type }) => changes.push(type))
    const refreshed = session.refresh()
    await settle()
    await session.signIn((await session.tokens()) as TokenJSON, { user: 'ann' })
    refresh.calls[0]?.answer({ access_token: 'a2', refresh_token: 'r2' })
    await refreshed
    await session.signIn(set('a3'), { user: 'ann' })
    expect(changes.filter((type) => type === 'user_changed')).toEqual([])
    expect(session.getSnapshot()).toMatchObject({ user: 'ann' })
  })

  it('leaves a 401 that arrives afterwards a reason to refresh', async () => {
    const refresh = controlledRefresh()
    const accepts = (token: string): boolean => {
      if (sent.length === 1) void session.signIn(set('a1'))
      return token === 'a2'
    }
    const { api, session, sent } = attach({ accepts, refresh })
    await session.tokens()
    const request = api.get('/x')
    await settle()
    refresh.calls[0]?.answer({ access_token: 'a2' })
    expect(await codes([request])).toEqual(['sent'])
    expect(sent).toEqual(['/x a1', '/x a2'])
  })

  it('keeps the requests that wait for the refresh waiting', async () => {
    const refresh = controlledRefresh()
    const { api, session, sent } = attach({ accepts: (token) => token === 'a2', refresh })
    await session.tokens()
    const requests = [api.get('/x')]
    await settle()
    await session.signIn((await session.tokens()) as TokenJSON)
    requests.push(api.get('/y'))
    await settle()
    refresh.calls[0]?.answer({ access_token: 'a2' })
    expect(await codes(requests)).toEqual(['sent', 'sent'])
    expect(sent).toEqual(['/x a1', '/x a2', '/y a2'])
  })

  it('saves a set that could not be saved before, after a refresh that fails', async () => {
    const refresh = controlledRefresh()
    const kept = memoryStore()
    let isBroken = true
    const store: TokenStore = {
      ...kept,
      write: (tokens, context) => (isBroken ? Promise.reject(new Error('made up')) : kept.write(tokens, context)),
    }
    const { session } = attach({ store, refresh })
    await session.signIn(set('a1'))
    isBroken = false
    const refreshed = rejection(session.refresh())
    await settle()
    await session.signIn(set('a1'))
    expect(session.getSnapshot()).toMatchObject({ persisted: false })
    refresh.calls[0]?.fail({ status: 500 })
    await refreshed
    await settle()
    expect([(await kept.read())?.access_token, session.getSnapshot()]).toEqual([
      'a1',
      expect.objectContaining({ persisted: true }),
    ])
  })

  it('names the user also while the refreshed set is being saved', async () => {
    const saving = deferred()
    const kept = memoryStore(set('a1'))
    const store: TokenStore = {
      ...kept,
      async write(tokens, context) {
        await saving.promise
        return kept.write(tokens, context)
      },
    }
    const { session } = attach({ store, refresh: async () => ({ ...set('a2'), access_token: 'a2' }) })
    await session.tokens()
    const refreshed = session.refresh()
    await settle()
    await session.signIn(set('a1'), { user: 'ann' })
    saving.resolve()
    await refreshed
    await settle()
    expect(session.getSnapshot()).toMatchObject({ user: 'ann', persisted: true })
    expect(await kept.read()).toMatchObject({ access_token: 'a2', 'axios-attach-oauth': { user: 'ann' } })
  })

  it.each<[string, TokenJSON, string]>([
    ['the set that another session has refreshed', set('a2'), 'a2'],
    ["another user's set", { ...set('b1'), 'axios-attach-oauth': { user: 'ben' } }, 'b1'],
  ])('adopts %s instead of overwriting it', async (_what, stored, expected) => {
    const store = memoryStore({ ...set('a1'), 'axios-attach-oauth': { user: 'ann' } })
    const { session } = attach({ store })
    await session.tokens()
    await store.write(stored, { replacing: undefined, mode: 'set' })
    await session.signIn(set('a1'), { user: 'ann' })
    expect([(await session.tokens())?.access_token, (await store.read())?.access_token]).toEqual([expected, expected])
  })

  it('keeps the name of the user when another session stores a newer set without it', async () => {
    const store = memoryStore(set('a1'))
    const { session } = attach({ store })
    const changes: unknown[] = []
    session.on('user_changed', (event) => changes.push(event))
    await session.tokens()
    await session.signIn(set('a1'), { user: 'ann' })
    await store.write(set('a2'), { replacing: undefined, mode: 'set' })
    await session.refresh()
    await session.signIn(set('a9'), { user: 'ann' })
    expect(changes).toEqual([])
  })

  it('stores the set again after somebody has deleted it', async () => {
    const store = memoryStore(set('a1'))
    const { session } = attach({ store })
    await session.tokens()
    await store.write(undefined, { replacing: undefined, mode: 'set' })
    await session.signIn(set('a1'))
    expect([session.getSnapshot().status, (await store.read())?.access_token]).toEqual(['signed_in', 'a1'])
  })

  it.each<[string, (session: AttachedSession) => Promise<unknown>, string | undefined]>([
    ['a sign-out', (session) => session.signOut(), undefined],
    ["another user's sign-in", (session) => session.signIn(set('b1'), { user: 'ben' }), 'b1'],
  ])('is not stored after %s that follows, also when somebody has deleted the set', async (_what, change, expected) => {
    const kept = memoryStore(set('a1'))
    const { session } = attach({ store: { ...kept, read: async () => (await settle(), kept.read()) } })
    await session.tokens()
    await kept.write(undefined, { replacing: undefined, mode: 'set' })
    const signedIn = session.signIn(set('a1'))
    await Promise.resolve()
    await change(session)
    await signedIn
    await settle()
    expect((await kept.read())?.access_token).toBe(expected)
  })

  it('during a refresh that fails is not stored again after a sign-out elsewhere', async () => {
    const refresh = controlledRefresh()
    const store = memoryStore(set('a1'))
    const { session } = attach({ refresh, store })
    await session.tokens()
    const refreshed = rejection(session.refresh())
    await settle()
    await session.signIn(set('a1'))
    await store.write(undefined, { replacing: undefined, mode: 'set' })
    refresh.calls[0]?.fail({ status: 500 })
    await refreshed
    await settle()
    expect([await store.read(), session.getSnapshot().status]).toEqual([undefined, 'signed_out'])
  })

  it('counts although a read that began earlier finds the store empty', async () => {
    const kept = memoryStore(set('a1'))
    let notify = (): void => undefined
    const reading = [deferred(), deferred(), deferred(), deferred()]
    let isSlow = false
    const { session } = attach({
      store: {
        ...kept,
        async read() {
          const found = await kept.read()
          if (isSlow) await reading.shift()?.promise
          return found
        },
        subscribe(listener) {
          notify = listener
          return () => undefined
        },
      },
    })
    await session.tokens()
    await kept.write(undefined, { replacing: undefined, mode: 'set' })
    isSlow = true
    const pending = [...reading]
    notify()
    await settle()
    const signedIn = session.signIn(set('a1'))
    for (const each of pending) {
      each.resolve()
      await settle()
    }
    await signedIn
    expect([session.getSnapshot().status, (await kept.read())?.access_token]).toEqual(['signed_in', 'a1'])
  })

  it('does not wait for the lock that a refresh of another session holds', async () => {
    const kept = memoryStore(set('a1'))
    const store = sharedStore({
      read: () => kept.read(),
      write: (tokens, context) => kept.write(tokens, context),
      lock: () => new Promise<never>(() => undefined),
    })
    const { session } = attach({ store })
    await session.tokens()
    await session.signIn(set('a1'), { user: 'ann' })
    expect(await kept.read()).toMatchObject({ 'axios-attach-oauth': { user: 'ann' } })
  })

  it('names no other user, whose ID token the refresh under way brings', async () => {
    const refresh = controlledRefresh()
    const { session } = attach({ refresh, store: memoryStore(set('a1', { id_token: idToken('ann') })) })
    await session.tokens()
    const refreshed = session.refresh()
    await settle()
    await session.signIn(set('a1', { id_token: idToken('ann') }), { user: 'ann' })
    refresh.calls[0]?.answer({ access_token: 'b1', refresh_token: 'r-b1', id_token: idToken('ben') })
    await refreshed
    await settle()
    expect(session.getSnapshot()).not.toHaveProperty('user')
  })

  it('names the user of a newer set that another session has stored, and stores the name', async () => {
    const store = memoryStore(set('a1'))
    const { session } = attach({ store })
    await session.tokens()
    await store.write(set('a2'), { replacing: undefined, mode: 'set' })
    await session.signIn(set('a1'), { user: 'ann' })
    expect(session.getSnapshot()).toMatchObject({ user: 'ann' })
    expect(await store.read()).toMatchObject({ access_token: 'a2', 'axios-attach-oauth': { user: 'ann' } })
  })

  it('by a listener of refreshed does not fail session.refresh()', async () => {
    const { session } = attach({ refresh: async () => ({ ...set('a2'), access_token: 'a2' }) })
    await session.tokens()
    session.on('refreshed', () => session.signIn(set('a2'), { user: 'ann' }))
    expect((await session.refresh()).access_token).toBe('a2')
  })

  it('takes effect after a refresh that has failed', async () => {
    const refresh = controlledRefresh()
    const { session } = attach({ refresh })
    const refreshed = rejection((await session.tokens(), session.refresh()))
    await settle()
    const signedIn = session.signIn((await session.tokens()) as TokenJSON, { user: 'ann' })
    await settle()
    refresh.calls[0]?.fail({ status: 500 })
    await Promise.all([refreshed, signedIn])
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
  })

  it.each<[string, object | undefined, object | undefined, number]>([
    ['of another user', { user: 'ann' }, { user: 'ben' }, 1],
    ['of the same user', { user: 'ann' }, { user: 'ann' }, 0],
    ['of a user that is known only now', undefined, { user: 'ann' }, 0],
  ])('%s', async (_who, first, second, expected) => {
    const { session } = attach({ store: memoryStore() })
    const changes: unknown[] = []
    session.on('user_changed', (event) => changes.push(event))
    await session.signIn(set('a1'), first)
    await session.signIn(set('a1'), second)
    expect(changes).toHaveLength(expected)
  })
})

describe('tokens of another user, as their ID token tells', () => {
  const ofAnn = set('a1', { id_token: idToken('ann') })
  const ofBen = { ...set('b1', { id_token: idToken('ben') }), access_token: 'b1' }

  it('that a refresh brings are no tokens for the requests that wait', async () => {
    const { api, session, sent } = attach({ store: memoryStore(ofAnn), accepts: (token) => token === 'b1', refresh: () => ofBen })
    const changes: unknown[] = []
    session.on('user_changed', (event) => changes.push(event))
    await session.tokens()
    expect(await codes([api.post('/of-ann'), api.get('/of-ann')])).toEqual(['OAUTH_SIGNED_OUT', 'OAUTH_SIGNED_OUT'])
    expect([sent, changes.length]).toEqual([['/of-ann a1', '/of-ann a1'], 1])
    await api.get('/of-ben')
    expect(sent.slice(2)).toEqual(['/of-ben b1'])
  })

  it('that a refresh brings leave nothing of the user before to tell the next user by', async () => {
    const { session } = attach({ store: memoryStore(), refresh: () => ofBen })
    const changes: unknown[] = []
    session.on('user_changed', (event) => changes.push(event))
    await session.signIn(ofAnn, { user: 'ann' })
    expect((await session.refresh()).access_token).toBe('b1')
    expect(session.getSnapshot()).not.toHaveProperty('user', 'ann')
    await session.signIn(set('a2'), { user: 'ann' })
    expect(changes).toHaveLength(2)
  })

  it('that a refresh brings after a sign-out are those of the next user', async () => {
    const { api, session, sent } = attach({ store: memoryStore(ofAnn), refresh: () => ofBen })
    await session.tokens()
    await session.signOut()
    expect((await session.refresh()).access_token).toBe('b1')
    await api.get('/of-ben')
    expect(sent).toEqual(['/of-ben b1'])
  })

  it.each<[string, (session: AttachedSession) => Promise<unknown>]>([
    ['returns', async () => undefined],
    ['returns and passes to signIn()', (session) => session.signIn(ofBen)],
  ])('that a step-up handler %s are no tokens for the requests that wait', async (_how, signIn) => {
    const { api, session, sent } = attach({
      store: memoryStore(ofAnn),
      stepUp: stepUp(async () => (await signIn(session), ofBen)),
    })
    await session.tokens()
    api.defaults.adapter = async (config) => {
      sent.push(`${config.url} ${String(config.headers.Authorization)}`)
      await null
      const headers = { 'www-authenticate': 'Bearer error="insufficient_scope"' }
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, {
        status: 403,
        statusText: '',
        data: '',
        headers,
        config,
      })
    }
    expect(await codes([api.get('/of-ann')])).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual(['/of-ann Bearer a1'])
    expect((await session.tokens())?.access_token).toBe('b1')
  })
})

describe('a step-up prompt', () => {
  const asking = { 'www-authenticate': 'Bearer error="insufficient_scope"' }

  /** An API that asks for more, and the prompts that it causes. */
  function prompted() {
    const prompts: { readonly signal: AbortSignal; readonly answer: (tokens?: { access_token: string }) => void }[] = []
    const handler: StepUpHandler = (_demand, { signal }) =>
      new Promise((answer) => prompts.push({ signal, answer: answer as never }))
    const world = attach({ store: memoryStore(set('a1')), stepUp: stepUp(handler) })
    world.api.defaults.adapter = async (config) => {
      const token = String(config.headers.Authorization)
      world.sent.push(`${config.url} ${token}`)
      await null
      const response = { status: token.endsWith('strong') ? 200 : 403, statusText: '', data: '', headers: asking, config }
      if (response.status === 200) return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
    }
    return { ...world, prompts }
  }

  it.each<[string, (session: AttachedSession) => Promise<unknown>]>([
    ['the user signs out', (session) => session.signOut()],
    ['another user signs in', (session) => session.signIn(set('b1'), { user: 'ben' })],
  ])('ends when %s: the requests that wait reject, and its signal is aborted', async (_what, change) => {
    const { api, session, prompts } = prompted()
    await session.signIn(set('a1'), { user: 'ann' })
    const waiting = codes([api.get('/of-ann'), api.get('/of-ann')])
    await settle()
    await change(session)
    expect(await waiting).toEqual(['OAUTH_SIGNED_OUT', 'OAUTH_SIGNED_OUT'])
    expect(prompts.map(({ signal }) => signal.aborted)).toEqual([true])
  })

  it('of one user is none for the next', async () => {
    const { api, session, sent, prompts } = prompted()
    await session.tokens()
    const ofAnn = codes([api.get('/of-ann')])
    await settle()
    await session.signIn(set('b1'))
    const ofBen = codes([api.get('/of-ben')])
    await settle()
    expect(prompts).toHaveLength(2)
    prompts[1]?.answer({ access_token: 'strong' })
    expect(await ofBen).toEqual(['sent'])
    prompts[0]?.answer({ access_token: 'of-ann-strong' })
    expect(await ofAnn).toEqual(['OAUTH_SIGNED_OUT'])
    expect(sent).toEqual(['/of-ann Bearer a1', '/of-ben Bearer b1', '/of-ben Bearer strong'])
  })
})

describe('a demand for a stronger sign-in', () => {
  const refuse = 'Bearer error="insufficient_scope", scope="admin"'

  it.each<[string, (session: AttachedSession) => Promise<unknown>, string | undefined]>([
    ['signed out', (session) => session.signOut(), undefined],
    ['signed in as another user', (session) => session.signIn(set('b1')), 'b1'],
  ])('that arrives after the user has %s causes no prompt', async (_what, change, accessToken) => {
    const prompts: unknown[] = []
    const gate = deferred()
    const api = axios.create({
      baseURL: 'https://api.example.com',
      async adapter(config: InternalAxiosRequestConfig) {
        await gate.promise
        const response = { status: 403, statusText: '', data: '', headers: { 'www-authenticate': refuse }, config }
        throw new AxiosError('403', 'ERR_BAD_REQUEST', config, null, response)
      },
    })
    const handler: StepUpHandler = () => (prompts.push('asked'), { access_token: 'strong' })
    const session = attachIn(environment, api, memoryStore(set('a1')), { refresh: issuer(), stepUp: stepUp(handler) })
    await session.tokens()
    const request = codes([api.get('/admin')])
    await settle()
    await change(session)
    gate.resolve()
    expect(await request).toEqual(['OAUTH_SIGNED_OUT'])
    expect([prompts, (await session.tokens())?.access_token]).toEqual([[], accessToken])
  })

  it('that the user declines does not advise the option stepUp, which is set', async () => {
    const api = axios.create({
      baseURL: 'https://api.example.com',
      async adapter(config: InternalAxiosRequestConfig) {
        const response = { status: 403, statusText: '', data: '', headers: { 'www-authenticate': refuse }, config }
        throw new AxiosError('403', 'ERR_BAD_REQUEST', config, null, response)
      },
    })
    attachIn(environment, api, memoryStore(set('a1')), { refresh: issuer(), stepUp: stepUp(() => undefined) })
    const error = await rejection(api.get('/admin'))
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', cause: { message: 'The step-up was declined' } })
    expect(error.message).not.toContain('option stepUp')
  })

  it('whose handler signs in leaves the set that has replaced its own meanwhile', async () => {
    const closed = deferred()
    const strong = { ...set('strong'), access_token: 'strong', id_token: idToken('ann') }
    const api = axios.create({
      baseURL: 'https://api.example.com',
      async adapter(config: InternalAxiosRequestConfig) {
        const isRefused = config.headers.get('Authorization') === 'Bearer a1'
        const headers = isRefused ? { 'www-authenticate': refuse } : {}
        const response = { status: isRefused ? 403 : 200, statusText: '', data: '', headers, config }
        if (isRefused) throw new AxiosError('403', 'ERR_BAD_REQUEST', config, null, response)
        return response
      },
    })
    const handler: StepUpHandler = async () => {
      await session.signIn(strong)
      await closed.promise
      return strong
    }
    const store = memoryStore(set('a1', { id_token: idToken('ann') }))
    const session = attachIn(environment, api, store, {
      refresh: async () => ({ ...set('a3'), access_token: 'a3' }),
      stepUp: stepUp(handler),
    })
    await session.tokens()
    const request = codes([api.get('/admin')])
    await settle()
    await session.refresh()
    closed.resolve()
    expect(await request).toEqual(['sent'])
    expect((await store.read())?.refresh_token).toBe('r-a3')
  })
})
