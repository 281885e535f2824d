import { createRequire } from 'node:module'
import axios, { AxiosError, type AxiosInstance } from 'axios'
import * as sources from '../../src/index.js'
import type * as shared from '../../src/shared.js'
import { rejection } from '../helpers/client.js'

const require = createRequire(import.meta.url)
/** A second copy of the package in this process: its CommonJS build. */
const copy = require('../../dist/index.cjs') as typeof sources
const sharedOfCopy = require('../../dist/shared.cjs') as typeof shared

const first = { access_token: 'old', refresh_token: 'r1' }

/** An instance whose adapter accepts the token `new`, and records what arrives. */
function instance(): { api: AxiosInstance; sent: unknown[] } {
  const sent: unknown[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const { Authorization } = config.headers
      sent.push(Authorization)
      await null
      const response = { status: 200, statusText: '', data: '', headers: {}, config, request: null }
      if (Authorization === 'Bearer new') return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, { ...response, status: 401 })
    },
  })
  return { api, sent }
}

function issuing(): sources.RefreshFunction & { calls: number } {
  const refresh = Object.assign(
    async () => {
      refresh.calls++
      return { access_token: 'new' }
    },
    { calls: 0 },
  )
  return refresh
}

const handlers = (api: AxiosInstance): number =>
  (api.interceptors.request as unknown as { handlers: unknown[] }).handlers.filter(Boolean).length

const orders: [string, typeof sources, typeof sources][] = [
  ['this copy, then the other', sources, copy],
  ['the other copy, then this one', copy, sources],
]

it('a session of another copy of the package is recognized, and the request belongs to it', async () => {
  const { api, sent } = instance()
  sources.attachOAuth(api, sources.memoryStore({ access_token: 'attached' }), { refresh: false })
  const session = copy.createSession(copy.memoryStore(first), { refresh: issuing() })
  for (const oauth of [session, { session }, { session: { ...session } }])
    expect((await api.get('/me', { oauth })).status).toBe(200)
  expect(sent).toEqual(['Bearer old', 'Bearer new', 'Bearer new', 'Bearer new'])
})

describe.each(orders)('two copies of the package: %s', (_order, one, two) => {
  it('attach one instance to one store: the second attachment replaces the first', async () => {
    const { api, sent } = instance()
    const store = sources.memoryStore(first)
    const refresh = issuing()
    const earlier = one.attachOAuth(api, store, { refresh })
    const count = handlers(api)
    const later = two.attachOAuth(api, store)
    expect(handlers(api)).toBe(count)
    earlier.detach()
    expect((await api.get('/me')).status).toBe(200)
    expect([sent, refresh.calls]).toEqual([['Bearer old', 'Bearer new'], 1])
    later.detach()
    expect(handlers(api)).toBe(0)
  })

  it('attach two instances to one store: one session and one refresh', async () => {
    const [a, b] = [instance(), instance()]
    const store = sources.memoryStore(first)
    const refresh = issuing()
    const [mine, other] = [one.attachOAuth(a.api, store, { refresh }), two.attachOAuth(b.api, store)]
    await Promise.all([a.api.get('/me'), b.api.get('/me')])
    expect([a.sent, b.sent, refresh.calls]).toEqual([['Bearer old', 'Bearer new'], ['Bearer old', 'Bearer new'], 1])
    expect(mine.getSnapshot()).toBe(other.getSnapshot())
    expect(two.createSession(store).getSnapshot()).toBe(other.getSnapshot())
  })

  it('refuse to attach one instance to two stores', () => {
    const { api } = instance()
    one.attachOAuth(api, sources.memoryStore(first), { refresh: false })
    expect(() => two.attachOAuth(api, sources.memoryStore(first), { refresh: false })).toThrow(/attached to another store/)
  })

  it('recognize each other’s errors', async () => {
    const { api } = instance()
    one.attachOAuth(api, sources.memoryStore(first), { refresh: () => Promise.reject({ error: 'invalid_grant' }) })
    const error = await rejection(api.get('/me'))
    expect([two.isOAuthError(error), error instanceof two.OAuthError, error.code]).toEqual([true, true, 'OAUTH_INVALID_GRANT'])
  })

  it('send no config of a user under another one', async () => {
    const { api, sent } = instance()
    const store = sources.memoryStore()
    const session = one.attachOAuth(api, store, { refresh: false })
    await session.signIn({ access_token: 'new' }, { user: 'ann' })
    const { config } = await api.get('/me')
    const later = two.attachOAuth(api, store)
    await later.signIn({ access_token: 'ben' }, { user: 'ben' })
    expect(await rejection(api.request(config))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toEqual(['Bearer new'])
  })
})

it('a shared store of another copy is used under its lock', async () => {
  const { api, sent } = instance()
  const kept = sources.memoryStore(first)
  let locks = 0
  const store = sharedOfCopy.sharedStore({ ...kept, lock: (run) => (locks++, run()) })
  sources.attachOAuth(api, store, { refresh: issuing() })
  expect((await api.get('/me')).status).toBe(200)
  expect([sent, locks, await kept.read()]).toEqual([
    ['Bearer old', 'Bearer new'],
    1,
    expect.objectContaining({ access_token: 'new' }),
  ])
})

describe('a copy of an incompatible version in the process', () => {
  const key = Symbol.for('axios-attach-oauth.registry')
  const world = globalThis as unknown as Record<symbol, { version: number } | undefined>

  it.each<[string, () => unknown]>([
    ['attachOAuth', () => sources.attachOAuth(instance().api, sources.memoryStore(), { refresh: false })],
    ['createSession', () => sources.createSession(sources.memoryStore(), { refresh: false })],
  ])('makes %s a TypeError that says so', (_name, call) => {
    const present = world[key]
    world[key] = { ...present, version: (present?.version ?? 0) + 1 }
    try {
      expect(call).toThrow(TypeError)
      expect(call).toThrow(/two incompatible versions are loaded in one process\. Install one version only/)
    } finally {
      world[key] = present
    }
    expect(call).not.toThrow()
  })
})
