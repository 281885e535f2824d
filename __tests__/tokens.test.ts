import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { isOAuthError } from '../src/errors.js'
import { decodeIdToken, mergeTokens, readTokens, sameTokens } from '../src/tokens.js'

const now = Date.UTC(2026, 0, 2)
const runs = Number(process.env.FUZZ_RUNS ?? 1000)

describe('reading token JSON', () => {
  it.each([
    ['epoch seconds', { expires_at: now / 1000 + 60 }],
    ['epoch seconds as text', { expires_on: String(now / 1000 + 60) }],
    ['epoch milliseconds', { expires_at: now + 60_000 }],
    ['epoch milliseconds as text', { expires_at: String(now + 60_000) }],
    ['ISO 8601 text', { expires_at: new Date(now + 60_000).toISOString() }],
    ['a lifetime and when it was issued', { expires_in: '60', created_at: now / 1000 }],
    ['a lifetime and when it was issued, in milliseconds as text', { expires_in: 60, issued_at: String(now) }],
  ])('tells %s', (_name, times) => {
    expect(readTokens({ access_token: 'a', ...times }, now).expiresAt).toBe(now + 60_000)
  })

  it('takes numbers as text for numbers, and keeps them as they are', () => {
    const numbers = {
      expires_in: 3600,
      ext_expires_in: 7200,
      expires_on: now / 1000 + 3600,
      refresh_in: 1800,
      refresh_token_expires_in: 86_400,
    }
    const text = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]))
    const [one, other] = [numbers, text].map((members) => readTokens({ access_token: 'a', ...members }, now))
    expect(one).toMatchObject({ expiresAt: now + 3_600_000, lifetime: 3_600_000, refreshAt: now + 1_800_000, tokens: numbers })
    expect(other).toEqual({ ...one, tokens: { ...one!.tokens, ...text } })
  })

  it('knows no expiry where there is only a lifetime and nobody knows since when', () => {
    expect(readTokens({ access_token: 'a', expires_in: 60 }, now)).toMatchObject({ expiresAt: Infinity, lifetime: Infinity })
  })

  it('reads the model of a Microsoft token', () => {
    const json = {
      token_type: 'Bearer',
      expires_in: 3600,
      ext_expires_in: 3600,
      expires_on: '1569281808',
      access_token: 'a',
      refresh_token: 'r',
      id_token: 'i',
    }
    const { tokens, expiresAt, lifetime } = readTokens(json, now)
    expect([tokens, expiresAt, lifetime]).toEqual([json, 1569281808000, 3_600_000])
  })

  it.each(['Bearer', 'bearer', 'BEARER', undefined])('sends the type %s as Bearer', (token_type) => {
    expect(readTokens({ access_token: 'a', token_type }, now).authorization).toBe('Bearer a')
  })

  it.each([
    ['null', null],
    ['text', 'at-secret'],
    ['a list', ['at-secret']],
    ['no access token', { refresh_token: 'rt-secret' }],
    ['an empty access token', { access_token: '' }],
    ['an access token that is a number', { access_token: 5 }],
    ['a line break', { access_token: 'at-secret\n' }],
    ['a carriage return', { access_token: 'at-secret\rX' }],
    ['a space', { access_token: 'at secret' }],
    ['a NUL', { access_token: 'at-secret\0' }],
    ['an umlaut', { access_token: 'at-sécret' }],
    ['another type', { access_token: 'at-secret', token_type: 'mac' }],
  ])('refuses %s, without quoting it', (_name, json) => {
    const attempt = (): unknown => readTokens(json, now)
    expect(attempt).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
    expect(attempt).not.toThrow(/secret|sécret/)
  })
})

describe('merging a token response', () => {
  const previous = {
    access_token: 'a1',
    refresh_token: 'r1',
    scope: 'read',
    id_token: 'i1',
    expires_in: 10,
    expires_at: 5,
    note: { kept: true },
  }

  it('replaces what is new and keeps what is left out', () => {
    const { tokens } = mergeTokens(previous, { access_token: 'a2', expires_in: 3600 }, now)
    expect(tokens).toEqual({
      ...previous,
      access_token: 'a2',
      token_type: 'Bearer',
      expires_in: 3600,
      expires_at: now / 1000 + 3600,
    })
    expect(mergeTokens(previous, { access_token: 'a2', refresh_token: 'r2' }, now).tokens.refresh_token).toBe('r2')
  })

  it('lets no time of the old token outlive it', () => {
    const { tokens, expiresAt } = mergeTokens({ ...previous, refresh_in: 1, expires_on: '5' }, { access_token: 'a2' }, now)
    expect([tokens.expires_in, tokens.expires_at, tokens.expires_on, tokens.refresh_in, expiresAt]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      Infinity,
    ])
  })

  it.each([
    ['seconds', { expires_at: 5 }, { expires_at: now / 1000 + 60 }],
    ['milliseconds', { expires_at: 1e12 }, { expires_at: now + 60_000 }],
    ['ISO 8601', { expires_at: '2020-01-01T00:00:00Z' }, { expires_at: new Date(now + 60_000).toISOString() }],
    ['text in another member', { expires_on: '1569281808' }, { expires_on: String(now / 1000 + 60) }],
    ['nothing', {}, { expires_at: now / 1000 + 60 }],
  ])('writes the absolute time as the file had it: %s', (_name, times, expected) => {
    const { tokens, expiresAt } = mergeTokens({ access_token: 'a1', ...times }, { access_token: 'a2', expires_in: '60' }, now)
    expect(tokens).toEqual({ access_token: 'a2', token_type: 'Bearer', expires_in: '60', ...expected })
    expect(expiresAt).toBe(now + 60_000)
  })

  it('counts from when the request was sent, and can be judged tomorrow', () => {
    const { tokens } = mergeTokens(undefined, { access_token: 'a', expires_in: 60, refresh_in: 30 }, now)
    expect(readTokens(JSON.parse(JSON.stringify(tokens)), now + 86_400_000)).toMatchObject({
      expiresAt: now + 60_000,
      lifetime: 60_000,
      refreshAt: now + 30_000,
    })
  })
})

describe('whatever JSON it is given', () => {
  it('throws nothing but the typed error, and keeps unknown members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (json, members) => {
        for (const attempt of [
          () => readTokens(json, now),
          () => mergeTokens(members, json, now),
          () => mergeTokens(undefined, { ...members, access_token: 'a' }, now),
        ]) {
          try {
            attempt()
          } catch (error) {
            if (!isOAuthError(error) || error.code !== 'OAUTH_TOKEN_INVALID') throw error
          }
        }
        const kept = { ...members, extra_member: json }
        expect(mergeTokens(kept, { access_token: 'a' }, now).tokens.extra_member).toEqual(json)
      }),
      { numRuns: runs },
    )
  })

  it('takes no prototype from it', () => {
    const { tokens } = readTokens(JSON.parse('{"access_token":"a","__proto__":{"refresh_token":"r"}}'), now)
    expect(tokens.refresh_token).toBeUndefined()
  })
})

describe('comparing and decoding', () => {
  it('takes sets with the same tokens for the same', () => {
    expect(sameTokens({ access_token: 'a', x: 1 }, { access_token: 'a', x: 2 })).toBe(true)
    expect(sameTokens({ access_token: 'a' }, { access_token: 'a', refresh_token: 'r' })).toBe(false)
    expect(sameTokens(undefined, null)).toBe(true)
  })

  it('decodes the claims of an ID token, also those that are not ASCII', () => {
    const payload = Buffer.from(JSON.stringify({ sub: 'alice', name: 'Ærøskøbing ✓' })).toString('base64url')
    expect(decodeIdToken(`e30.${payload}.x`)).toEqual({ sub: 'alice', name: 'Ærøskøbing ✓' })
  })

  it('decodes whatever is there: decoding is not verifying, as its documentation says', async () => {
    const [header, payload] = [{ alg: 'RS256' }, { sub: 'mallory', exp: 1 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    expect(decodeIdToken(`${header!}.${payload!}.forged`)).toEqual({ sub: 'mallory', exp: 1 })
    const comments = /\/\*\*(?:(?!\*\/).)*\*\/\s*export function decodeIdToken/s
    expect(comments.exec(await readFile('src/tokens.ts', 'utf8'))?.[0]).toContain('Decoding is not verifying')
    expect(await readFile('SECURITY.md', 'utf8')).toContain('Decoding an ID token is not verifying it')
  })

  it.each(['', 'a', 'a.b.c', 'e30.bnVsbA.x', 'e30.!!!.x'])('refuses %j with the typed error', (text) => {
    expect(() => decodeIdToken(text)).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
  })
})
