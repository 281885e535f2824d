import { decodeIdToken, mergeTokens, readTokens, sameTokens } from '../src/tokens.js'

const now = Date.UTC(2026, 0, 2)
const seconds = now / 1000
const read = (members: object): ReturnType<typeof readTokens> => readTokens({ access_token: 'a', ...members }, now)
const merge = (previous: object | undefined, answer: object, sentAt = now): ReturnType<typeof mergeTokens> =>
  mergeTokens(previous && { access_token: 'a', ...previous }, { access_token: 'b', ...answer }, sentAt)

describe('a lifetime', () => {
  it.each([null, true, '', ' ', 'soon', '1e999', -5, '-5', [60], {}])('of %j is not known', (expires_in) => {
    expect(read({ expires_in, created_at: seconds })).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it('of nothing is over at once', () => {
    expect(read({ expires_in: 0, created_at: seconds })).toMatchObject({ expiresAt: now, lifetime: 0 })
  })

  it.each([
    ['from its issue on', { expires_at: seconds + 60, created_at: seconds - 40 }, 100_000],
    ['from now on where nobody knows its issue', { expires_at: seconds + 60 }, 60_000],
    ['as nothing where it is over', { expires_at: seconds - 60 }, 0],
    ['as said, whatever is left of it', { expires_at: seconds + 60, expires_in: 3600 }, 3_600_000],
  ])('counts %s', (_name, times, lifetime) => expect(read(times).lifetime).toBe(lifetime))

  it('without its end is not known, also where the issue is', () => {
    expect(read({ created_at: seconds })).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it.each([Number.MAX_SAFE_INTEGER, '9223372036854775807', 99_999_999_999])(
    'of %s s is for ever, however it is written',
    (expires_in) => {
      for (const previous of [
        undefined,
        { expires_at: '2020-01-01T00:00:00Z' },
        { expires_on: '1569281808' },
        { expires_at: 1e12 },
      ]) {
        const { tokens, expiresAt } = merge(previous, { expires_in })
        expect(expiresAt).toBeGreaterThan(now + 30 * 365 * 86_400_000)
        expect(Math.abs(readTokens(tokens, now).expiresAt - expiresAt)).toBeLessThan(1000)
      }
    },
  )
})

describe('an expiry', () => {
  it.each([0, '0', -5, null, true, 'soon', ['2020-01-01T00:00:00Z']])('of %j is none', (expires_at) => {
    expect(read({ expires_at }).expiresAt).toBe(Infinity)
  })

  it('is in seconds up to the year 5138, and in milliseconds beyond', () => {
    expect([1, 1e11 - 1, 1e11].map((expires_at) => read({ expires_at }).expiresAt)).toEqual([1000, (1e11 - 1) * 1000, 1e11])
  })

  it('that no calendar holds is written all the same', () => {
    expect(merge({ expires_on: '2020-01-01T00:00:00Z' }, { expires_at: 1e300 }).tokens.expires_on).toMatch(/^\+275760/)
  })
})

describe('when the server would like to see a refresh', () => {
  it.each([
    ['counts from the issue on', { refresh_in: 10, expires_in: 60, expires_at: seconds + 60 }, now + 10_000],
    ['is not known where the lifetime is not', { refresh_in: 10, expires_at: seconds + 60 }, undefined],
    ['is not known where the expiry is not', { refresh_in: 10, expires_in: 60 }, undefined],
  ])('%s', (_name, times, refreshAt) => expect(read(times).refreshAt).toBe(refreshAt))
})

describe('the expiry after a refresh', () => {
  it.each([
    ['the lifetime of the answer', { expires_in: 60, expires_at: 5 }, 60_000],
    ['its expires_at', { expires_at: seconds + 70, expires_on: String(seconds + 80) }, 70_000],
    ['its expires_on', { expires_on: String(seconds + 80) }, 80_000],
  ])('is told by %s', (_name, answer, left) => {
    expect(merge(undefined, answer)).toMatchObject({ expiresAt: now + left, lifetime: left })
  })

  it.each<[string, object | undefined, object, object]>([
    ['as the answer has it', undefined, { expires_on: '5' }, { expires_on: String(seconds + 60) }],
    [
      'in both members, where both are used',
      { expires_at: 5 },
      { expires_on: '5' },
      { expires_at: seconds + 60, expires_on: String(seconds + 60) },
    ],
    ['as milliseconds in text', { expires_at: '1600000000000' }, {}, { expires_at: String(now + 60_000) }],
    ['as milliseconds from the first of them on', { expires_at: 1e11 }, {}, { expires_at: now + 60_000 }],
    ['as seconds in text, where the text was no time', { expires_at: 'soon' }, {}, { expires_at: String(seconds + 60) }],
  ])('is written %s', (_name, previous, answer, expected) => {
    const { tokens } = merge(previous, { expires_in: 60, ...answer })
    expect(tokens).toEqual({ access_token: 'b', token_type: 'Bearer', expires_in: 60, ...expected })
  })

  it.each([
    [59, seconds + 59.25],
    [60, seconds + 60],
    [3600, seconds + 3600],
  ])(
    'of a token that lives %i s is known to the millisecond, and written with parts of a second if it is short',
    (lives, written) => {
      const { tokens, expiresAt } = merge(undefined, { expires_in: lives }, now + 250)
      expect([tokens.expires_at, expiresAt]).toEqual([written, now + 250 + lives * 1000])
    },
  )
})

describe('a token set', () => {
  it.each([
    ['text', 'A token set must be a JSON object'],
    [[], 'A token set must be a JSON object'],
    [{ access_token: 5 }, 'The token set has no access_token: get a new one.'],
    [{ access_token: '' }, 'The token set has no access_token: get a new one.'],
    [{ access_token: 'a\n' }, 'Was it copied with a line break?'],
    [{ access_token: 'a', token_type: 'DPoP' }, 'The token_type is not Bearer'],
    [{ access_token: 'a', token_type: 5 }, 'The token_type is not Bearer'],
  ])('such as %j is refused with what to do', (json, message) => {
    const attempt = (): unknown => readTokens(json, now)
    expect(attempt).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
    expect(attempt).toThrow(message)
  })

  it.each(['', null, 5])('whose other tokens are %j has none', (none) => {
    const { tokens } = read({ refresh_token: none, id_token: none, scope: none })
    expect(tokens).toEqual({ access_token: 'a', token_type: 'Bearer' })
    expect(merge({ refresh_token: 'r' }, { refresh_token: none }).tokens.refresh_token).toBe('r')
  })

  it('with another access token is another, whatever the refresh token', () => {
    expect(sameTokens({ access_token: 'a', refresh_token: 'r' }, { access_token: 'b', refresh_token: 'r' })).toBe(false)
  })
})

describe('an ID token', () => {
  const idToken = (payload: string | Uint8Array): string => `e30.${Buffer.from(payload).toString('base64url')}.x`

  it('is decoded also where its encoding is not that of plain base64', () => {
    const claims = { sub: '???>>>~~~ ÿþ' }
    expect(idToken(JSON.stringify(claims))).toMatch(/-.*_|_.*-/)
    expect(decodeIdToken(idToken(JSON.stringify(claims)))).toEqual(claims)
  })

  it.each<[string, string | Uint8Array]>([
    ['a number', '5'],
    ['text', '"sub"'],
    ['a list', '[]'],
    ['no UTF-8', Buffer.from([...Buffer.from('{"sub":"'), 0xff, ...Buffer.from('"}')])],
  ])('whose claims are %s is refused', (_name, payload) => {
    expect(() => decodeIdToken(idToken(payload))).toThrow('The id_token is no JSON Web Token.')
  })
})
