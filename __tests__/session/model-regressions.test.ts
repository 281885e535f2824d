import type { InternalAxiosRequestConfig } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import type { AttachOptions, RefreshFunction, TokenJSON, TokenStore } from '../../src/index.js'
import { sharedStore } from '../../src/shared.js'
import { memoryStore } from '../../src/stores/memory.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { recordedApi, set } from '../helpers/recorded-api.js'
import { controlledRefresh, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

function attach(options: Partial<AttachOptions> & { store?: TokenStore; accepts?: (token: string) => boolean } = {}) {
  const { store = memoryStore(set('a1')), accepts, ...rest } = options
  const { api, sent } = recordedApi(accepts)
  return { api, sent, store, session: attachIn(environment, api, store, { refresh: controlledRefresh(), ...rest }) }
}

describe('programs of the model that broke a promise', () => {
  it('a waiting request rejects after a sign-in that can not be stored during the refresh', async () => {
    const kept = memoryStore(set('a1'))
    let isBroken = false
    const store: TokenStore = { ...kept, read: () => (isBroken ? Promise.reject(new Error('made up')) : kept.read()) }
    const { api, session } = attach({ store, accepts: (token) => token !== 'a1' })
    await session.tokens()
    const waiting = rejection<{ code: string }>(api.get('/a'))
    await settle()
    isBroken = true
    await session.signIn(set('b1'))
    expect((await waiting).code).toBe('OAUTH_SIGNED_OUT')
  })

  it('close() waits until a sign-in is stored', async () => {
    const gate = deferred()
    const kept = memoryStore()
    const store: TokenStore = { ...kept, write: (...args) => gate.promise.then(() => kept.write(...args)) }
    const { session } = attach({ store })
    void session.signIn(set('a1'))
    let closed: unknown
    void session.close().then((result) => (closed = result))
    await settle()
    expect(closed).toBeUndefined()
    gate.resolve()
    await settle()
    expect([closed, await kept.read()]).toEqual([{ persisted: true }, expect.objectContaining({ access_token: 'a1' })])
  })

  it('the credential of an earlier attachment is not the caller’s own: copied headers are not sent after a sign-out', async () => {
    const { api, session, sent, store } = attach({ refresh: () => Promise.reject({ status: 500 }), accepts: () => false })
    const { config } = await rejection<{ config: InternalAxiosRequestConfig }>(api.get('/a'))
    const headers = { ...config.headers, Authorization: 'Bearer a1' }
    await session.signOut()
    session.detach()
    attachIn(environment, api, store, { refresh: controlledRefresh() })
    expect(await rejection(api.get('/a', { headers }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual(['/a a1'])
  })

  it('a refresh under way keeps its function when the instance is attached again', async () => {
    const gate = deferred()
    const kept = memoryStore(set('a1'))
    let isSlow = false
    const store: TokenStore = { ...kept, read: () => (isSlow ? gate.promise.then(() => kept.read()) : kept.read()) }
    const called: string[] = []
    const refresh =
      (name: string): RefreshFunction =>
      async () => (called.push(name), { access_token: name })
    const { api, session } = attach({ store, refresh: refresh('first') })
    await session.tokens()
    isSlow = true
    const refreshed = session.refresh()
    await settle()
    attachIn(environment, api, store, { refresh: refresh('second') })
    gate.resolve()
    await refreshed
    expect(called).toEqual(['first'])
  })

  it.each([
    ['signs out', 'OAUTH_SIGNED_OUT', (session: { signOut: () => unknown }) => session.signOut()],
    [
      'signs in as another user',
      'OAUTH_SIGNED_OUT',
      (session: { signIn: (tokens: TokenJSON) => unknown }) => session.signIn(set('b1')),
    ],
  ])(
    'a request that starts a background refresh is not sent when a listener of refresh_started %s',
    async (_what, code, change) => {
      const { api, session, sent } = attach({ store: memoryStore(tokensFor(environment, 1, 100)) })
      await session.tokens()
      await environment.pass(90_000)
      session.on('refresh_started', () => void change(session))
      expect(await rejection(api.get('/a'))).toMatchObject({ code })
      expect(sent).toEqual([])
    },
  )

  it('a notice of the store during the first read is not lost', async () => {
    const gate = deferred()
    let stored: TokenJSON | undefined = set('a1')
    let notify = (): void => undefined
    const store = sharedStore({
      read: () => {
        const found = stored
        return gate.promise.then(() => found)
      },
      write: () => true,
      lock: (run) => run(),
      subscribe: (listener) => ((notify = listener), () => undefined),
    })
    const { session } = attach({ store })
    const tokens = session.tokens()
    await settle()
    stored = undefined
    notify()
    gate.resolve()
    await tokens
    await settle()
    expect(session.getSnapshot().status).toBe('signed_out')
  })

  it('attaching again with another ability to refresh is a change of the snapshot that subscribers hear of', async () => {
    const { api, session, store } = attach()
    await session.tokens()
    const seen: unknown[] = []
    session.subscribe(() => seen.push(session.getSnapshot()))
    attachIn(environment, api, store, { refresh: false })
    expect(seen).toEqual([expect.objectContaining({ canRefresh: false })])
  })

  it('a request is not sent when a listener of sent signs in as another user', async () => {
    const { api, session, sent } = attach()
    await session.tokens()
    session.on('sent', () => void session.signIn(set('b1'), { user: 'ben' }))
    expect(await rejection(api.get('/a'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual([])
  })

  it('a save that is tried again hides no change of the store from the refresh that begins meanwhile', async () => {
    const gate = deferred()
    let stored: TokenJSON | undefined = set('a1', { expires_in: 100, expires_at: environment.wall / 1000 + 100 })
    let isBroken = false
    let isSlow = false
    let turn: Promise<unknown> = Promise.resolve()
    const store = sharedStore({
      read: () => stored,
      write(tokens, { mode, replacing }) {
        if (isBroken) throw new Error('made up')
        if (mode === 'replace' && stored?.access_token !== replacing?.access_token) return false
        stored = tokens
        return true
      },
      lock(run) {
        const result = turn.then(() => run())
        // The lock of the save is released late.
        const free = (): unknown => (isSlow ? gate.promise : undefined)
        turn = result.then(free, free)
        return result
      },
    })
    const refresh = controlledRefresh()
    const { api, session } = attach({ store, refresh })
    isBroken = true
    const first = session.refresh()
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2', refresh_token: 'r-a2', expires_in: 100 })
    await first
    await environment.pass(100_000)
    isBroken = false
    isSlow = true
    // Another user signs in elsewhere.
    stored = { ...set('b1'), 'axios-attach-oauth': { sign_in: 'other', user: 'ben' } }
    const request = rejection(api.get('/a'))
    await settle()
    gate.resolve()
    await settle()
    refresh.calls[1]?.answer({ access_token: 'a3', refresh_token: 'r-a3', expires_in: 100 })
    await request
    await settle()
    expect(stored.access_token).toBe('b1')
    expect((await session.tokens())?.access_token).toBe('b1')
  })

  it('of two sign-ins of one user in a row, a waiting request carries the token of the second', async () => {
    const { api, session, sent } = attach({ accepts: (token) => token !== 'a1' })
    await session.signIn(set('a1'), { user: 'ann' })
    const waiting = api.get('/a')
    await settle()
    void session.signIn(set('a2'), { user: 'ann' })
    void session.signIn(set('a3'), { user: 'ann' })
    await waiting
    expect(sent).toEqual(['/a a1', '/a a3'])
  })

  it('a change of the store is not lost when a refresh begins while the store is read, and fails', async () => {
    const reading = deferred()
    const locking = deferred()
    let stored: TokenJSON | undefined = set('a1')
    let notify = (): void => undefined
    let isSlow = false
    const store = sharedStore({
      read: () => (isSlow ? reading.promise.then(() => stored) : stored),
      write: () => true,
      lock: () => locking.promise.then(() => Promise.reject(new Error('made up'))),
      subscribe: (listener) => ((notify = listener), () => undefined),
    })
    const { session } = attach({ store })
    await session.tokens()
    isSlow = true
    stored = undefined
    notify()
    await settle()
    const refreshed = rejection(session.refresh())
    await settle()
    reading.resolve()
    await settle()
    locking.resolve()
    await refreshed
    await settle()
    expect(session.getSnapshot().status).toBe('signed_out')
  })

  it('a request made while no user is signed in carries the token of a sign-in by a listener of released', async () => {
    const { api, session, sent } = attach({ store: memoryStore(), refresh: () => ({ access_token: 'a1' }) })
    await session.tokens()
    session.on('released', () => void session.signIn(set('b1')))
    await api.get('/a')
    expect(sent).toEqual(['/a b1'])
  })

  it('no listener is notified of a refresh and of the requests that it releases before the lock of the store is free', async () => {
    const releasing = deferred()
    let stored: TokenJSON | undefined = set('a1')
    let isLocked = false
    const store = sharedStore({
      read: () => stored,
      write: (tokens) => ((stored = tokens), true),
      async lock(run) {
        await null
        isLocked = true
        const result = await run()
        await releasing.promise
        isLocked = false
        return result
      },
    })
    const { api, session, sent } = attach({
      store,
      accepts: (token) => token !== 'a1',
      refresh: () => ({ access_token: 'a2', refresh_token: 'r-a2' }),
    })
    await session.tokens()
    const heard: string[] = []
    session.on('*', ({ type }) => heard.push(`${type}${isLocked ? ' under the lock' : ''}`))
    await api.get('/a')
    expect(sent).toEqual(['/a a1', '/a a2'])
    releasing.resolve()
    await settle()
    expect(heard).toEqual(['sent', 'refresh_started', 'queued', 'refreshed', 'saved', 'released', 'resent'])
  })

  it('a refresh that follows a failed one counts against the limit also when the refresh function signs in itself', async () => {
    let asked = 0
    const { api, session } = attach({
      store: memoryStore({ ...set('a0'), expires_in: 100, issued_at: environment.now() / 1000 }),
      accepts: () => false,
      async refresh() {
        if (++asked === 1) throw Object.assign(new Error('made up'), { status: 500 })
        const tokens = { access_token: `a${asked}`, refresh_token: `r${asked}` }
        await session.signIn(tokens)
        return tokens
      },
    })
    await rejection(session.refresh())
    await environment.pass(200_000)
    asked = 1
    for (let i = 0; i < 10; i++) await rejection(api.get('/a'))
    expect(asked - 1).toBe(5)
  })
})
