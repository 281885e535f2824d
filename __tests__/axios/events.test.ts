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
  'revocation_failed',
  'queued',
  'released',
  'resent',
] as const satisfies (keyof SessionEvents)[]

const first = { access_token: 'a1', refresh_token: 'r1' }
const expired = { ...first, expires_at: 1 }

/** An API that takes one token, and everything that was told, in order. */
function listen(
  store: TokenStore,
  options: Partial<AttachOptions> = {},
): { api: AxiosInstance; session: AttachedSession; told: unknown[] } {
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
  const told: unknown[] = []
  for (const name of names) session.on(name, (event) => told.push([name, event]))
  return { api, session, told }
}

describe('what is told of', () => {
  it('a request that is refused and sent again', async () => {
    const { api, session, told } = listen(memoryStore(first))
    await session.tokens()
    await api.post('/item?code=made-up', { a: 1 })
    const summary = { method: 'POST', url: '/item' }
    expect(told).toEqual([
      ['refresh_started', { reason: 'rejected' }],
      ['queued', { ...summary, because: 'rejected' }],
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['saved', { generation: 2 }],
      ['released', summary],
      ['resent', summary],
    ])
  })

  it('a request whose address is a URL object', async () => {
    const { api, told } = listen(memoryStore(expired))
    const url = new URL('https://api.example.com/item?code=made-up') as unknown as string
    expect((await api.get(url)).status).toBe(200)
    expect(told).toContainEqual(['queued', { method: 'GET', url: 'https://api.example.com/item', because: 'token' }])
  })

  it('a request that waits for a token that has expired', async () => {
    const { api, told } = listen(memoryStore(expired))
    await api.get('/item')
    expect(told).toEqual([
      ['queued', { method: 'GET', url: '/item', because: 'token' }],
      ['refresh_started', { reason: 'expired' }],
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['saved', { generation: 2 }],
      ['released', { method: 'GET', url: '/item' }],
    ])
  })

  it('a first token, one that is asked for, and one that expires at no known time', async () => {
    const { api, session, told } = listen(memoryStore(), { refresh: () => ({ access_token: 'a2' }) })
    await api.get('/item')
    await session.refresh()
    expect(told).toEqual(
      expect.arrayContaining([
        ['refresh_started', { reason: 'missing' }],
        ['refreshed', { generation: 1, expiresAt: undefined }],
        ['refresh_started', { reason: 'requested' }],
        ['refreshed', { generation: 2, expiresAt: undefined }],
      ]),
    )
  })

  it('a refresh that comes to nothing', async () => {
    const { api, told } = listen(memoryStore(expired), { refresh: () => Promise.reject(new Error('made up')) })
    await rejection(api.get('/item'))
    expect(told.slice(1)).toEqual([
      ['refresh_started', { reason: 'expired' }],
      ['refresh_failed', { error: expect.objectContaining({ code: 'OAUTH_REFRESH_UNAVAILABLE' }) }],
      ['released', { method: 'GET', url: '/item' }],
    ])
  })

  it('signing in and out, by the application', async () => {
    const { session, told } = listen(memoryStore(first), { revoke: () => Promise.reject(new Error('made up')) })
    await session.tokens()
    await session.signIn({ access_token: 'a2' })
    await session.signOut({ revoke: true })
    expect(told).toEqual([
      ['signed_in', { generation: 2 }],
      ['saved', { generation: 2 }],
      ['signed_out', { reason: 'requested' }],
      ['revocation_failed', { error: expect.objectContaining({ message: 'made up' }) }],
    ])
  })

  it('the end of the grant', async () => {
    const { api, told } = listen(memoryStore(expired), { refresh: () => Promise.reject({ error: 'invalid_grant', status: 400 }) })
    await rejection(api.get('/item'))
    expect(told.filter((one) => /refresh_failed|signed_out/.test(String((one as unknown[])[0])))).toEqual([
      ['refresh_failed', { error: expect.objectContaining({ code: 'OAUTH_INVALID_GRANT' }) }],
      ['signed_out', { reason: 'invalid_grant' }],
    ])
  })

  it('what others who share the store do', async () => {
    let stored: TokenJSON | undefined = first
    let notify = (): void => undefined
    const store: TokenStore = {
      read: () => stored,
      write: () => undefined,
      subscribe: (listener) => ((notify = listener), () => undefined),
    }
    const { session, told } = listen(store)
    await session.tokens()
    for (const next of [{ ...first, access_token: 'a2' }, undefined, first]) {
      stored = next
      notify()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(told).toEqual([
      ['adopted', { generation: 2 }],
      ['signed_out', { reason: 'elsewhere' }],
      ['adopted', { generation: 4 }],
    ])
  })

  it('a new set that could not be stored', async () => {
    const store = { ...memoryStore(expired), write: () => Promise.reject(new Error('made up')) }
    const { api, session, told } = listen(store)
    expect((await api.get('/item')).status).toBe(200)
    expect(session.getSnapshot()).toMatchObject({ unpersisted: true })
    expect(told.slice(2, 4)).toEqual([
      ['refreshed', { generation: 2, expiresAt: expect.any(Number) }],
      ['unpersisted', { error: expect.objectContaining({ code: 'OAUTH_STORE_FAILED' }) }],
    ])
  })
})

it('a listener is called until it is taken back, and twice where it was registered twice', async () => {
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
