import {
  cooldownDelay,
  defaultPolicy,
  retryDelay,
  windowsOf,
  withinRefreshLimit,
  type Failure,
  type PolicySettings,
} from '../src/policy.js'
import { parseStoredTokens } from '../src/tokens.js'

const now = Date.UTC(2026, 0, 2)
const tokenSet = (seconds: number, extra = {}): ReturnType<typeof parseStoredTokens> =>
  parseStoredTokens({ access_token: 'a', expires_in: seconds, expires_at: now / 1000 + seconds, ...extra }, now)
const secondsBefore = (seconds: number, random = 0, extra = {}): number[] => {
  const { refreshFrom, blockFrom } = windowsOf(tokenSet(seconds, extra), random, defaultPolicy)
  return [now + seconds * 1000 - refreshFrom, now + seconds * 1000 - blockFrom].map((ms) => ms / 1000)
}

describe('the refresh window and the blocking window', () => {
  it.each([
    [3600, 300, 30],
    [1000, 200, 30],
    [600, 120, 30],
    [100, 20, 5],
    [1, 0.2, 0.05],
  ])('of a token that lives %d s begin %d s and %d s before the expiry', (lifetime, refresh, blocking) => {
    expect(secondsBefore(lifetime)).toEqual([refresh, blocking])
  })

  it('the refresh window is jittered over its first half, and never begins after the blocking window', () => {
    expect(secondsBefore(3600, 0.5)).toEqual([225, 30])
    expect(secondsBefore(3600, 1)).toEqual([150, 30])
    expect(secondsBefore(3600, 0, { refresh_in: 3590 })).toEqual([30, 30])
  })

  it('refresh_in sets the start of the refresh window', () => {
    expect(secondsBefore(3600, 0, { refresh_in: 1800 })).toEqual([1800, 30])
    expect(secondsBefore(3600, 1, { refresh_in: '1800' })).toEqual([900, 30])
  })

  it('do not exist when the expiry is not known', () => {
    const parsed = parseStoredTokens({ access_token: 'a' }, now)
    expect(windowsOf(parsed, 0.5, defaultPolicy)).toEqual({ refreshFrom: Infinity, blockFrom: Infinity })
  })

  it('have begun for a set that has only a refresh token', () => {
    const parsed = parseStoredTokens({ refresh_token: 'r' }, now)
    expect(windowsOf(parsed, 0.5, defaultPolicy)).toEqual({ refreshFrom: -Infinity, blockFrom: -Infinity })
  })

  it('follow the settings', () => {
    const policy: PolicySettings = {
      ...defaultPolicy,
      refreshWindow: { max: 1000, fraction: 1 },
      blockingWindow: { max: 500, fraction: 0 },
    }
    const { refreshFrom, blockFrom } = windowsOf(tokenSet(60), 0, policy)
    expect([refreshFrom, blockFrom]).toEqual([now + 59_000, now + 60_000])
  })
})

describe('another try after a failed token request', () => {
  const failure: Failure = { kind: 'transient', inferred: false, notProcessed: true, summary: '' }
  const { retry } = defaultPolicy

  it('comes twice at most, after a random delay whose limit doubles', () => {
    expect([1, 2, 3].map((made) => retryDelay(failure, made, 1, retry))).toEqual([1000, 2000, undefined])
    expect(retryDelay(failure, 1, 0.25, retry)).toBe(250)
  })

  it('does not come when the server may have processed the request', () => {
    expect(retryDelay({ ...failure, notProcessed: false }, 1, 1, retry)).toBeUndefined()
  })

  it('honours Retry-After up to a limit', () => {
    const after = (retryAfter: number): number | undefined => retryDelay({ ...failure, retryAfter }, 1, 1, retry)
    expect([after(0), after(5000), after(20_000), after(20_001)]).toEqual([100, 5100, 20_100, undefined])
  })

  it('follows the settings', () => {
    const settings = { limit: 2, delay: 10, maxRetryAfter: 5 }
    expect([1, 2].map((made) => retryDelay(failure, made, 1, settings))).toEqual([10, undefined])
    expect(retryDelay({ ...failure, retryAfter: 6 }, 1, 1, settings)).toBeUndefined()
  })
})

it('the cool-down after failures in a row lasts 10, 20, 40 and then 60 s', () => {
  expect([1, 2, 3, 4, 5].map((failures) => cooldownDelay(failures, defaultPolicy.cooldown) / 1000)).toEqual([10, 20, 40, 60, 60])
})

it('at most 5 refreshes start in 30 s', () => {
  const starts = [0, 1, 2, 3, 4]
  const at = (time: number): boolean => withinRefreshLimit(starts, time, defaultPolicy.refreshLimit)
  expect([at(5), at(29_999), at(30_000)]).toEqual([false, false, true])
  expect(withinRefreshLimit(starts.slice(1), 5, defaultPolicy.refreshLimit)).toBe(true)
})

it('a refresh counts against the limit for as long as the limit says', () => {
  const starts = [1000, 1000, 1000, 1000, 1000]
  const at = (time: number): boolean => withinRefreshLimit(starts, time, defaultPolicy.refreshLimit)
  expect([at(29_500), at(30_999), at(31_000)]).toEqual([false, false, true])
})
