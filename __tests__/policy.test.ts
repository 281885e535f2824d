import axios from 'axios'
import { attachOAuth, memoryStore, type AttachOptions } from '../src/index.js'
import { classifyFailure, coolDown, defaultPolicy, retryDelay, windowsOf, withinBudget } from '../src/policy.js'
import { readTokens } from '../src/tokens.js'

const now = Date.UTC(2026, 0, 2)
const living = (seconds: number, extra = {}): ReturnType<typeof readTokens> =>
  readTokens({ access_token: 'a', expires_in: seconds, expires_at: now / 1000 + seconds, ...extra }, now)
const ahead = (seconds: number, random = 0, extra = {}): number[] => {
  const { refreshFrom, waitFrom } = windowsOf(living(seconds, extra), random, defaultPolicy)
  return [now + seconds * 1000 - refreshFrom, now + seconds * 1000 - waitFrom].map((ms) => ms / 1000)
}

describe('the windows before expiry', () => {
  it.each([
    [3600, 300, 30],
    [1000, 200, 30],
    [600, 120, 30],
    [100, 20, 5],
    [1, 0.2, 0.05],
  ])('of a token that lives %d s begin %d s and %d s before', (lifetime, advisory, mandatory) => {
    expect(ahead(lifetime)).toEqual([advisory, mandatory])
  })

  it('the advisory one is jittered over its first half, and never beyond the mandatory one', () => {
    expect(ahead(3600, 0.5)).toEqual([225, 30])
    expect(ahead(3600, 1)).toEqual([150, 30])
    expect(ahead(3600, 0, { refresh_in: 3590 })).toEqual([30, 30])
  })

  it('the advisory one is where the server wants it', () => {
    expect(ahead(3600, 0, { refresh_in: 1800 })).toEqual([1800, 30])
    expect(ahead(3600, 1, { refresh_in: '1800' })).toEqual([900, 30])
  })

  it('there are none where the expiry is not known', () => {
    expect(windowsOf(readTokens({ access_token: 'a' }, now), 0.5, defaultPolicy)).toEqual({
      refreshFrom: Infinity,
      waitFrom: Infinity,
    })
  })
})

describe('a failed refresh', () => {
  const coded = (code: string): Error => Object.assign(new Error('x'), { code })
  it.each<[string, unknown, string, boolean]>([
    ['invalid_grant', { error: 'invalid_grant', status: 400 }, 'terminal', false],
    ['invalid_grant without a status', { error: 'invalid_grant' }, 'terminal', false],
    ['invalid_grant in an axios error', { response: { status: 400, data: { error: 'invalid_grant' } } }, 'terminal', false],
    ['invalid_grant with 500', { error: 'invalid_grant', status: 500 }, 'transient', false],
    ['invalid_grant with 429', { error: 'invalid_grant', status: 429 }, 'transient', true],
    ['invalid_client', { error: 'invalid_client', status: 401 }, 'misconfigured', false],
    ['an error that nobody knows', { error: 'whatever', status: 400 }, 'misconfigured', false],
    ['temporarily_unavailable', { error: 'temporarily_unavailable', status: 400 }, 'transient', false],
    ['server_error', { error: 'server_error', status: 400 }, 'transient', false],
    ['slow_down', { error: 'slow_down', status: 400 }, 'transient', false],
    ['an error that is no text', { error: 1, status: 400 }, 'transient', false],
    ['429', { status: 429 }, 'transient', true],
    ['503', { response: { status: 503 } }, 'transient', true],
    ['499', { error: 'invalid_scope', status: 499 }, 'misconfigured', false],
    ['500', { status: 500 }, 'transient', false],
    ['502 with HTML', { response: { status: 502, data: '<html>' } }, 'transient', false],
    ['a refused connection', coded('ECONNREFUSED'), 'transient', true],
    ['a name that is not found', new TypeError('fetch failed', { cause: coded('ENOTFOUND') }), 'transient', true],
    ['a resolver in trouble', coded('EAI_AGAIN'), 'transient', true],
    ['a host that is not reached', coded('EHOSTUNREACH'), 'transient', true],
    ['a network that is not reached', coded('ENETUNREACH'), 'transient', true],
    ['a connection that took too long to open', coded('UND_ERR_CONNECT_TIMEOUT'), 'transient', true],
    ['the same four causes deep', { cause: { cause: { cause: coded('ECONNREFUSED') } } }, 'transient', true],
    ['deeper than that', { cause: { cause: { cause: { cause: coded('ECONNREFUSED') } } } }, 'transient', false],
    ['a reset connection', coded('ECONNRESET'), 'transient', false],
    ['nothing', undefined, 'transient', false],
    ['text', 'invalid_grant', 'transient', false],
  ])('by %s', (_name, error, kind, unprocessed) => {
    expect(classifyFailure(error, now)).toEqual({ kind, unprocessed })
  })

  it.each<[unknown, number | undefined]>([
    [{ status: 503, retryAfter: '7' }, 7000],
    [{ response: { status: 429, headers: { 'retry-after': '7' } } }, 7000],
    [{ response: { status: 429, headers: new Headers({ 'retry-after': new Date(now + 5000).toUTCString() }) } }, 5000],
    [{ response: { status: 429, headers: { 'retry-after': new Date(now - 5000).toUTCString() } } }, 0],
    [{ response: { status: 429, headers: { 'retry-after': 'soon' } } }, undefined],
    [{ response: { status: 429, headers: { 'retry-after': '' } } }, undefined],
    [{ response: { status: 429, headers: { 'retry-after': null } } }, undefined],
  ])('%j asks to wait %s ms', (error, expected) => {
    expect(classifyFailure(error, now).retryAfter).toBe(expected)
  })

  it('is tried again three times at most, after a time that doubles and is drawn at random', () => {
    const failure = { kind: 'transient', unprocessed: true } as const
    const { retries } = defaultPolicy
    expect([1, 2, 3].map((made) => retryDelay(failure, made, 1, retries))).toEqual([1000, 2000, undefined])
    expect(retryDelay(failure, 1, 0.25, retries)).toBe(250)
    expect(retryDelay({ ...failure, unprocessed: false }, 1, 1, retries)).toBeUndefined()
  })

  it('waits as long as it is asked to, up to a limit', () => {
    const asked = (retryAfter: number): number | undefined =>
      retryDelay({ kind: 'transient', unprocessed: true, retryAfter }, 1, 1, defaultPolicy.retries)
    expect([asked(0), asked(5000), asked(20_000), asked(20_001)]).toEqual([100, 5100, 20_100, undefined])
  })

  it('leaves the refresh token alone for 10, 20, 40 and then 60 s', () => {
    expect([1, 2, 3, 4, 5].map((failures) => coolDown(failures, defaultPolicy.coolDown) / 1000)).toEqual([10, 20, 40, 60, 60])
  })
})

it('five flights in 30 s are the most', () => {
  const starts = [0, 1, 2, 3, 4]
  const at = (now: number): boolean => withinBudget(starts, now, defaultPolicy.refreshLimit)
  expect([at(5), at(29_999), at(30_000)]).toEqual([false, false, true])
  expect(withinBudget(starts.slice(1), 5, defaultPolicy.refreshLimit)).toBe(true)
})

describe('the numbers are options', () => {
  it.each<[keyof AttachOptions, unknown]>([
    ['refreshAhead', { most: 1 }],
    ['waitAhead', { most: -1, share: 0 }],
    ['retries', { tries: 0, delay: 1, longest: 1 }],
    ['coolDown', { first: 'soon', longest: 1 }],
    ['refreshLimit', 5],
  ])('%s must not be %j', (name, value) => {
    const attach = (): unknown =>
      attachOAuth(axios.create({ baseURL: 'https://api.example.com' }), memoryStore(), { refresh: false, [name]: value })
    expect(attach).toThrow(TypeError)
    expect(attach).toThrow(`${name} must be like {`)
  })
})
