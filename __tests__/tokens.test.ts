import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { isOAuthError } from '../src/errors.js'
import {
  decodeIdToken,
  mergeTokenResponse,
  parseSignInTokens,
  parseStoredTokens,
  sameTokens,
  toTokenSet,
  usableRefreshToken,
  userOf,
} from '../src/tokens.js'
import type { TokenJSON } from '../src/types.js'

const now = Date.UTC(2026, 0, 2)
const runs = Number(process.env.FUZZ_RUNS ?? 1000)
const idToken = (payload: string | Uint8Array): string => `e30.${Buffer.from(payload).toString('base64url')}.x`

describe('a token set', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'not a JSON object'],
    ['text', 'at-secret', 'not a JSON object'],
    ['a list', ['at-secret'], 'not a JSON object'],
    ['an empty object', {}, 'neither an access_token nor a refresh_token'],
    ['no token that is text', { access_token: '', refresh_token: 5 }, 'neither an access_token nor a refresh_token'],
    ['an access token that is a number', { access_token: 5, refresh_token: 'rt-secret' }, 'no access_token'],
    ['a line break', { access_token: 'at-secret\n' }, 'line break'],
    ['a carriage return', { access_token: 'at-secret\rX' }, 'line break'],
    ['a space', { access_token: 'at secret' }, 'not a valid header value'],
    ['a NUL', { access_token: 'at-secret\0' }, 'not a valid header value'],
    ['an umlaut', { access_token: 'at-sécret' }, 'non-ASCII'],
    ['an access token longer than 64 KiB', { access_token: 'secret'.padEnd(65_537, 'x') }, 'access_token is longer than 64 KiB'],
    ['a refresh token longer than 64 KiB', { access_token: 'a', refresh_token: 'x'.repeat(65_537) }, 'refresh_token is longer'],
    ['an ID token longer than 64 KiB', { access_token: 'a', id_token: 'x'.repeat(65_537) }, 'id_token is longer'],
  ])('that is %s is refused, without quoting it', (_name, json, message) => {
    for (const parse of [parseStoredTokens, parseSignInTokens]) {
      const attempt = (): unknown => parse(json, now)
      expect(attempt).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
      expect(attempt).toThrow(message)
      expect(attempt).not.toThrow(/secret|sécret/)
    }
  })

  it.each(['my-dpop', 'dpop2', 'macaroon'])(
    'with token_type %j, which only resembles one that needs a proof, is accepted',
    (type) => {
      expect(parseStoredTokens({ access_token: 'a', token_type: type }, now)).toMatchObject({ accessToken: 'a' })
    },
  )

  it.each([
    'refresh_token_expires_in',
    'refresh_expires_in',
    'refreshTokenExpiresIn',
    'refreshExpiresAt',
    'x_refresh_token_expires_in',
  ])('loses %s, which describes the refresh token before, when a new one comes', (name) => {
    const previous = { access_token: 'a', refresh_token: 'r', [name]: 5 }
    const merged = (response: object): object => mergeTokenResponse(previous, { access_token: 'b', ...response }, now).tokens
    expect(merged({ refresh_token: 'r2' })).not.toHaveProperty(name)
    expect(merged({})).toHaveProperty(name)
  })

  it('with tokens of exactly 64 KiB is accepted', () => {
    const token = 'x'.repeat(65_536)
    expect(parseStoredTokens({ access_token: token, refresh_token: token }, now)).toMatchObject({
      accessToken: token,
      refreshToken: token,
    })
  })

  it.each<[unknown]>([[undefined], [null], ['']])('with only a refresh token is valid: access_token is %j', (access_token) => {
    for (const parse of [parseStoredTokens, parseSignInTokens])
      expect(parse({ access_token, refresh_token: 'r', token_type: 'DPoP' }, now)).toMatchObject({
        accessToken: undefined,
        refreshToken: 'r',
      })
  })

  it.each(['Bearer', 'bearer', 'BEARER ', 'bot', 'user', 'JWT', 'Zoho-oauthtoken', '', null, 5, ['bearer'], { toString: 5 }])(
    'keeps token_type %j as it is',
    (token_type) => expect(parseStoredTokens({ access_token: 'a', token_type }, now).tokens.token_type).toEqual(token_type),
  )

  it('without a token_type gets none', () => {
    expect(parseStoredTokens({ access_token: 'a' }, now).tokens).toEqual({ access_token: 'a' })
    expect(mergeTokenResponse(undefined, { access_token: 'a' }, now).tokens).toEqual({ access_token: 'a' })
  })

  it.each(['DPoP', 'dpop', ' pop ', 'PoP', 'mac', 'N_A'])('with token_type %j is refused, as it needs a proof', (token_type) => {
    for (const attempt of [
      () => parseStoredTokens({ access_token: 'a', token_type }, now),
      () => mergeTokenResponse(undefined, { access_token: 'a', token_type }, now),
    ])
      expect(attempt).toThrow('requires a proof of possession')
  })

  it('keeps unknown members, and known ones of an unexpected type', () => {
    const json = {
      access_token: 'a',
      refresh_token: null,
      id_token: { raw: 'x' },
      scope: ['read', 'write'],
      expires_at: { seconds: 5 },
      expires_in: true,
      note: { kept: true },
      __proto__: null,
    }
    expect(parseStoredTokens(json, now).tokens).toEqual(json)
    expect(mergeTokenResponse(undefined, json, now).tokens).toEqual(json)
  })

  it('holds no member that JSON cannot hold: a big integer becomes digits, and a cycle is left out', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    const json = {
      access_token: 'a',
      refresh_token: 'r',
      expires_in: 3600n,
      account: { id: 2n ** 64n, since: new Date(now) },
      raw: new Map([['response', cycle]]),
      response: Object.assign(new Response(), { request: cycle }),
      user: cycle,
    }
    for (const { tokens } of [parseStoredTokens(json, now), mergeTokenResponse(undefined, json, now)]) {
      expect(tokens).toMatchObject({ expires_in: '3600', account: { id: '18446744073709551616', since: new Date(now) } })
      expect(tokens).not.toHaveProperty('user')
      expect(tokens).not.toHaveProperty('response')
      expect(() => JSON.stringify(tokens)).not.toThrow()
    }
    expect(mergeTokenResponse(undefined, json, now).expiresAt).toBe(now + 3_600_000)
    expect(parseSignInTokens({ access_token: 'a', expires_at: BigInt(now + 60_000) }, now).expiresAt).toBe(now + 60_000)
  })

  it('has the members that a class defines as getters', () => {
    class Answer {
      get access_token(): string {
        return 'a'
      }
      get refresh_token(): string {
        return 'r'
      }
      get expires_in(): number {
        return 60
      }
      get scope(): string {
        throw new Error('getter')
      }
    }
    expect(mergeTokenResponse(undefined, new Answer(), now)).toMatchObject({
      tokens: { access_token: 'a', refresh_token: 'r', expires_in: 60 },
      expiresAt: now + 60_000,
    })
  })

  it('is not changed by reading', () => {
    const json = Object.freeze({ access_token: 'a', expires_in: 60, expiry: '2026-01-02T00:00:00' })
    parseStoredTokens(json, now)
    parseSignInTokens(json, now)
    mergeTokenResponse(json, json, now)
    expect(json).toEqual({ access_token: 'a', expires_in: 60, expiry: '2026-01-02T00:00:00' })
  })

  it('takes no prototype from JSON', () => {
    const json: unknown = JSON.parse('{"access_token":"a","__proto__":{"refresh_token":"r"}}')
    expect(parseStoredTokens(json, now).refreshToken).toBeUndefined()
    expect(mergeTokenResponse({ ...(json as object) }, json, now).refreshToken).toBeUndefined()
  })
})

describe('a token response', () => {
  const previous = {
    access_token: 'a1',
    refresh_token: 'r1',
    scope: 'read',
    id_token: 'i1',
    token_type: 'bot',
    expires_in: 10,
    expires_at: 5,
    note: { kept: true },
  }

  it('replaces what is new and keeps what it omits', () => {
    const { tokens } = mergeTokenResponse(previous, { access_token: 'a2', expires_in: 3600 }, now)
    expect(tokens).toEqual({ ...previous, access_token: 'a2', expires_in: 3600, expires_at: now / 1000 + 3600 })
    expect(mergeTokenResponse(previous, { access_token: 'a2', refresh_token: 'r2' }, now).refreshToken).toBe('r2')
  })

  it.each<[unknown]>([[undefined], [null], ['']])('omits refresh_token, id_token and scope also by %j', (none) => {
    const { tokens, refreshToken } = mergeTokenResponse(
      previous,
      { access_token: 'a2', refresh_token: none, id_token: none, scope: none },
      now,
    )
    expect(tokens).toMatchObject({ refresh_token: 'r1', id_token: 'i1', scope: 'read' })
    expect(refreshToken).toBe('r1')
  })

  it('keeps the refresh token when it has one of an unexpected type', () => {
    expect(mergeTokenResponse(previous, { access_token: 'a2', refresh_token: false }, now).tokens.refresh_token).toBe('r1')
  })

  it('keeps a scope that is an array, also an empty one', () => {
    expect(mergeTokenResponse(previous, { access_token: 'a2', scope: ['x'] }, now).tokens.scope).toEqual(['x'])
    expect(mergeTokenResponse(previous, { access_token: 'a2', scope: [] }, now).tokens.scope).toEqual([])
    expect(mergeTokenResponse({ ...previous, scope: ['y'] }, { access_token: 'a2' }, now).tokens.scope).toEqual(['y'])
  })

  it('needs an access token', () => {
    for (const response of [{}, { refresh_token: 'r2' }, { access_token: '', refresh_token: 'r2' }, 'text', null])
      expect(() => mergeTokenResponse(previous, response, now)).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
  })

  it('leaves no time of the old token behind, under whatever name', () => {
    const times = {
      expires_on: '5',
      ext_expires_in: 5,
      refresh_in: 1,
      created_at: 5,
      expires_in_sec: 5,
      expiresAt: 5,
      expirationDate: 'x',
      token_expires_at: 5,
      accessTokenExpires: 5,
      access_token_expires_at: 'x',
      access_token_expired: true,
      exp: 5,
      valid_until: '2020-01-01T00:00:00Z',
      validTo: 5,
    }
    const { tokens, expiresAt } = mergeTokenResponse({ ...previous, ...times }, { access_token: 'a2' }, now)
    expect(tokens).toEqual({
      access_token: 'a2',
      refresh_token: 'r1',
      scope: 'read',
      id_token: 'i1',
      token_type: 'bot',
      note: { kept: true },
    })
    expect(expiresAt).toBe(Infinity)
  })

  it('keeps members whose names only resemble those of a time', () => {
    const members = { account_created_at: 5, no_refresh_expiry: true }
    const { tokens } = mergeTokenResponse({ ...previous, ...members }, { access_token: 'a2', refresh_token: 'r2' }, now)
    expect(tokens).toMatchObject(members)
  })

  it.each(['refresh_token_expires_in', 'refresh_expires_in', 'x_refresh_token_expires_in', 'refresh_token_expires_at'])(
    'removes %s with the refresh token that it describes, and no sooner',
    (name) => {
      const merge = (response: object): unknown =>
        mergeTokenResponse({ ...previous, [name]: 5 }, { access_token: 'a2', ...response }, now).tokens[name]
      expect(merge({})).toBe(5)
      expect(merge({ refresh_token: 'r1' })).toBe(5)
      expect(merge({ refresh_token: 'r2' })).toBeUndefined()
      expect(merge({ refresh_token: 'r2', [name]: 6 })).toBe(6)
    },
  )
})

describe('a rotated refresh token in a response that is refused', () => {
  const previous = { access_token: 'a1', refresh_token: 'r1', expires_at: now / 1000 + 60, refresh_token_expires_in: 5, note: 1 }

  it.each<[string, object]>([
    ['no access token', { refresh_token: 'r2' }],
    ['an access token that is no header value', { access_token: 'a\n', refresh_token: 'r2' }],
    ['a type that needs a proof', { access_token: 'a2', token_type: 'DPoP', refresh_token: 'r2', expires_in: 5, scope: 'x' }],
  ])('joins the previous access token and its expiry: %s', (_name, response) => {
    expect(usableRefreshToken(previous, response, now)).toMatchObject({
      tokens: { access_token: 'a1', refresh_token: 'r2', expires_at: now / 1000 + 60, note: 1 },
      accessToken: 'a1',
      refreshToken: 'r2',
      expiresAt: now + 60_000,
    })
    expect(usableRefreshToken(previous, response, now)?.tokens).not.toHaveProperty('refresh_token_expires_in')
  })

  it('makes a set of its own when there was none', () => {
    expect(usableRefreshToken(undefined, { refresh_token: 'r2' }, now)).toMatchObject({
      accessToken: undefined,
      refreshToken: 'r2',
    })
  })

  it.each<[string, unknown]>([
    ['the same one', { refresh_token: 'r1' }],
    ['none', {}],
    ['one that is no text', { refresh_token: 5 }],
    ['an empty one', { refresh_token: '' }],
    ['one longer than 64 KiB', { refresh_token: 'x'.repeat(65_537) }],
    ['no JSON object', 'refresh_token'],
    ['null', null],
  ])('is not found in %s', (_name, response) => {
    expect(usableRefreshToken(previous, response, now)).toBeUndefined()
  })
})

describe('whatever JSON it is given', () => {
  it('throws nothing but the typed error, and keeps unknown members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (json, members) => {
        for (const attempt of [
          () => parseStoredTokens(json, now),
          () => parseSignInTokens(json, now),
          () => mergeTokenResponse(members, json, now),
          () => mergeTokenResponse(undefined, { ...members, access_token: 'a' }, now),
          () => usableRefreshToken(members, json, now),
          () => userOf(members),
        ]) {
          try {
            attempt()
          } catch (error) {
            if (!isOAuthError(error) || error.code !== 'OAUTH_TOKEN_INVALID') throw error
          }
        }
        const kept = { ...members, extra_member: json }
        expect(mergeTokenResponse(kept, { access_token: 'a' }, now).tokens.extra_member).toEqual(json)
      }),
      { numRuns: runs },
    )
  })
})

describe('comparing token sets', () => {
  it('takes sets with the same tokens for the same', () => {
    expect(sameTokens({ access_token: 'a', x: 1 }, { access_token: 'a', x: 2 })).toBe(true)
    expect(sameTokens(undefined, null)).toBe(true)
    expect(sameTokens({ access_token: 'a', refresh_token: null }, { access_token: 'a', refresh_token: '' })).toBe(true)
  })

  it('tells another access token and another refresh token', () => {
    expect(sameTokens({ access_token: 'a' }, { access_token: 'a', refresh_token: 'r' })).toBe(false)
    expect(sameTokens({ access_token: 'a', refresh_token: 'r' }, { access_token: 'b', refresh_token: 'r' })).toBe(false)
  })
})

it('a refresh function gets only tokens that are text', () => {
  const tokens = { access_token: 'a', refresh_token: 5, id_token: '', scope: ['x'], note: null }
  expect(toTokenSet(tokens)).toEqual({ access_token: 'a', scope: ['x'], note: null })
})

describe('an ID token', () => {
  it('is decoded, also where its claims are not ASCII', () => {
    const claims = { sub: 'alice', name: 'Ærøskøbing ✓ 🎉' }
    expect(decodeIdToken(idToken(JSON.stringify(claims)))).toEqual(claims)
    expect(decodeIdToken(idToken('{\n\t"sub": "alice"\n}'))).toEqual({ sub: 'alice' })
  })

  it('is decoded where its encoding differs from plain base64', () => {
    const claims = { sub: '???>>>~~~ ÿþ' }
    expect(idToken(JSON.stringify(claims))).toMatch(/-.*_|_.*-/)
    expect(decodeIdToken(idToken(JSON.stringify(claims)))).toEqual(claims)
  })

  it('is decoded without TextDecoder and Buffer, as in React Native', () => {
    const { TextDecoder, Buffer } = globalThis
    const token = idToken('{"sub":"ü"}')
    Object.assign(globalThis, { TextDecoder: undefined, Buffer: undefined })
    try {
      expect(decodeIdToken(token)).toEqual({ sub: 'ü' })
    } finally {
      Object.assign(globalThis, { TextDecoder, Buffer })
    }
  })

  it('is decoded without verifying it, as the documentation says', async () => {
    const [header, payload] = [{ alg: 'RS256' }, { sub: 'mallory', exp: 1 }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    )
    expect(decodeIdToken(`${header!}.${payload!}.forged`)).toEqual({ sub: 'mallory', exp: 1 })
    const comments = /\/\*\*(?:(?!\*\/).)*\*\/\s*export function decodeIdToken/s
    expect(comments.exec(await readFile('src/tokens/id-token.ts', 'utf8'))?.[0]).toContain('Decoding is not verifying')
    expect(await readFile('SECURITY.md', 'utf8')).toContain('Decoding an ID token is not verifying it')
  })

  it.each<[string, string]>([
    ['empty', ''],
    ['one part', 'a'],
    ['no base64', 'e30.!!!.x'],
    ['null', idToken('null')],
    ['a number', idToken('5')],
    ['text', idToken('"sub"')],
    ['a list', idToken('[]')],
    ['no JSON', idToken('{')],
    ['no UTF-8', idToken(Buffer.from([...Buffer.from('{"sub":"'), 0xff, ...Buffer.from('"}')]))],
    ['no text', 5 as unknown as string],
  ])('that is %s is refused with the typed error', (_name, token) => {
    expect(() => decodeIdToken(token)).toThrow(expect.objectContaining({ code: 'OAUTH_TOKEN_INVALID' }))
    expect(() => decodeIdToken(token)).toThrow('The id_token is not a JSON Web Token.')
  })
})

describe('the user of a token set', () => {
  const user = (claims: object): string | undefined => userOf({ id_token: idToken(JSON.stringify(claims)) })

  it('is issuer and subject, joined so that no two users are the same', () => {
    expect(user({ iss: 'https://a', sub: 'b', name: 'x' })).toBe('["https://a","b"]')
    expect(user({ iss: 'a","b', sub: 'c' })).not.toBe(user({ iss: 'a', sub: 'b","c' }))
  })

  it.each<[string, object]>([
    ['no issuer', { sub: 'a' }],
    ['no subject', { iss: 'a' }],
    ['a subject that is no text', { iss: 'a', sub: 5 }],
  ])('is not known where there is %s', (_name, claims) => expect(user(claims)).toBeUndefined())

  it.each([undefined, {}, { id_token: 5 }, { id_token: 'x' }, { id_token: null }])('is not known for %j', (tokens) => {
    expect(userOf(tokens)).toBeUndefined()
  })
})

describe('two records', () => {
  it.each<[unknown, unknown, boolean]>([
    [{ access_token: 'a' }, { access_token: 'a', scope: 'x' }, true],
    [{ access_token: 'a' }, { access_token: 'b' }, false],
    [{ accessToken: 'a' }, { accessToken: 'a' }, true],
    [{ accessToken: 'a' }, { accessToken: 'b' }, false],
    [{ accessToken: 'a' }, undefined, false],
    [undefined, null, true],
  ])('%j and %j hold the same tokens: %j', (one, other, expected) => {
    expect(sameTokens(one as TokenJSON, other as TokenJSON)).toBe(expected)
  })
})
