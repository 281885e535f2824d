import axios, { type AxiosInstance } from 'axios'
import { attachOAuth, memoryStore, type AttachOptions, type RefreshFunction } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

/** An instance whose server takes nothing but the new token; what was sent is noted. */
function instance(): { api: AxiosInstance; sent: unknown[] } {
  const sent: unknown[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    validateStatus: () => true,
    adapter: async (config) => {
      sent.push(config.headers.Authorization)
      const status = config.headers.Authorization === 'Bearer new' ? 200 : 401
      return { data: '', status, statusText: '', headers: {}, config }
    },
  })
  return { api, sent }
}
const refresh: RefreshFunction = () => ({ access_token: 'new' })

describe('a number that makes no sense is refused', () => {
  it.each<[string, AttachOptions]>([
    ['refreshTimeout', { refreshTimeout: 0 }],
    ['refreshTimeout', { refreshTimeout: '60000' as never }],
    ['storeTimeout', { storeTimeout: NaN }],
    ['lockTimeout', { lockTimeout: -1 }],
    ['retries', { retries: { tries: 0, delay: 1, longest: 1 } }],
    ['refreshLimit', { refreshLimit: { flights: 0, within: 1 } }],
  ])('%s: %j', (name, options) => {
    expect(() => attachOAuth(instance().api, memoryStore(), { refresh, ...options })).toThrow(`attachOAuth: ${name} must be`)
  })

  it('and one that does, to its ends, is not', () => {
    const options = {
      refreshTimeout: 1,
      lockTimeout: 2 ** 31 - 1,
      refreshAhead: { most: 0, share: 0 },
      retries: { tries: 1, delay: 0, longest: 0 },
      refreshLimit: { flights: 1, within: 0 },
    }
    expect(() => attachOAuth(instance().api, memoryStore(), { refresh, ...options })).not.toThrow()
  })
})

describe('what is switched on', () => {
  it.each<[AttachOptions, unknown[]]>([
    [{}, [undefined]],
    [{ rejectSignedOut: false }, [undefined]],
    [{ rejectSignedOut: true }, []],
  ])('%j, while nobody is signed in', async (options, expected) => {
    const { api, sent } = instance()
    attachOAuth(api, memoryStore(), {
      refresh: Object.assign(() => ({ access_token: 'new' }), { needsRefreshToken: true }),
      ...options,
    })
    expect((await rejection(api.get('/x'))).code).toBe('OAUTH_SIGNED_OUT')
    expect(sent).toStrictEqual(expected)
  })

  it.each([
    [false, ['Bearer old', 'Bearer new']],
    [true, ['Bearer old']],
  ])('strictSaving: %j', async (strictSaving, expected) => {
    const { api, sent } = instance()
    const store = { ...memoryStore({ access_token: 'old', refresh_token: 'r' }), write: () => Promise.reject(new Error('full')) }
    attachOAuth(api, store, { refresh, strictSaving })
    await api.get('/x').catch(() => undefined)
    expect(sent).toStrictEqual(expected)
  })

  it.each([
    [
      'the refresh function’s own',
      (revoke: () => void) => ({ refresh: Object.assign(() => ({ access_token: 'new' }), { revoke }) }),
    ],
    ['the option', (revoke: () => void) => ({ refresh: false as const, revoke })],
  ])('signing out revokes by %s', async (_name, options) => {
    let revoked = 0
    const session = attachOAuth(
      instance().api,
      memoryStore({ access_token: 'a' }),
      options(() => void revoked++),
    )
    await session.signOut({ revoke: true })
    expect(revoked).toBe(1)
  })
})

it('a second instance of one store needs no options, and its session is that of the first', () => {
  const store = memoryStore()
  const [first, second] = [attachOAuth(instance().api, store, { refresh }), attachOAuth(instance().api, store)]
  expect(second.session).toBe(first.session)
})

it('a second call for one instance says how to get out of the first', () => {
  const { api } = instance()
  attachOAuth(api, memoryStore(), { refresh })
  expect(() => attachOAuth(api, memoryStore(), { refresh })).toThrow(/already; call detach\(\)/)
})

it.each([{}, { interceptors: {} }, { interceptors: { request: {} } }])('%j is no instance', (value) => {
  expect(() => attachOAuth(value as never, memoryStore(), { refresh })).toThrow(/must be an axios instance/)
})
