import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import fc from 'fast-check'
import { mergeTokenResponse, parseSignInTokens, parseStoredTokens, type ParsedTokenSet } from '../src/tokens.js'

const now = Date.UTC(2026, 0, 2)
const seconds = now / 1000
const runs = Number(process.env.FUZZ_RUNS ?? 1000)
const names = [
  'expires_at',
  'expires_on',
  'expiry_date',
  'expiry',
  'expires',
  'token_expiry_date',
  'expire_in',
  'expireIn',
  'expire_time',
  'accessTokenExpires',
  'accessTokenExpiresAt',
  'accessTokenExpirationDate',
  'access_token_expires_at',
  'access_token_expiration',
]
const looseNames = names.slice(2)

const stored = (members: object): ParsedTokenSet => parseStoredTokens({ access_token: 'a', ...members }, now)
const signIn = (members: object): ParsedTokenSet => parseSignInTokens({ access_token: 'a', ...members }, now)
const merge = (previous: object | undefined, response: object, sentAt = now, date?: string): ParsedTokenSet =>
  mergeTokenResponse(previous && { access_token: 'a', ...previous }, { access_token: 'b', ...response }, sentAt, date)

describe('an absolute expiry in a stored set', () => {
  it.each<[string, unknown]>([
    ['epoch seconds', seconds + 60],
    ['epoch seconds with a fraction', seconds + 60.0],
    ['epoch seconds as text', String(seconds + 60)],
    ['epoch milliseconds', now + 60_000],
    ['epoch milliseconds as text', String(now + 60_000)],
    ['RFC 7231', 'Fri, 02 Jan 2026 00:01:00 GMT'],
    ['RFC 5322 with an offset', 'Fri, 02 Jan 2026 01:01:00 +0100'],
    ['RFC 5322 with an offset with a colon', 'Fri, 02 Jan 2026 01:01:00 +01:00'],
    ['ISO 8601', '2026-01-02T00:01:00Z'],
    ['ISO 8601 with milliseconds', '2026-01-02T00:01:00.000Z'],
    ['ISO 8601 with an offset', '2026-01-02T02:01:00+02:00'],
    ['ISO 8601 with a short offset', '2026-01-01T22:31:00-0130'],
    ['ISO 8601 with hours of offset', '2026-01-02T01:01:00+01'],
    ['ISO 8601 without seconds', '2026-01-02T00:01Z'],
    ['ISO 8601 in its basic format', '20260102T000100Z'],
    ['ISO 8601 in its basic format with an offset', '20260102T010100.0+0100'],
    ['ISO 8601 without a zone, which is UTC', '2026-01-02T00:01:00'],
    ['Python without a zone', '2026-01-02T00:01:00.000000'],
    ['Python, printed', '2026-01-02 00:01:00.000000'],
    ['Python with an offset, printed', '2026-01-02 00:01:00+00:00'],
    ['.NET', '2026-01-02T00:01:00.0000000Z'],
    ['.NET without a zone', '2026-01-02T00:01:00.0000000'],
    ['Go, printed', '2026-01-02 00:01:00 +0000 UTC'],
    ['Ruby, printed', '2026-01-02 00:01:00 UTC'],
    ['a comma before the fraction', '2026-01-02T00:01:00,000Z'],
    ['an HTTP date', 'Fri, 02 Jan 2026 00:01:00 GMT'],
    ['English without a zone', 'Jan 2 2026 00:01:00'],
    ['JavaScript, printed', 'Fri Jan 02 2026 00:01:00 GMT+0000 (Coordinated Universal Time)'],
    ['a Date', new Date(now + 60_000)],
    ['a Date of another realm', runInNewContext(`new Date(${now + 60_000})`)],
    ['text with spaces around', ' 2026-01-02T00:01:00Z '],
  ])('may be %s', (_name, time) => {
    for (const name of names) expect(stored({ [name]: time }).expiresAt).toBe(now + 60_000)
  })

  it('does not depend on the time zone of this machine', async () => {
    const { outputFiles } = await build({ entryPoints: ['src/tokens.ts'], bundle: true, format: 'esm', write: false })
    const script = `${outputFiles[0]!.text}
      const at = (expires_at) => parseStoredTokens({ access_token: 'a', expires_at }, 0).expiresAt
      const read = ['2026-01-02T00:01:00', '2026-01-02 00:01:00.5', 'Jan 2 2026 00:01:00', '2026-01-02'].map(at)
      const previous = { expires_at: '2025-01-01T00:00:00' }
      const { tokens } = mergeTokenResponse(previous, { access_token: 'a', expires_in: 60 }, ${now})
      console.log(JSON.stringify([new Date(${now}).getTimezoneOffset(), ...read, tokens.expires_at]))`
    const env = { ...process.env, TZ: 'Pacific/Auckland' }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env })
    const minute = now + 60_000
    expect(JSON.parse(stdout)).toEqual([-780, minute, minute + 500, minute, now, '2026-01-02T00:01:00'])
  })

  it.each([
    0,
    '0',
    '',
    ' ',
    -5,
    '-5',
    null,
    true,
    'soon',
    'never',
    [seconds],
    {},
    NaN,
    '0001-01-01T00:00:00Z',
    '0001-01-01T00:00:00',
    '1970-01-01T00:00:00Z',
    new Date(NaN),
    new Date(0),
  ])('of %p is not known', (time) => {
    for (const name of names) expect(stored({ [name]: time })).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it('that is not known leaves the word to another member', () => {
    expect(stored({ expires_at: '0001-01-01T00:00:00Z', expires_on: 0, expiry: seconds + 60 }).expiresAt).toBe(now + 60_000)
  })

  it('wins over the lifetime', () => {
    expect(stored({ expires_in: 3600, expires_at: seconds + 60, created_at: seconds })).toMatchObject({
      expiresAt: now + 60_000,
      lifetime: 3_600_000,
    })
  })

  it('is in seconds up to the year 5138, and in milliseconds beyond', () => {
    expect([1, 1e11 - 1, 1e11].map((expires_at) => stored({ expires_at }).expiresAt)).toEqual([1000, (1e11 - 1) * 1000, 1e11])
  })

  it('of text with a fraction and an offset is exact to the millisecond', () => {
    expect(stored({ expires_at: '2026-01-02T02:00:59.257+02:00' }).expiresAt).toBe(now + 59_257)
  })

  it('is absolute from the first second on that is not counted from now', () => {
    expect(stored({ expires: 1e9 })).toMatchObject({ expiresAt: 1e12, lifetime: 0 })
  })

  it('may lie in the past', () => {
    expect(stored({ expires_at: seconds - 60 })).toMatchObject({ expiresAt: now - 60_000, lifetime: 0 })
  })
})

describe('a lifetime in a stored set', () => {
  it.each([
    ['expires_in', { expires_in: 60 }],
    ['expires_in as text', { expires_in: '60' }],
    ['expires_in_sec', { expires_in_sec: 60 }],
    ['expires_in in milliseconds, next to expires_in_sec', { expires_in: 60_000, expires_in_sec: '60' }],
    ['expires_in next to an expires_in_sec of nothing', { expires_in: 60, expires_in_sec: 0 }],
    ['a small number for an absolute time', { expires: 60 }],
    ['a small number as text', { token_expiry_date: '60' }],
    ['expire_in', { expire_in: 60 }],
    ['expireIn', { expireIn: 60 }],
    ['expire_time', { expire_time: '60' }],
  ])('counts from the issue: %s', (_name, members) => {
    const expected = { expiresAt: now + 60_000, lifetime: 60_000 }
    expect(stored({ ...members, created_at: seconds })).toMatchObject(expected)
    expect(stored({ ...members, issued_at: String(now) })).toMatchObject(expected)
    expect(stored(members)).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it.each([null, true, '', ' ', 'soon', '1e999', -5, '-5', [60], {}])('of %j is not known', (expires_in) => {
    for (const refresh_token of [undefined, 'r'])
      expect(stored({ expires_in, refresh_token, created_at: seconds })).toMatchObject({
        expiresAt: Infinity,
        lifetime: Infinity,
      })
  })

  it.each([
    ['from its issue on', { expires_at: seconds + 60, created_at: seconds - 40 }, 100_000],
    ['from now on where its issue is not known', { expires_at: seconds + 60 }, 60_000],
    ['as said, whatever is left of it', { expires_at: seconds + 60, expires_in: 3600 }, 3_600_000],
  ])('counts %s', (_name, times, lifetime) => expect(stored(times).lifetime).toBe(lifetime))

  it.each(['expires_at', 'expires_on'])('is never meant by a small number in %s', (name) => {
    expect(stored({ [name]: 3600, created_at: seconds }).expiresAt).toBe(3_600_000)
  })
})

describe('expires_in: 0', () => {
  it.each([0, '0'])('means that the expiry is not known, where there is no refresh token (%j)', (expires_in) => {
    expect(merge(undefined, { expires_in }).expiresAt).toBe(Infinity)
    expect(signIn({ expires_in }).expiresAt).toBe(Infinity)
    expect(stored({ expires_in, created_at: seconds }).expiresAt).toBe(Infinity)
    expect(merge(undefined, { expires_in }).tokens).toEqual({ access_token: 'b', expires_in })
  })

  it('means expired where there is a refresh token, also one that the response omits', () => {
    expect(merge(undefined, { expires_in: 0, refresh_token: 'r' })).toMatchObject({ expiresAt: now, lifetime: 0 })
    expect(merge({ refresh_token: 'r' }, { expires_in: 0 }).expiresAt).toBe(now)
    expect(signIn({ expires_in: 0, refresh_token: 'r' }).expiresAt).toBe(now)
    expect(stored({ expires_in: 0, refresh_token: 'r', created_at: seconds }).expiresAt).toBe(now)
  })

  it('leaves the word to an absolute time', () => {
    expect(merge(undefined, { expires_in: 0, expires_at: seconds + 60 }).expiresAt).toBe(now + 60_000)
  })
})

describe('refresh_in', () => {
  it.each([
    ['counts from the issue on', { refresh_in: 10, expires_in: 60, expires_at: seconds + 60 }, now + 10_000],
    ['may be text', { refresh_in: '10', expires_in: 60, expires_at: seconds + 60 }, now + 10_000],
    ['is not known where the lifetime is not', { refresh_in: 10, expires_at: seconds + 60 }, undefined],
    ['is not known where the expiry is not', { refresh_in: 10, expires_in: 60 }, undefined],
    ['of 0 would refresh without end and is not known', { refresh_in: 0, expires_in: 60, expires_at: seconds + 60 }, undefined],
  ])('%s', (_name, times, refreshAt) => expect(stored(times).refreshAt).toBe(refreshAt))

  it('counts from when the token request was sent', () => {
    expect(merge(undefined, { expires_in: 60, refresh_in: 30 }).refreshAt).toBe(now + 30_000)
  })
})

describe('the expiry in a token response', () => {
  it.each([
    ['expires_in', { expires_in: 60, expires_at: 5 }, 60_000],
    ['expires_in_sec, where expires_in counts milliseconds', { expires_in: 60_000, expires_in_sec: 60 }, 60_000],
    ['its expires_at', { expires_at: seconds + 70, expires_on: String(seconds + 80) }, 70_000],
    ['its expires_on', { expires_on: String(seconds + 80) }, 80_000],
    ['its expiry_date', { expiry_date: now + 80_000 }, 80_000],
    ['a small number in expires', { expires: 60 }, 60_000],
    ['expire_in', { expire_in: 60 }, 60_000],
    ['expireIn', { expireIn: 60 }, 60_000],
    ['expire_time', { expire_time: 60 }, 60_000],
    ['an absolute expire_time', { expire_time: seconds + 60 }, 60_000],
  ])('is given by %s', (_name, response, left) => {
    expect(merge(undefined, response)).toMatchObject({ expiresAt: now + left, lifetime: left })
  })

  it('is not known from the issue alone', () => {
    expect(merge(undefined, { issued_at: String(now) }).expiresAt).toBe(Infinity)
  })

  it.each([Number.MAX_SAFE_INTEGER, '9223372036854775807', 99_999_999_999])(
    'of %s s is for ever, in every format',
    (expires_in) => {
      for (const previous of [
        undefined,
        { expires_at: '2020-01-01T00:00:00Z' },
        { expires_on: '1569281808' },
        { expires_at: 1e12 },
      ]) {
        const { tokens, expiresAt } = merge(previous, { expires_in })
        expect(expiresAt).toBeGreaterThan(now + 30 * 365 * 86_400_000)
        expect(Math.abs(parseStoredTokens(tokens, now).expiresAt - expiresAt)).toBeLessThan(1000)
      }
    },
  )

  it('of a token that never expires is written in every format', () => {
    expect(merge({ expires_on: '2020-01-01T00:00:00Z' }, { expires_at: 1e300 }).tokens.expires_on).toBe('9999-12-31T23:59:59Z')
  })
})

describe('the clock of the server', () => {
  const date = (offset: number): string => new Date(now + offset).toUTCString()

  it.each([-3_600_000, 3_600_000, -86_400_000, 86_400_000])('that is %d ms ahead corrects an absolute expiry', (offset) => {
    const { expiresAt, tokens } = merge(undefined, { expires_at: seconds + 60 + offset / 1000 }, now, date(offset))
    expect([expiresAt, tokens.expires_at]).toEqual([now + 60_000, seconds + 60])
  })

  it.each([-86_401_000, 86_401_000, -now, 250_000_000_000_000])('that is %d ms ahead is ignored', (offset) => {
    expect(merge(undefined, { expires_at: seconds + 60 }, now, date(offset)).expiresAt).toBe(now + 60_000)
  })

  it.each([undefined, null, '', 'soon'])('that is not told (%j) corrects nothing', (text) => {
    expect(merge(undefined, { expires_at: seconds + 60 }, now, text as undefined).expiresAt).toBe(now + 60_000)
  })

  it('does not matter where there is a lifetime', () => {
    expect(merge(undefined, { expires_in: 60, expires_at: seconds + 9999 }, now, date(-3_600_000)).expiresAt).toBe(now + 60_000)
  })
})

describe('signing in', () => {
  it.each([
    ['a fresh response', { expires_in: 60 }, 60_000],
    ['a set that was saved earlier', { expires_in: 3600, expires_at: seconds + 60 }, 60_000],
    ['a set that was issued earlier', { expires_in: 3600, created_at: seconds - 3540 }, 60_000],
    ['a set whose lifetime is shorter than its expiry', { expires_in: 60, expires_at: seconds + 3600 }, 60_000],
    ['a set with an expiry alone', { expires_on: String(seconds + 60) }, 60_000],
    ['a set with a small number for an expiry', { expires: '60' }, 60_000],
    ['a set that has expired', { expires_in: 3600, expires_at: seconds - 60 }, -60_000],
  ])('takes the earlier expiry of %s, and writes it as an absolute time', (_name, members, left) => {
    const { expiresAt, tokens } = signIn(members)
    expect(expiresAt).toBe(now + left)
    expect(parseStoredTokens(tokens, now + 86_400_000).expiresAt).toBe(now + left)
  })

  it('writes no expiry that is not known', () => {
    expect(signIn({ note: 1 }).tokens).toEqual({ access_token: 'a', note: 1 })
  })

  it('keeps the lifetime and the start of the refresh window', () => {
    expect(signIn({ expires_in: 3600, refresh_in: 1800, expires_at: seconds + 600 })).toMatchObject({
      lifetime: 3_600_000,
      refreshAt: now - 1_200_000,
    })
  })
})

describe('writing the expiry', () => {
  it.each<[string, object, object]>([
    ['seconds', { expires_at: 5 }, { expires_at: seconds + 60 }],
    ['seconds with a fraction', { expires_at: 1_500_000_000.25 }, { expires_at: seconds + 60 }],
    ['seconds as text', { expires_on: '1569281808' }, { expires_on: String(seconds + 60) }],
    ['milliseconds', { expiry_date: 1e12 }, { expiry_date: now + 60_000 }],
    ['milliseconds from the first of them on', { expires_at: 1e11 }, { expires_at: now + 60_000 }],
    ['milliseconds as text', { expires_at: '1600000000000' }, { expires_at: String(now + 60_000) }],
    ['seconds from now', { expires: 3600, expires_at: 5 }, { expires: 60, expires_at: seconds + 60 }],
    ['seconds from now in expire_in', { expire_in: 3600 }, { expire_in: 60, expires_at: seconds + 60 }],
    ['seconds from now as text', { token_expiry_date: '3600' }, { token_expiry_date: '60', expires_at: seconds + 60 }],
    ['ISO 8601', { expiry: '2020-01-01T00:00:00Z' }, { expiry: '2026-01-02T00:01:00Z' }],
    ['ISO 8601 with milliseconds', { expiry: '2020-01-01T00:00:00.123Z' }, { expiry: '2026-01-02T00:01:00.000Z' }],
    ['ISO 8601 with an offset', { expires: '2020-01-01T00:00:00+02:00' }, { expires: '2026-01-02T00:01:00+00:00' }],
    ['ISO 8601 with a short offset', { expires: '2020-01-01T00:00:00-0230' }, { expires: '2026-01-02T00:01:00+0000' }],
    ['ISO 8601 with hours of offset', { expires: '2020-01-01T00:00:00+01' }, { expires: '2026-01-02T00:01:00+00:00' }],
    ['PostgreSQL', { expires_at: '2020-01-01 00:00:00.123-05' }, { expires_at: '2026-01-02 00:01:00.000+00:00' }],
    ['ISO 8601 in its basic format', { expires_at: '20200101T000000Z' }, { expires_at: '20260102T000100Z' }],
    ['NextAuth', { accessTokenExpires: 1e12 }, { accessTokenExpires: now + 60_000 }],
    [
      'react-native-app-auth',
      { accessTokenExpirationDate: '2020-01-01T00:00:00Z' },
      { accessTokenExpirationDate: '2026-01-02T00:01:00Z' },
    ],
    ['seconds of the access token', { access_token_expires_in: 5 }, { access_token_expires_in: 60, expires_at: seconds + 60 }],
    ['ISO 8601 without a zone', { expires_at: '2020-01-01T00:00:00.123456' }, { expires_at: '2026-01-02T00:01:00.000000' }],
    ['ISO 8601 without seconds', { expires_at: '2020-01-01T00:00Z' }, { expires_at: '2026-01-02T00:01Z' }],
    ['Python, printed', { expires_at: '2020-01-01 00:00:00' }, { expires_at: '2026-01-02 00:01:00' }],
    ['Go, printed', { expiry: '2020-01-01 00:00:00 +0200 UTC' }, { expiry: '2026-01-02 00:01:00 +0000 UTC' }],
    ['Go, printed west of Greenwich', { expiry: '2020-01-01 00:00:00 -0200 UTC' }, { expiry: '2026-01-02 00:01:00 +0000 UTC' }],
    ['a zero time of Go', { expiry: '0001-01-01T00:00:00Z' }, { expiry: '2026-01-02T00:01:00Z' }],
    ['an HTTP date', { expires: 'Wed, 01 Jan 2020 00:00:00 GMT' }, { expires: 'Fri, 02 Jan 2026 00:01:00 GMT' }],
    ['a Date', { expires_at: new Date(5) }, { expires_at: new Date(now + 60_000) }],
    ['Java', { expires_at: '2020-01-01T01:00:00+01:00[Europe/Paris]' }, { expires_at: '2026-01-02T00:01:00+00:00[UTC]' }],
    ['Java, with a fraction', { expires_at: '2020-01-01T00:00:00.5Z[UTC]' }, { expires_at: '2026-01-02T00:01:00.0Z[UTC]' }],
    ['Java, without seconds', { expires_at: '2020-01-01T00:00-05[GMT-5]' }, { expires_at: '2026-01-02T00:01+00:00[UTC]' }],
    ['ISO 8601 with a calendar', { expiry: '2020-01-01T00:00:00Z[u-ca=iso8601]' }, { expiry: '2026-01-02T00:01:00Z[UTC]' }],
    ['nothing', {}, { expires_at: seconds + 60 }],
    ['null', { expires_on: null }, { expires_at: seconds + 60 }],
    ['two members', { expires_at: 5, expires_on: '5' }, { expires_at: seconds + 60, expires_on: String(seconds + 60) }],
    ['text that is no time', { expires_at: 'soon' }, { expires_at: String(seconds + 60) }],
  ])('follows the previous set: %s', (_name, times, expected) => {
    const { tokens, expiresAt } = merge(times, { expires_in: '60' })
    expect(tokens).toEqual({ access_token: 'b', expires_in: '60', ...expected })
    expect(expiresAt).toBe(now + 60_000)
  })

  it('follows the response before the previous set', () => {
    expect(merge({ expires_at: 5 }, { expires_in: 60, expires_at: '2020-01-01T00:00:00Z' }).tokens.expires_at).toBe(
      '2026-01-02T00:01:00Z',
    )
  })

  it('follows the previous set where the response has no time to follow', () => {
    for (const none of [0, '', null])
      expect(merge({ expires_at: '2020-01-01T00:00:00Z' }, { expires_in: 60, expires_at: none }).tokens.expires_at).toBe(
        '2026-01-02T00:01:00Z',
      )
  })

  it('keeps fractions of a second', () => {
    expect(merge({ expires_at: '2020-01-01T00:00:00.1234Z' }, { expires_in: 60 }, now + 250).tokens.expires_at).toBe(
      '2026-01-02T00:01:00.2500Z',
    )
  })

  it('is ISO 8601 where the format of the text would make another time of it', () => {
    const previous = { expires_at: '2020-01-01T00:00:00+01:00 (CET)' }
    expect(merge(previous, { expires_in: 60 }, now + 250).tokens.expires_at).toBe('2026-01-02T00:01:00.250Z')
  })

  it('keeps no fraction in seconds as text', () => {
    expect(merge({ expires_on: '1569281808' }, { expires_in: 59 }, now + 250).tokens.expires_on).toBe(String(seconds + 59))
  })

  it.each([
    [59, seconds + 59.25],
    [60, seconds + 60],
    [3600, seconds + 3600],
  ])('of a token that lives %i s is exact, and keeps fractions if it is short', (lives, written) => {
    const { tokens, expiresAt } = merge(undefined, { expires_in: lives }, now + 250)
    expect([tokens.expires_at, expiresAt]).toEqual([written, now + 250 + lives * 1000])
  })
})

describe('for every combination of members', () => {
  const iso = (time: number): string => new Date(time).toISOString()
  const format = fc.constantFrom<(time: number) => unknown>(
    (time) => Math.floor(time / 1000),
    (time) => String(Math.floor(time / 1000)),
    (time) => time,
    (time) => String(time),
    iso,
    (time) => iso(time).slice(0, 19),
    (time) => `${iso(time).slice(0, 19)}.123456`,
    (time) => iso(time).slice(0, 23).replace('T', ' '),
    (time) => `${iso(time).slice(0, 19)}+00:00`,
    (time) => `${iso(time + 7_200_000).slice(0, 19)}+0200`,
    (time) => new Date(time).toUTCString(),
  )
  const time = fc.integer({ min: Date.UTC(2002, 0), max: Date.UTC(2090, 0) })
  const lifetime = fc.integer({ min: 1, max: 900_000_000 })
  const absolute = fc.tuple(time, format).map(([at, write]) => write(at))
  const useless = fc.constantFrom<unknown>(null, 0, '', 'soon', true, {}, [], '0001-01-01T00:00:00Z')
  const members = fc.record(
    {
      ...Object.fromEntries(names.map((name) => [name, fc.oneof(absolute, useless)])),
      ...Object.fromEntries(looseNames.map((name) => [name, fc.oneof(absolute, useless, lifetime, lifetime.map(String))])),
      expires_in: fc.oneof(lifetime, lifetime.map(String), useless),
      expires_in_sec: fc.oneof(lifetime, useless),
      refresh_token: fc.constant('r'),
      refresh_in: lifetime,
      note: fc.constant('kept'),
    },
    { requiredKeys: [] },
  )
  const reread = (tokens: object, at: number): ParsedTokenSet => parseStoredTokens(JSON.parse(JSON.stringify(tokens)), at)

  /** All expiries that the members of `tokens` tell, each read alone. */
  const expiries = (tokens: Record<string, unknown>): number[] =>
    names
      .filter((name) => !(looseNames.includes(name) && Number(tokens[name]) > 0 && Number(tokens[name]) < 1e9))
      .map((name) => stored({ [name]: tokens[name] }).expiresAt)
      .filter((at) => at !== Infinity)

  it('reading what was written gives the same expiry within a second', () => {
    fc.assert(
      fc.property(members, members, time, (previous, response, sentAt) => {
        for (const parsed of [merge(previous, response, sentAt), parseSignInTokens({ access_token: 'a', ...response }, sentAt)]) {
          const again = reread(parsed.tokens, sentAt)
          if (parsed.expiresAt === Infinity) expect(again.expiresAt).toBe(Infinity)
          else expect(Math.abs(again.expiresAt - parsed.expiresAt)).toBeLessThan(1000)
        }
      }),
      { numRuns: runs },
    )
  })

  it('no stale expiry survives a merge or a sign-in', () => {
    fc.assert(
      fc.property(members, members, time, (previous, response, sentAt) => {
        for (const { tokens, expiresAt, lifetime } of [
          merge(previous, response, sentAt),
          parseSignInTokens({ access_token: 'a', ...response }, sentAt),
        ]) {
          for (const told of expiries(tokens)) expect(Math.abs(told - expiresAt)).toBeLessThan(1000)
          for (const name of looseNames) {
            const left = Number(tokens[name])
            if (left > 0 && left < 1e9) expect(left * 1000).toBeLessThanOrEqual(lifetime + 1000)
          }
        }
      }),
      { numRuns: runs },
    )
  })

  it('merging twice changes nothing more', () => {
    fc.assert(
      fc.property(members, members, time, (previous, response, sentAt) => {
        const { tokens } = merge(previous, response, sentAt)
        const { expires_at: _at, ...rest } = tokens
        const again = mergeTokenResponse(tokens, { access_token: 'b', ...response }, sentAt).tokens
        expect(again).toMatchObject(Object.fromEntries(Object.entries(rest).filter(([name]) => !names.includes(name))))
      }),
      { numRuns: runs },
    )
  })
})
