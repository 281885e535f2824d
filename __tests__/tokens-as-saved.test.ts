import { decodeIdToken, mergeTokens, readTokens, sameTokens } from '../src/tokens.js'
import type { TokenJSON } from '../src/types.js'

const now = Date.UTC(2026, 0, 2)
const read = (members: TokenJSON): ReturnType<typeof readTokens> => readTokens({ access_token: 'a', ...members }, now)
const seconds = (ms: number): number => ms / 1000

describe('a time that is none is passed over', () => {
  it.each([[''], [' '], [null], [true], [[60]], [-1], [NaN], ['Infinity'], ['soon']])('as a lifetime: %j', (expires_in) => {
    expect(read({ expires_in, created_at: seconds(now) })).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it.each([[0], ['0'], [-5], [''], [null], ['soon'], [['2030-01-01T00:00:00Z']]])('as an expiry: %j', (expires_at) => {
    expect(read({ expires_at }).expiresAt).toBe(Infinity)
  })

  it('a lifetime of nothing is one, and the token has expired when it was issued', () => {
    expect(read({ expires_in: 0, created_at: seconds(now) })).toMatchObject({ expiresAt: now, lifetime: 0 })
  })

  it('seconds end where milliseconds begin', () => {
    expect([read({ expires_at: 1e11 - 1 }).expiresAt, read({ expires_at: 1e11 }).expiresAt]).toEqual([1e14 - 1000, 1e11])
  })
})

describe('what follows from the times that are known', () => {
  it.each<[string, TokenJSON, number]>([
    ['from now on, where nobody knows since when', { expires_at: seconds(now) + 60 }, 60_000],
    ['since it was issued', { expires_at: seconds(now) + 60, created_at: seconds(now) - 60 }, 120_000],
    ['not at all, when it has expired', { expires_at: seconds(now) - 60 }, 0],
    ['as the server said', { expires_at: seconds(now) + 60, expires_in: 3600 }, 3_600_000],
    ['for ever, where only its issue is known', { created_at: seconds(now) }, Infinity],
  ])('the token lives %s', (_name, members, lifetime) => expect(read(members).lifetime).toBe(lifetime))

  it.each<[string, TokenJSON]>([
    ['the lifetime', { refresh_in: 30, expires_at: seconds(now) + 60 }],
    ['the expiry', { refresh_in: 30, expires_in: 60 }],
    ['the wish', { expires_in: 60, expires_at: seconds(now) + 60 }],
  ])('the server’s wish for a refresh has no time without %s', (_name, members) =>
    expect(read(members).refreshAt).toBeUndefined(),
  )
})

describe('a merged set', () => {
  const merge = (previous: TokenJSON | undefined, answer: TokenJSON, at = now): ReturnType<typeof mergeTokens> =>
    mergeTokens(previous, { access_token: 'b', ...answer }, at)

  it.each([
    [59, seconds(now) + 59.5],
    [60, seconds(now) + 60],
  ])('of %i seconds is stored as exactly as that needs, and used to the millisecond', (expires_in, expires_at) => {
    const { tokens, expiresAt, lifetime } = merge(undefined, { expires_in }, now + 500)
    expect([tokens.expires_at, expiresAt, lifetime]).toEqual([expires_at, now + 500 + expires_in * 1000, expires_in * 1000])
  })

  it.each<[string, TokenJSON, TokenJSON, TokenJSON]>([
    ['whole seconds', {}, { expires_at: seconds(now) + 60.5 }, { expires_at: seconds(now) + 60 }],
    ['its own member', {}, { expires_on: String(seconds(now) + 60) }, { expires_on: String(seconds(now) + 60) }],
    [
      'both members that were there',
      { expires_at: 5, expires_on: '5' },
      { expires_in: 60 },
      { expires_at: seconds(now) + 60, expires_on: String(seconds(now) + 60) },
    ],
    ['milliseconds as text', { expires_at: '1569281808000' }, { expires_in: 60 }, { expires_at: String(now + 60_000) }],
    ['the first milliseconds', { expires_at: 1e11 }, { expires_in: 60 }, { expires_at: now + 60_000 }],
    ['text, after what was no time', { expires_at: 'soon' }, { expires_in: 60 }, { expires_at: String(seconds(now) + 60) }],
  ])('has its expiry as %s', (_name, previous, answer, times) => {
    expect(merge(previous, answer).tokens).toEqual({ access_token: 'b', token_type: 'Bearer', ...answer, ...times })
  })

  it('of an answer that tells only when it ends lives from when it was asked for', () => {
    const { expiresAt, lifetime } = merge(undefined, { expires_at: seconds(now) + 60.5 })
    expect([expiresAt, lifetime]).toEqual([now + 60_500, 60_000])
  })

  it.each([[''], [5], [null]])('keeps the refresh token where the answer has %j for one', (refresh_token) => {
    expect(merge({ refresh_token: 'r' }, { refresh_token }).tokens.refresh_token).toBe('r')
  })
})

it('sets with another access token are others, even with the same refresh token', () => {
  expect(sameTokens({ access_token: 'a', refresh_token: 'r' }, { access_token: 'b', refresh_token: 'r' })).toBe(false)
})

describe('what is refused says why', () => {
  it.each<[unknown, RegExp]>([
    ['text', /must be a JSON object/],
    [{ refresh_token: 'r' }, /no access_token: get a new one/],
    [{ access_token: '' }, /no access_token: get a new one/],
    [{ access_token: 'a\n' }, /no valid header value.*copied with a line break/],
    [{ access_token: 'a', token_type: 5 }, /token_type is not Bearer/],
    [{ access_token: 'a', token_type: 'mac' }, /token_type is not Bearer/],
  ])('%j', (json, message) => expect(() => readTokens(json, now)).toThrow(message))

  const part = (text: string): string => Buffer.from(text, 'latin1').toString('base64url')
  it.each([
    ['a number', part('5')],
    ['bytes that are no text', part('{"a":"\xff"}')],
  ])('an ID token whose claims are %s', (_name, payload) =>
    expect(() => decodeIdToken(`e30.${payload}.x`)).toThrow(/no JSON Web Token/),
  )

  it('an ID token in the alphabet of URLs is none of these', () => {
    const payload = part('{"a":"???>>>"}')
    expect(payload).toMatch(/(?=.*-).*_/)
    expect(decodeIdToken(`e30.${payload}.x`)).toEqual({ a: '???>>>' })
  })
})
