import { OAuthError } from '../../src/errors.js'
import { defaultPolicy } from '../../src/policy.js'
import { RefreshThrottle } from '../../src/session/refresh-throttle.js'

const failure = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up')
const another = new OAuthError('OAUTH_CLIENT_REFUSED', 'made up')

let throttle: RefreshThrottle
let settings: { policy: typeof defaultPolicy }
beforeEach(() => {
  settings = { policy: defaultPolicy }
  throttle = new RefreshThrottle(settings)
})

describe('the limit of refreshes', () => {
  it('allows five in 30 s, and its error says how many there were and what to check', () => {
    for (let i = 0; i < 5; i++) {
      expect(throttle.check('r1', i)).toBeUndefined()
      throttle.record(i)
    }
    expect(throttle.check('r1', 29_999)).toMatchObject({
      code: 'OAUTH_REFRESH_LIMIT',
      message: expect.stringMatching(/5 refreshes within 30 s.*Check the audience and the scope/) as string,
    })
  })

  it('names the failure of the last refresh as its cause', () => {
    for (let i = 0; i < 5; i++) throttle.record(0)
    throttle.fail('r1', 0, failure)
    expect(throttle.check('r2', 11_000)).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT', cause: failure })
  })

  it('ends 30 s after the first of the five', () => {
    for (let i = 0; i < 5; i++) throttle.record(i * 1000)
    expect(throttle.check('r1', 29_999)).toBeDefined()
    expect(throttle.check('r1', 30_000)).toBeUndefined()
  })

  it('does not count refreshes due to normal expiry', () => {
    expect([throttle.counts(true), throttle.counts(false)]).toEqual([false, true])
  })

  it('counts refreshes due to normal expiry after a failure', () => {
    throttle.fail('r1', 0, failure)
    expect(throttle.counts(true)).toBe(true)
    throttle.reset()
    expect(throttle.counts(true)).toBe(false)
  })

  it('follows a setting that a later call of attachOAuth replaces', () => {
    settings.policy = { ...defaultPolicy, refreshLimit: { count: 1, interval: 1000 } }
    throttle.record(0)
    expect(throttle.check('r1', 999)).toBeDefined()
    expect(throttle.check('r1', 1000)).toBeUndefined()
  })

  it('is not lifted by reset', () => {
    for (let i = 0; i < 5; i++) throttle.record(i)
    throttle.reset()
    expect(throttle.check('r1', 100)).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
  })
})

describe('the cool-down', () => {
  it('refuses with the error of the last failure', () => {
    throttle.fail('r1', 0, failure)
    expect(throttle.check('r1', 1)).toBe(failure)
    throttle.fail('r1', 10_000, another)
    expect(throttle.check('r1', 10_001)).toBe(another)
  })

  it('grows from 10 s to 60 s', () => {
    let now = 0
    for (const seconds of [10, 20, 40, 60, 60]) {
      throttle.fail('r1', now, failure)
      expect([throttle.check('r1', now + seconds * 1000 - 1), throttle.check('r1', now + seconds * 1000)]).toEqual([
        failure,
        undefined,
      ])
      now += seconds * 1000
    }
  })

  it('counts the failures of each refresh token by itself', () => {
    throttle.fail('r1', 0, failure)
    throttle.fail('r2', 10_000, failure)
    expect([throttle.check('r2', 19_999), throttle.check('r2', 20_000)]).toEqual([failure, undefined])
    throttle.fail('r2', 20_000, failure)
    expect([throttle.check('r2', 39_999), throttle.check('r2', 40_000)]).toEqual([failure, undefined])
  })

  it('does not hold for another refresh token, nor for a set without one', () => {
    throttle.fail('r1', 0, failure)
    expect([throttle.check('r2', 1), throttle.check(undefined, 1)]).toEqual([undefined, undefined])
  })

  it('ends with reset', () => {
    throttle.fail('r1', 0, failure)
    throttle.reset()
    expect(throttle.check('r1', 1)).toBeUndefined()
    throttle.fail('r1', 1, failure)
    expect(throttle.check('r1', 10_001)).toBeUndefined()
  })
})

describe('the cool-down after a failure without a network', () => {
  it('ends when the platform has a network again', () => {
    throttle.fail('r1', 0, failure, true)
    expect(throttle.check('r1', 1, true)).toBe(failure)
    expect(throttle.check('r1', 1, false)).toBeUndefined()
  })

  it('ends where the platform does not say that it is offline', () => {
    throttle.fail('r1', 0, failure, true)
    expect(throttle.check('r1', 1)).toBeUndefined()
  })

  it('stays for a failure with a network', () => {
    throttle.fail('r1', 0, failure, false)
    throttle.fail('r2', 0, failure)
    expect([throttle.check('r1', 1, false), throttle.check('r2', 1, false)]).toEqual([undefined, failure])
    throttle.fail('r1', 0, failure, false)
    expect(throttle.check('r1', 1, false)).toBe(failure)
  })
})
