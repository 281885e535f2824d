import { readSettings, type SessionOptions } from '../../src/axios/options.js'
import { memoryStore } from '../../src/index.js'
import { defaultPolicy } from '../../src/policy.js'

const read = (options: object = {}): ReturnType<typeof readSettings> =>
  readSettings(memoryStore(), { refresh: false, ...options })
const refresh = Object.assign(async () => ({ access_token: 'made-up' }), { revoke: async () => undefined })

describe('options', () => {
  it('that are left out are what their documentation says', () => {
    expect(read()).toEqual({
      refresh: undefined,
      revoke: undefined,
      flightTimeout: 60_000,
      storeTimeout: 10_000,
      lockTimeout: 75_000,
      policy: defaultPolicy,
      strictSaving: false,
      rejectSignedOut: false,
    })
  })

  it('that are given count', () => {
    const coolDown = { first: 1, longest: 2 }
    const given = {
      refreshTimeout: 1,
      storeTimeout: 2,
      lockTimeout: 2 ** 31 - 1,
      coolDown,
      strictSaving: true,
      rejectSignedOut: true,
    }
    expect(read(given)).toMatchObject({
      flightTimeout: 1,
      storeTimeout: 2,
      lockTimeout: 2 ** 31 - 1,
      policy: { ...defaultPolicy, coolDown },
      strictSaving: true,
      rejectSignedOut: true,
    })
  })

  it.each(['refreshTimeout', 'storeTimeout', 'lockTimeout'])('%s must be a time that timers can count', (name) => {
    for (const value of [0, -1, NaN, Infinity, 2 ** 31, '60000']) {
      expect(() => read({ [name]: value })).toThrow(TypeError)
      expect(() => read({ [name]: value })).toThrow(`attachOAuth: ${name} must be a number of milliseconds above 0`)
    }
  })

  it.each<[keyof SessionOptions, object]>([
    ['refreshLimit', { flights: 0.5, within: 1 }],
    ['refreshLimit', { flights: 1, within: -1 }],
    ['retries', { tries: 0, delay: 0, longest: 0 }],
    ['retries', { tries: 1, delay: 0 }],
  ])('%s can not be %j', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(`attachOAuth: ${name} must be like {"`)
  })

  it.each<[keyof SessionOptions, object]>([
    ['refreshLimit', { flights: 1, within: 0 }],
    ['retries', { tries: 1, delay: 0, longest: 0 }],
    ['waitAhead', { most: 0, share: 0 }],
  ])('%s can be as little as %j', (name, value) => {
    expect(read({ [name]: value }).policy).toMatchObject({ [name]: value })
  })
})

describe('who refreshes and revokes', () => {
  const revoke = async (): Promise<void> => undefined

  it('is the refresh function, which may know how to revoke', () => {
    expect(read({ refresh })).toMatchObject({ refresh, revoke: refresh.revoke })
  })

  it('is the revoke function where one is given', () => {
    expect(read({ refresh, revoke })).toMatchObject({ refresh, revoke })
    expect(read({ revoke })).toMatchObject({ refresh: undefined, revoke })
  })

  it('is the store’s own, unless the options say otherwise', () => {
    const store = { ...memoryStore(), refresh }
    expect(readSettings(store, {})).toMatchObject({ refresh, revoke: refresh.revoke })
    expect(readSettings(store, { refresh: false })).toMatchObject({ refresh: undefined, revoke: undefined })
  })
})
