import axios, { AxiosError, type AxiosInstance } from 'axios'
import { attachIn } from '../../src/axios/attach.js'
import {
  memoryStore,
  type AnySessionEvent,
  type AttachedSession,
  type AttachOptions,
  type TokenJSON,
  type TokenStore,
} from '../../src/index.js'
import { sharedStore } from '../../src/shared.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'

const first = { access_token: 'a1', refresh_token: 'r1' }
const expired = { ...first, expires_at: 1 }

type AnyEvent = Record<string, unknown> & { type: string }

/** An API that accepts one token, and all events in order. */
function listen(
  store: TokenStore,
  options: Partial<AttachOptions> = {},
): { api: AxiosInstance; session: AttachedSession; events: AnyEvent[]; environment: FakeEnvironment } {
  const environment = new FakeEnvironment()
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      await null
      const isFine = config.headers.Authorization === 'Bearer a2'
      const response = { status: isFine ? 200 : 401, statusText: '', data: '', headers: {}, config, request: null }
      if (isFine) return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
    },
  })
  const refresh = async (): Promise<TokenJSON & { access_token: string }> => ({
    access_token: 'a2',
    refresh_token: 'r2',
    expires_in: 60,
  })
  const session = attachIn(environment, api, store, { refresh, ...options })
  const events: AnyEvent[] = []
  session.on('*', (event: AnySessionEvent) => events.push(event as never))
  return { api, session, events, environment }
}

const types = (events: AnyEvent[]): string[] => events.map(({ type }) => type)

describe('the events of a request', () => {
  it('that is rejected and sent again share its id, and its refresh names it', async () => {
    const { api, session, events } = listen(memoryStore(first))
    await session.tokens()
    await api.post('/item?code=made-up', { a: 1 })
    const summary = { method: 'POST', url: '/item' }
    const request = { ...summary, requestId: 1 }
    const refresh = { refreshId: expect.any(Number), reason: 'rejected', startedBy: summary }
    expect(events).toMatchObject([
      { type: 'sent', ...request },
      { type: 'refresh_started', ...refresh },
      { type: 'queued', ...request, because: 'rejected' },
      { type: 'refreshed', ...refresh, generation: 2, expiresAt: expect.any(Number) },
      { type: 'saved', generation: 2 },
      { type: 'released', ...request, outcome: 'token', waited: 0 },
      { type: 'resent', ...request },
    ])
  })

  it('that waits for the refresh of an expired token', async () => {
    const { api, events } = listen(memoryStore(expired))
    await api.get('/item')
    const request = { method: 'GET', url: '/item', requestId: 1 }
    expect(events).toMatchObject([
      { type: 'queued', ...request, because: 'token' },
      { type: 'refresh_started', reason: 'expired', startedBy: { method: 'GET', url: '/item' } },
      { type: 'refreshed', generation: 2 },
      { type: 'saved', generation: 2 },
      { type: 'released', ...request, outcome: 'token' },
      { type: 'sent', ...request },
    ])
  })

  it('tell how long it waited', async () => {
    const answer = deferred()
    const { api, events, environment } = listen(memoryStore(expired), {
      refresh: () => answer.promise.then(() => ({ access_token: 'a2' })),
    })
    const request = api.get('/item')
    await environment.pass(1500)
    answer.resolve()
    await request
    expect(events.find(({ type }) => type === 'released')).toMatchObject({ waited: 1500 })
  })

  it('whose refresh fails: it goes out with the present token, and its 401 is not recovered', async () => {
    const { api, events } = listen(memoryStore(expired), { refresh: () => Promise.reject(new Error('made up')) })
    await rejection(api.get('/item'))
    expect(events).toMatchObject([
      { type: 'queued', because: 'token' },
      { type: 'refresh_started', reason: 'expired' },
      { type: 'refresh_failed', error: { code: 'OAUTH_REFRESH_UNAVAILABLE' } },
      { type: 'released', outcome: 'token' },
      { type: 'sent' },
      { type: 'queued', because: 'rejected' },
      { type: 'released', outcome: 'failed' },
    ])
    expect(new Set(events.map(({ requestId }) => requestId).filter(Boolean)).size).toBe(1)
  })

  it('that is aborted while it waits', async () => {
    const { api, events } = listen(memoryStore(expired), { refresh: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const request = rejection(api.get('/item', { signal: controller.signal }))
    await settle()
    controller.abort()
    await request
    expect(events.find(({ type }) => type === 'released')).toMatchObject({ outcome: 'interrupted' })
  })

  it('that is sent while the session is signed out', async () => {
    const { api, events } = listen(memoryStore(), { refresh: false })
    expect(await rejection(api.get('/item'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
    expect(events).toMatchObject([
      { type: 'queued', because: 'token' },
      { type: 'released', outcome: 'none' },
    ])
  })

  it('whose URL is an object hold its URL without the query', async () => {
    const { api, events } = listen(memoryStore(expired))
    const url = new URL('https://user:pass@api.example.com/item?code=made-up#part') as unknown as string
    await api.get(url).catch(() => undefined)
    await api.get(new URL('https://api.example.com/item?code=made-up') as unknown as string)
    expect(events.map((event) => event.url).filter(Boolean)).toEqual(expect.arrayContaining(['https://api.example.com/item']))
    expect(JSON.stringify(events)).not.toMatch(/made-up|pass|part/)
  })

  it('have ids of their own for each request', async () => {
    const { api, session, events } = listen(memoryStore({ access_token: 'a2' }))
    await session.tokens()
    await Promise.all([api.get('/a'), api.get('/b')])
    const sent = events.filter(({ type }) => type === 'sent')
    expect(new Set(sent.map(({ requestId }) => requestId)).size).toBe(2)
  })

  it('are not made without a listener', async () => {
    const { api, session, events } = listen(memoryStore({ access_token: 'a2' }))
    await session.tokens()
    await api.get('/a')
    expect(types(events)).toEqual(['sent'])
    const silent = listen(memoryStore({ access_token: 'a2' }))
    silent.session.on('saved', () => undefined)
    await silent.api.get('/a')
    expect(types(silent.events)).toContain('sent')
  })
})

describe('the events of a refresh', () => {
  it('share an id and tell its duration, its attempts and how many requests wait', async () => {
    const answer = deferred()
    const { api, session, events, environment } = listen(memoryStore(first), {
      refresh: () => answer.promise.then(() => ({ access_token: 'a2' })),
    })
    await session.tokens()
    const requests = Array.from({ length: 10 }, (_, i) => api.get(`/${i}`))
    await environment.pass(700)
    answer.resolve()
    await Promise.all(requests)
    const [started, refreshed] = events.filter(({ type }) => type.startsWith('refresh'))
    expect(started).toMatchObject({ reason: 'rejected', startedBy: { url: '/0' } })
    expect(refreshed).toMatchObject({ refreshId: started!.refreshId, duration: 700, attempts: 1, waiting: 10 })
    expect(refreshed).not.toHaveProperty('lockWait')
  })

  it('count the tries', async () => {
    let calls = 0
    const { session, events, environment } = listen(memoryStore(first), {
      refresh: async () => {
        if (++calls < 3) throw { status: 503 }
        return { access_token: 'a2' }
      },
    })
    const refreshed = session.refresh()
    await environment.pass(10_000)
    await refreshed
    expect(events.find(({ type }) => type === 'refreshed')).toMatchObject({ attempts: 3 })
  })

  it('of a shared store tell how long the lock was waited for', async () => {
    const granted = deferred()
    const store = sharedStore({ ...memoryStore(first), lock: (run) => granted.promise.then(() => run()) })
    const { session, events, environment } = listen(store)
    const refreshed = session.refresh()
    await environment.pass(300)
    granted.resolve()
    await refreshed
    await settle()
    expect(events.find(({ type }) => type === 'refreshed')).toMatchObject({ duration: 300, lockWait: 300 })
  })

  it('that fails tell the status and the OAuth error of the answer', async () => {
    const { session, events } = listen(memoryStore(first), {
      refresh: () => Promise.reject({ status: 400, error: 'invalid_client' }),
    })
    await rejection(session.refresh())
    expect(events.at(-1)).toMatchObject({
      type: 'refresh_failed',
      reason: 'requested',
      status: 400,
      oauthError: 'invalid_client',
      error: { code: 'OAUTH_CLIENT_REFUSED' },
    })
  })

  it('that another process was faster with name that refresh', async () => {
    const store = memoryStore(expired)
    const { api, session, events } = listen(store)
    await session.tokens()
    await store.write({ access_token: 'a2', refresh_token: 'r2' }, { mode: 'set', replacing: undefined })
    await api.get('/item')
    const started = events.find(({ type }) => type === 'refresh_started')
    expect(events.find(({ type }) => type === 'adopted')).toMatchObject({ generation: 2, refreshId: started!.refreshId })
  })

  it('for a first token, and for a requested one, with an unknown expiry', async () => {
    const { api, session, events } = listen(memoryStore(), { refresh: () => ({ access_token: 'a2' }) })
    await api.get('/item')
    await session.refresh()
    expect(events.filter(({ type }) => type.startsWith('refresh'))).toMatchObject([
      { type: 'refresh_started', reason: 'missing' },
      { type: 'refreshed', generation: 1, expiresAt: undefined },
      { type: 'refresh_started', reason: 'requested' },
      { type: 'refreshed', generation: 2, expiresAt: undefined },
    ])
  })

  it('that ends the session name the failure first, then the sign-out', async () => {
    const { api, events } = listen(memoryStore(expired), {
      refresh: () => Promise.reject({ error: 'invalid_grant', status: 400 }),
    })
    await rejection(api.get('/item'))
    expect(types(events)).toEqual(['queued', 'refresh_started', 'refresh_failed', 'signed_out', 'released'])
    expect(events[3]).toMatchObject({ reason: 'invalid_grant' })
  })
})

describe('the events of a session', () => {
  it('of signIn() and signOut()', async () => {
    const { session, events } = listen(memoryStore(first), { revoke: () => Promise.reject(new Error('made up')) })
    await session.tokens()
    await session.signIn({ access_token: 'a2' })
    await session.signOut({ revoke: true })
    expect(events).toMatchObject([
      { type: 'signed_in', generation: 2 },
      { type: 'user_changed', generation: 2 },
      { type: 'saved', generation: 2 },
      { type: 'signed_out', reason: 'requested' },
      { type: 'revocation_failed', error: { code: 'OAUTH_REFRESH_UNAVAILABLE' } },
    ])
  })

  it('of changes that another process makes in the store', async () => {
    let stored: TokenJSON | undefined = first
    let notify = (): void => undefined
    const store: TokenStore = {
      read: () => stored,
      write: () => undefined,
      subscribe: (listener) => ((notify = listener), () => undefined),
    }
    const { session, events } = listen(store)
    await session.tokens()
    for (const next of [{ ...first, access_token: 'a2' }, undefined, first]) {
      stored = next
      notify()
      await settle()
    }
    expect(events).toMatchObject([
      { type: 'adopted', generation: 2 },
      { type: 'signed_out', reason: 'elsewhere' },
      { type: 'adopted', generation: 4 },
    ])
    expect(events[0]).not.toHaveProperty('refreshId')
  })

  it('of a new set that could not be saved', async () => {
    const { api, session, events } = listen({ ...memoryStore(expired), write: () => Promise.reject(new Error('made up')) })
    expect((await api.get('/item')).status).toBe(200)
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
    expect(types(events)).toEqual(['queued', 'refresh_started', 'refreshed', 'unpersisted', 'released', 'sent'])
    expect(events[3]).toMatchObject({ error: { code: 'OAUTH_STORE_FAILED' } })
  })

  it('have a time, and the name of the session when it has one', async () => {
    const unnamed = listen(memoryStore(first))
    await unnamed.session.signIn(first)
    expect(unnamed.events[0]).toMatchObject({ type: 'signed_in', at: unnamed.environment.wall })
    expect(unnamed.events[0]).not.toHaveProperty('session')
    const named = listen(memoryStore(first), { name: 'mail' })
    await named.session.signIn(first)
    expect(named.events[0]).toMatchObject({ session: 'mail' })
  })

  it('hold no token', async () => {
    const { api, session, events } = listen(memoryStore({ access_token: 'secret-1', refresh_token: 'secret-2' }), {
      refresh: () => Promise.reject({ status: 500, data: 'secret-3', message: 'secret-4' }),
    })
    await rejection(api.get('/item?key=secret-5', { headers: { Cookie: 'secret-6' } }))
    await session.signIn({ access_token: 'secret-7' })
    await session.signOut()
    expect(events.length).toBeGreaterThan(5)
    expect(JSON.stringify(events)).not.toMatch(/secret/)
  })
})

it('a listener is called until its undo, and twice when registered twice', async () => {
  const { session } = listen(memoryStore(first))
  let calls = 0
  const count = (): number => calls++
  const [one, two] = [session.on('signed_out', count), session.on('signed_out', count)]
  await session.signOut()
  expect(calls).toBe(2)
  one()
  one()
  await session.signIn(first)
  await session.signOut()
  expect(calls).toBe(3)
  two()
  await session.signIn(first)
  await session.signOut()
  expect(calls).toBe(3)
})
