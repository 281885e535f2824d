import axios from 'axios'
import { keepAlive } from '../../src/keep-alive.js'
import { readSettings, type SessionOptions } from '../../src/axios/options.js'
import { attachOAuth, createSession, memoryStore } from '../../src/index.js'
import { defaultPolicy } from '../../src/policy.js'
import { stepUp } from '../../src/step-up.js'

const read = (options: object = {}): ReturnType<typeof readSettings> =>
  readSettings('attachOAuth', memoryStore(), { refresh: false, ...options })
const named = (options: object): object => readSettings('attachOAuth', memoryStore(), options, read())
const refresh = Object.assign(async () => ({ access_token: 'made-up' }), { revoke: async () => undefined })

describe('options', () => {
  it('that are left out have the defaults of their documentation', () => {
    expect(read()).toEqual({
      refresh: undefined,
      revoke: undefined,
      classify: undefined,
      refreshTimeout: 60_000,
      storeTimeout: 10_000,
      lockTimeout: 75_000,
      policy: {
        refreshWindow: { max: 300_000, fraction: 0.2 },
        blockingWindow: { max: 30_000, fraction: 0.05 },
        retry: { limit: 3, delay: 1000, maxRetryAfter: 20_000 },
        cooldown: { initial: 10_000, max: 60_000 },
        refreshLimit: { count: 5, interval: 30_000 },
      },
      strictSaving: false,
      rejectSignedOut: false,
      refreshWhenUnwritable: false,
    })
  })

  it('that are given replace the defaults', () => {
    const given = { refreshTimeout: 1, storeTimeout: 2, strictSaving: true, rejectSignedOut: true, refreshWhenUnwritable: true }
    expect(read({ ...given, classify: refresh })).toMatchObject({ ...given, classify: refresh })
  })

  it.each([
    ['refreshWindow', { max: 1 }, { max: 1, fraction: 0.2 }],
    ['blockingWindow', { fraction: 0 }, { max: 30_000, fraction: 0 }],
    ['retry', { limit: 1 }, { limit: 1, delay: 1000, maxRetryAfter: 20_000 }],
    ['cooldown', { initial: 1 }, { initial: 1, max: 60_000 }],
    ['refreshLimit', { count: 1 }, { count: 1, interval: 30_000 }],
  ])('of the group %s may be given in part, and leave the other groups as they are', (group, given, expected) => {
    expect(read({ [group]: given }).policy).toEqual({ ...defaultPolicy, [group]: expected })
  })

  it.each(['refreshTimeout', 'storeTimeout', 'lockTimeout'])('%s must be a time that timers can count', (name) => {
    for (const value of [0, -1, NaN, Infinity, 2 ** 31, '60000', null]) {
      expect(() => read({ [name]: value })).toThrow(TypeError)
      expect(() => read({ [name]: value })).toThrow(`attachOAuth: ${name} must be a positive number of milliseconds`)
    }
  })

  it.each<[keyof SessionOptions, object, string]>([
    ['refreshLimit', { count: 0.5 }, 'refreshLimit.count must be a number of at least 1'],
    ['refreshLimit', { interval: -1 }, 'refreshLimit.interval must be a number of at least 0'],
    ['retry', { limit: 0 }, 'retry.limit must be a number of at least 1'],
    ['retry', { delay: '1' }, 'retry.delay must be a number of at least 0'],
    ['retry', { maxRetryAfter: NaN }, 'retry.maxRetryAfter must be a number of at least 0'],
    ['refreshWindow', { most: 1 }, 'refreshWindow.most is unknown; known are max, fraction'],
    ['refreshLimit', { flights: 5 }, 'refreshLimit.flights is unknown; known are count, interval'],
  ])('%s can not be %j', (name, value, message) => {
    expect(() => read({ [name]: value })).toThrow(new TypeError(`attachOAuth: ${message}`))
  })

  it.each<[keyof SessionOptions, object]>([
    ['refreshLimit', { count: 1, interval: 0 }],
    ['retry', { limit: 1, delay: 0, maxRetryAfter: 0 }],
    ['blockingWindow', { max: 0, fraction: 0 }],
  ])('%s can be as little as %j', (name, value) => {
    expect(read({ [name]: value }).policy).toMatchObject({ [name]: value })
  })

  it.each(['revoke', 'classify', 'refresh'])('%s must be a function', (name) => {
    expect(() => read({ [name]: 'text' })).toThrow(TypeError)
    expect(() => read({ [name]: 'text' })).toThrow(`attachOAuth: ${name} must be a function`)
  })

  it.each([
    ['stepUp', true],
    ['stepUp', () => ({ access_token: 'made-up' })],
    ['stepUp', stepUp],
    ['stepUp', keepAlive()],
    ['keepAlive', true],
    ['keepAlive', keepAlive],
  ])('%s must be the result of its function, not %p', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(
      new TypeError(`attachOAuth: ${name} must be the result of the function ${name}(…)`),
    )
  })

  it('that are the results of stepUp and keepAlive are accepted', () => {
    expect(() => read({ stepUp: stepUp(() => undefined), keepAlive: keepAlive() })).not.toThrow()
  })

  it.each([
    ['name', 1, 'a string'],
    ['refresh', 'text', 'a function (tokens, context) → token response, or false'],
    ['retry', false, 'an object of numbers'],
    ['cooldown', 0, 'an object of numbers'],
    ['refreshLimit', 10, 'an object of numbers'],
    ['refreshWindow', 5, 'an object of numbers'],
    ['blockingWindow', null, 'an object of numbers'],
    ['strictSaving', 'yes', 'true or false'],
    ['rejectSignedOut', 1, 'true or false'],
    ['refreshWhenUnwritable', null, 'true or false'],
    ['dangerouslyAllowInsecureHttp', 'true', 'true or false'],
    ['beforeResend', {}, 'a function'],
    ['isExpired', 419, 'a list of statuses, or a function (response) → boolean'],
  ])('of another type are a TypeError that names the accepted form: %s: %j', (name, value, form) => {
    expect(() => read({ [name]: value })).toThrow(new TypeError(`attachOAuth: ${name} must be ${form}`))
  })

  it.each(['origin', 'onRefresh', 'policy', 'constructor', 'toString'])('that are unknown are a TypeError: %s', (name) => {
    expect(() => read({ [name]: 'made up' })).toThrow(TypeError)
    expect(() => read({ [name]: 'made up' })).toThrow(`attachOAuth: ${name} is unknown; known are name, refresh, `)
  })

  it.each(['origins', 'header', 'keepAlive'])('of attachOAuth only are unknown to createSession: %s', (name) => {
    expect(() => createSession(memoryStore(), { refresh, [name]: undefined })).toThrow(`createSession: ${name} is unknown`)
  })

  it('that are undefined have their defaults', () => {
    const given = { retry: undefined, strictSaving: undefined, name: undefined, keepAlive: undefined, origins: undefined }
    expect(read(given)).toEqual(read())
  })

  it('can be left out, or null, when the store brings its refresh function', () => {
    const store = { ...memoryStore(), refresh }
    const api = axios.create({ baseURL: 'https://api.example.com' })
    expect(() => createSession(store, null as never)).not.toThrow()
    expect(() => attachOAuth(api, store, null as never)).not.toThrow()
  })

  it('of a store that has no refresh function, but something else, are a TypeError', () => {
    expect(() => createSession({ ...memoryStore(), refresh: 'text' as never })).toThrow(
      'createSession: refresh must be a function',
    )
  })
})

describe('lockTimeout', () => {
  it('is 15 s longer than refreshTimeout by default', () => {
    expect(read({ refreshTimeout: 1000 }).lockTimeout).toBe(16_000)
  })

  it('must be longer than refreshTimeout', () => {
    expect(read({ lockTimeout: 60_001 }).lockTimeout).toBe(60_001)
    expect(read({ refreshTimeout: 1000, lockTimeout: 1001 }).lockTimeout).toBe(1001)
    for (const given of [
      { lockTimeout: 60_000 },
      { refreshTimeout: 1000, lockTimeout: 1000 },
      { refreshTimeout: 90_000, lockTimeout: 75_000 },
    ])
      expect(() => read(given)).toThrow(/^attachOAuth: lockTimeout must be longer than refreshTimeout \(\d+\)$/)
  })
})

describe('the refresh and revoke functions', () => {
  const revoke = async (): Promise<void> => undefined

  it('are one option when the refresh function brings its revoke function', () => {
    expect(read({ refresh })).toMatchObject({ refresh, revoke: refresh.revoke })
  })

  it('are two when the option revoke is given', () => {
    expect(read({ refresh, revoke })).toMatchObject({ refresh, revoke })
    expect(read({ revoke })).toMatchObject({ refresh: undefined, revoke })
  })

  it('are the store’s own, unless the options say otherwise', () => {
    const store = { ...memoryStore(), refresh }
    expect(readSettings('attachOAuth', store, {})).toMatchObject({ refresh, revoke: refresh.revoke })
    expect(readSettings('attachOAuth', store, { refresh: false })).toMatchObject({ refresh: undefined, revoke: undefined })
  })

  it('are missed when neither the options nor the store have them', () => {
    expect(() => readSettings('createSession', memoryStore(), {})).toThrow(
      /^createSession: refresh is missing: pass a refresh function, or false/,
    )
  })
})

describe('a group of options', () => {
  it('with a member that is undefined has the default there', () => {
    expect(read({ retry: { limit: undefined, delay: 5 } }).policy.retry).toEqual({ limit: 3, delay: 5, maxRetryAfter: 20_000 })
  })
})

describe('the settings that a later call names', () => {
  const present = read({ refresh, refreshTimeout: 5000, lockTimeout: 20_000, cooldown: { initial: 1 }, retry: { limit: 2 } })
  const later = (options: object, store = memoryStore()): object => readSettings('attachOAuth', store, options, present)

  it('replace one group of options and keep the others', () => {
    expect(later({ retry: { delay: 5 } })).toEqual({
      ...present,
      policy: {
        ...defaultPolicy,
        cooldown: { initial: 1, max: 60_000 },
        retry: { limit: 3, delay: 5, maxRetryAfter: 20_000 },
      },
    })
  })

  it('keep the refresh function that is in use, also when the store brings its own', () => {
    expect(later({}, { ...memoryStore(), refresh: async () => ({ access_token: 'other' }) } as never)).toEqual(present)
  })

  it('keep an earlier option revoke, and replace the revoke function of a refresh function', () => {
    const other = async (): Promise<{ access_token: string }> => ({ access_token: 'made-up' })
    expect(later({ refresh: other })).toEqual({ ...present, refresh: other, revoke: undefined })
    const explicit = read({ refresh, revoke: async () => undefined })
    expect(readSettings('attachOAuth', memoryStore(), { refresh: other }, explicit)).toEqual({ ...explicit, refresh: other })
  })

  it('compare lockTimeout with the refreshTimeout in use', () => {
    expect(later({ lockTimeout: 5001 })).toEqual({ ...present, lockTimeout: 5001 })
    expect(() => later({ lockTimeout: 5000 })).toThrow(/lockTimeout must be longer than refreshTimeout \(5000\)/)
    expect(later({ refreshTimeout: 19_999 })).toEqual({ ...present, refreshTimeout: 19_999 })
    expect(later({ refreshTimeout: 20_000 })).toEqual({ ...present, refreshTimeout: 20_000, lockTimeout: 35_000 })
  })

  it('leave as they are what the call leaves out', () => {
    expect(named({})).toEqual(read())
    expect(named({ strictSaving: true })).toEqual({ ...read(), strictSaving: true })
  })

  it('replace the revoke function together with the refresh function', () => {
    expect(named({ refresh })).toEqual({ ...read(), refresh, revoke: refresh.revoke })
  })

  it('are checked like those of the first call', () => {
    expect(() => named({ refreshTimeout: 0 })).toThrow(/^attachOAuth: refreshTimeout must be/)
  })
})
