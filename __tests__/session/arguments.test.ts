import axios from 'axios'
import { attachOAuth, createSession, memoryStore } from '../../src/index.js'
import { httpOnlyCookies } from '../../src/cookies.js'
import { keepAlive } from '../../src/keep-alive.js'
import { refreshToken } from '../../src/refresh-token.js'
import { mapTokens } from '../../src/map-tokens.js'
import { sharedStore } from '../../src/shared.js'
import { stepUp } from '../../src/step-up.js'
import { storeContract } from '../../src/store-contract/index.js'
import { fileStore } from '../../src/stores/file.js'
import { postgresStore } from '../../src/stores/postgres.js'
import { redisStore } from '../../src/stores/redis.js'
import { webStore } from '../../src/stores/web.js'
import { rejection } from '../helpers/client.js'

const tokens = { access_token: 'a' }
const open = (): ReturnType<typeof createSession> => createSession(memoryStore(tokens), { refresh: false })

describe('an argument that is null is like one that is left out', () => {
  it.each<[string, (session: ReturnType<typeof open>) => unknown, unknown]>([
    ['getAccessToken', ({ getAccessToken }) => getAccessToken(null as never), 'a'],
    ['signIn', ({ signIn }) => signIn(tokens, null as never), undefined],
    ['signOut', ({ signOut }) => signOut(null as never), { revoked: false }],
    ['close', ({ close }) => close(null as never), { persisted: true }],
    ['keepAlive', async () => typeof keepAlive(null as never), 'function'],
    ['stepUp', async () => typeof stepUp(() => undefined, null as never), 'function'],
  ])('%s', async (_name, call, expected) => {
    expect(await call(open())).toEqual(expected)
  })
})

describe('a missing argument is a TypeError that names the function and the argument', () => {
  it.each<[string, () => unknown]>([
    ['httpOnlyCookies: refresh must be a function', () => httpOnlyCookies(undefined as never)],
    ['httpOnlyCookies: refresh must be a function', () => httpOnlyCookies(null as never)],
    ['refreshToken: the option tokenEndpoint is wrong', () => refreshToken(undefined as never)],
    ['refreshToken: the option tokenEndpoint is wrong', () => refreshToken(null as never)],
    ['subscribe: listener must be a function', () => open().subscribe(undefined as never)],
    ['on: listener must be a function', () => open().on('refreshed', undefined as never)],
    ['on: typo is no event', () => open().on('typo' as never, () => undefined)],
  ])('%s', (message, call) => {
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  })

  it.each<[string, () => unknown]>([
    ['attachOAuth: the options must be an object', () => attachOAuth(axios.create(), memoryStore(), 5 as never)],
    ['attachOAuth: the options must be an object', () => attachOAuth(axios.create(), memoryStore(), [] as never)],
    ['createSession: the options must be an object', () => createSession(memoryStore(), 'text' as never)],
    ['attachOAuth: refresh must be a function', () => attachOAuth(axios.create(), memoryStore(), { refresh: null as never })],
    ['attachOAuth: retry must be an object of numbers', () => attachOAuth(axios.create(), memoryStore(), { retry: [] as never })],
    [
      'attachOAuth: refreshWindow.fraction must be a number from 0 to 1',
      () => attachOAuth(axios.create(), memoryStore(), { refresh: false, refreshWindow: { fraction: 2 } }),
    ],
    ['stepUp: timeOut is unknown; known are timeout', () => stepUp(() => undefined, { timeOut: 5 } as never)],
    ['stepUp: timeout must be a positive number', () => stepUp(() => undefined, { timeout: 0 })],
    ['stepUp: the options must be an object', () => stepUp(() => undefined, 5 as never)],
    ['httpOnlyCookies: key must be a non-empty string', () => httpOnlyCookies({ refresh: () => null, key: 5 as never })],
    ['webStore: the options must be an object', () => webStore('my-app' as never)],
    ['webStore: name is unknown; known are key, storage, fallback, refresh', () => webStore({ name: 'my-app' } as never)],
    ['webStore: refresh must be a function', () => webStore({ refresh: 5 as never })],
    ['fileStore: the options must be an object', () => fileStore('tokens.json', (() => undefined) as never)],
    ['fileStore: refresh must be a function', () => fileStore('tokens.json', { refresh: 5 as never })],
    ['redisStore: ttl is unknown', () => redisStore({} as never, { key: 'a', ttl: 5 } as never)],
    ['postgresStore: ttl is unknown', () => postgresStore({} as never, { key: 'a', ttl: 5 } as never)],
    ['keepAlive: interval is unknown; known are every', () => keepAlive({ interval: 5 } as never)],
    ['keepAlive: the options must be an object', () => keepAlive(5 as never)],
    ['mapTokens: accessToken is unknown', () => mapTokens({ read: () => undefined, accessToken: 'jwt' } as never)],
    [
      'sharedStore: subscribe must be a function',
      () => sharedStore({ ...memoryStore(), lock: (run) => run(), subscribe: 5 as never }),
    ],
    ['sharedStore: name must be a string', () => sharedStore({ ...memoryStore(), lock: (run) => run(), name: 5 as never })],
    ['sharedStore: place must be an array', () => sharedStore({ ...memoryStore(), lock: (run) => run(), place: 'x' as never })],
    [
      'sharedStore: refresh must be a function',
      () => sharedStore({ ...memoryStore(), lock: (run) => run(), refresh: 5 as never }),
    ],
    ['storeContract: opn is unknown', () => storeContract({ open: memoryStore, opn: 5 } as never)],
    ['httpOnlyCookies: fetch is unknown', () => httpOnlyCookies({ refresh: () => null, fetch } as never)],
  ])('or a wrong one: %s', (message, call) => {
    expect(call).toThrow(TypeError)
    expect(call).toThrow(message)
  })

  it.each<[unknown, string]>([
    [{ validfor: 1 }, 'getAccessToken: validfor is unknown; known are rejected, validFor, signal'],
    [{ validFor: '1' }, 'getAccessToken: validFor must be a number of milliseconds'],
    [5, 'getAccessToken: the options must be an object'],
  ])('getAccessToken(%j)', async (options, message) => {
    expect(await rejection(open().getAccessToken(options as never))).toEqual(new TypeError(message))
  })

  it.each<['signIn' | 'signOut' | 'close', unknown, string]>([
    ['signIn', 'ann', 'signIn: the options must be an object'],
    ['signIn', { user: '' }, 'signIn: user must be a non-empty string'],
    ['signIn', { user: 5 }, 'signIn: user must be a non-empty string'],
    ['signIn', { name: 'ann' }, 'signIn: name is unknown; known are user'],
    ['signOut', true, 'signOut: the options must be an object'],
    ['signOut', { revoked: true }, 'signOut: revoked is unknown; known are revoke'],
    ['signOut', { revoke: 1 }, 'signOut: revoke must be true or false'],
    ['close', { timeOut: 5 }, 'close: timeOut is unknown; known are timeout'],
    ['close', { timeout: '5' }, 'close: timeout must be a number of milliseconds'],
  ])('%s with the options %j', async (name, options, message) => {
    const session = open()
    const called = name === 'signIn' ? session.signIn(tokens, options as never) : session[name](options as never)
    expect(await rejection(called)).toEqual(new TypeError(message))
  })
})
