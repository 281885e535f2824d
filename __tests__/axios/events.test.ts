import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import {
  attachOAuth,
  memoryStore,
  type AttachedSession,
  type AttachOptions,
  type SessionEvents,
  type TokenJSON,
  type TokenStore,
} from '../../src/index.js'
import { rejection } from '../helpers/client.js'

const names = [
  'refresh_started',
  'refreshed',
  'refresh_failed',
  'adopted',
  'saved',
  'unpersisted',
  'signed_in',
  'signed_out',
  'user_changed',
  'revocation_failed',
  'queued',
  'released',
  'resent',
] as const satisfies readonly (keyof SessionEvents)[]

const first = { access_token: 'a1', refresh_token: 'r1' }
const expired = { ...first, expires_at: 1 }

/** An API that accepts one token, and all events in order. */
function listen(
  store: TokenStore,
  options: Partial<AttachOptions> = {},
): { api: AxiosInstance; session: AttachedSession; events: unknown[] } {
  const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
    await null
    const isFine = config.headers.Authorization === 'Bearer a2'
    const response = { status: isFine ? 200 : 401, statusText: '', data: '', headers: {}, config, request: null }
    if (isFine) return response as never
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  const refresh = async (): Promise<{ access_token: string }> =>
    ({ access_token: 'a2', refresh_token: 'r2', expires_in: 60 }) as never
  const session = attachOAuth(api, store, { refresh, ...options })
  const events: unknown[] = []
  for (const name of names) session.on(name, (event) => events.push([name, event]))
  return { api, session, events }
}

describe('the events of', () => {
  it('a request that is rejected and sent again, in order', async () => {
    const { api, session, events } = listen(memoryStore(first))
    await session.tokens()
    await api.post('/item?code=made-up', { a: 1 })
    const summary = { method: 'POST', url: '/item' }
    expect(events).toMatchObject([
      ['refresh_started', { reason: 'rejected' }],
      ['queued', { ...summary, because: 'rejected' }],
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['saved', { generation: 2 }],
      ['released', summary],
      ['resent', summary],
    ])
  })

  it('a request whose URL is an object hold its URL without the query', async () => {
    const { api, events } = listen(memoryStore(expired))
    const url = new URL('https://api.example.com/item?code=made-up') as unknown as string
    expect((await api.get(url)).status).toBe(200)
    expect(events).toContainEqual(['queued', { method: 'GET', url: 'https://api.example.com/item', because: 'token' }])
  })

  it('a request that waits for the refresh of an expired token', async () => {
    const { api, events } = listen(memoryStore(expired))
    await api.get('/item')
    expect(events).toMatchObject([
      ['queued', { method: 'GET', url: '/item', because: 'token' }],
      ['refresh_started', { reason: 'expired' }],
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['saved', { generation: 2 }],
      ['released', { method: 'GET', url: '/item' }],
    ])
  })

  it('a first token and of a requested refresh, with an unknown expiry', async () => {
    const { api, session, events } = listen(memoryStore(), { refresh: () => ({ access_token: 'a2' }) })
    await api.get('/item')
    await session.refresh()
    expect(events).toEqual(
      expect.arrayContaining([
        ['refresh_started', { reason: 'missing' }],
        ['refreshed', { generation: 1, expiresAt: undefined }],
        ['refresh_started', { reason: 'requested' }],
        ['refreshed', { generation: 2, expiresAt: undefined }],
      ]),
    )
  })

  it('a refresh that fails: the request goes out with the present token, and its 401 is not recovered', async () => {
    const { api, events } = listen(memoryStore(expired), { refresh: () => Promise.reject(new Error('made up')) })
    await rejection(api.get('/item'))
    expect(events.slice(1)).toMatchObject([
      ['refresh_started', { reason: 'expired' }],
      ['refresh_failed', { error: expect.objectContaining({ code: 'OAUTH_REFRESH_UNAVAILABLE' }) }],
      ['released', { method: 'GET', url: '/item' }],
      ['queued', { method: 'GET', url: '/item', because: 'rejected' }],
      ['released', { method: 'GET', url: '/item' }],
    ])
  })

  it('signIn() and signOut()', async () => {
    const { session, events } = listen(memoryStore(first), { revoke: () => Promise.reject(new Error('made up')) })
    await session.tokens()
    await session.signIn({ access_token: 'a2' })
    await session.signOut({ revoke: true })
    expect(events).toMatchObject([
      ['signed_in', { generation: 2 }],
      ['user_changed', { generation: 2 }],
      ['saved', { generation: 2 }],
      ['signed_out', { reason: 'requested' }],
      ['revocation_failed', { error: expect.objectContaining({ code: 'OAUTH_REFRESH_UNAVAILABLE' }) }],
    ])
  })

  it('the end of the grant name the failure first, then the sign-out', async () => {
    const { api, events } = listen(memoryStore(expired), {
      refresh: () => Promise.reject({ error: 'invalid_grant', status: 400 }),
    })
    await rejection(api.get('/item'))
    expect(events.filter((event) => /refresh_failed|signed_out/.test(String((event as unknown[])[0])))).toEqual([
      ['refresh_failed', { error: expect.objectContaining({ code: 'OAUTH_INVALID_GRANT' }) }],
      ['signed_out', { reason: 'invalid_grant' }],
    ])
  })

  it('changes that another process makes in the store', async () => {
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
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(events).toMatchObject([
      ['adopted', { generation: 2 }],
      ['signed_out', { reason: 'elsewhere' }],
      ['adopted', { generation: 4 }],
    ])
  })

  it('a new set that could not be saved', async () => {
    const store = { ...memoryStore(expired), write: () => Promise.reject(new Error('made up')) }
    const { api, session, events } = listen(store)
    expect((await api.get('/item')).status).toBe(200)
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
    expect(events.slice(2, 4)).toMatchObject([
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['unpersisted', { error: expect.objectContaining({ code: 'OAUTH_STORE_FAILED' }) }],
    ])
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
