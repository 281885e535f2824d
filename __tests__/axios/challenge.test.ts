import fc from 'fast-check'
import { beyondRefresh, parseChallenges, rejectsToken } from '../../src/axios/challenge.js'
import { refusalOf } from '../../src/axios/refusal.js'
import { rejection } from '../helpers/client.js'
import { wired } from '../helpers/wired.js'

const runs = Number(process.env.FUZZ_RUNS ?? 1000)
const plain = (header: unknown): unknown => JSON.parse(JSON.stringify(parseChallenges(header)))

describe('WWW-Authenticate', () => {
  it.each<[string, unknown, unknown]>([
    [
      'one challenge',
      'Bearer realm="x", error="invalid_token"',
      [{ scheme: 'bearer', parameters: { realm: 'x', error: 'invalid_token' } }],
    ],
    ['a scheme alone', 'Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'several in one line',
      'Basic realm="a, b", Bearer error=invalid_token',
      [
        { scheme: 'basic', parameters: { realm: 'a, b' } },
        { scheme: 'bearer', parameters: { error: 'invalid_token' } },
      ],
    ],
    [
      'several lines',
      ['Basic realm="a"', 'Bearer scope="r w"'],
      [
        { scheme: 'basic', parameters: { realm: 'a' } },
        { scheme: 'bearer', parameters: { scope: 'r w' } },
      ],
    ],
    ['a text that is cut off', 'Bearer error="invalid_tok', [{ scheme: 'bearer', parameters: { error: 'invalid_tok' } }]],
    [
      'escapes',
      String.raw`Bearer error_description="a \"b\" \\ c"`,
      [{ scheme: 'bearer', parameters: { error_description: String.raw`a "b" \ c` } }],
    ],
    [
      'token68',
      'Negotiate YII/+abc==, Bearer error="x"',
      [
        { scheme: 'negotiate', token68: 'YII/+abc==', parameters: {} },
        { scheme: 'bearer', parameters: { error: 'x' } },
      ],
    ],
    [
      'spaces around the equals sign',
      'BEARER ERROR = "invalid_token" ,, Scope=a',
      [{ scheme: 'bearer', parameters: { error: 'invalid_token', scope: 'a' } }],
    ],
    ['nothing', undefined, []],
    ['a list of things that are no text', [Object.create(null), 1, null], []],
    ['rubbish', ',,,="=",', []],
  ])('%s', (_name, header, expected) => {
    expect(plain(header)).toEqual(expected)
  })

  it('challenges that are printed by the grammar are read back', () => {
    const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/)
    const challenge = fc.record({
      scheme: token,
      parameters: fc.dictionary(
        token.map((name) => name.toLowerCase()),
        fc.string(),
        { minKeys: 1, noNullPrototype: true },
      ),
    })
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        const quote = (text: string): string => `"${text.replace(/["\\]/g, String.raw`\$&`)}"`
        const text = challenges
          .map(
            ({ scheme, parameters }) =>
              `${scheme} ${Object.entries(parameters)
                .map(([name, value]) => `${name}=${quote(value)}`)
                .join(', ')}`,
          )
          .join(', ')
        expect(parseChallenges(text).map(({ scheme, parameters }) => [scheme, { ...parameters }])).toEqual(
          challenges.map(({ scheme, parameters }) => [scheme.toLowerCase(), parameters]),
        )
      }),
      { numRuns: runs },
    )
  })

  it('is parsed without a throw, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything(), fc.array(fc.string())), (header) => void parseChallenges(header)),
      { numRuns: runs },
    )
  })

  it.each([
    ' '.repeat(100_000),
    '='.repeat(100_000),
    '"'.repeat(100_000),
    'a="\\'.repeat(30_000),
    'a '.repeat(50_000),
    `a${' '.repeat(100_000)}b`,
  ])('hostile text ends', (text) => {
    parseChallenges(text)
  })
})

describe('a challenge that no refresh can meet', () => {
  it.each([
    [undefined, undefined],
    ['Bearer', undefined],
    ['Bearer error="invalid_token"', undefined],
    ['Basic realm="gateway"', undefined],
    ['Bearer error="insufficient"', undefined],
    ['Bearer error="insufficient_scope_or_so"', undefined],
    ['Bearer error="insufficient_scope"', 'insufficient_scope'],
    ['Basic realm="x", Bearer error="insufficient_user_authentication"', 'insufficient_user_authentication'],
    ['Bearer error="insufficient_claims"', 'insufficient_claims'],
  ])('%s: %s', (header, error) => {
    expect(beyondRefresh(parseChallenges(header))?.parameters.error).toBe(error)
  })
})

describe('a response rejects the access token', () => {
  it.each<[number, string | undefined, boolean]>([
    [401, undefined, true],
    [401, 'Basic realm="gateway"', true],
    [401, 'Bearer error="invalid_token"', true],
    [400, 'Bearer error="invalid_token"', true],
    [403, 'Bearer realm="x", error="invalid_token"', true],
    [403, 'Basic realm="x", Bearer error="invalid_token"', true],
    [403, 'DPoP error="invalid_token"', true],
    [400, undefined, false],
    [403, 'Bearer', false],
    [403, 'Bearer error="insufficient_scope"', false],
    [400, 'Bearer error="invalid_request"', false],
    [500, 'Bearer error="invalid_token"', false],
    [200, 'Bearer error="invalid_token"', false],
  ])('with status %i and the challenge %s: %s', (status, header, expected) => {
    expect(rejectsToken(status, parseChallenges(header))).toBe(expected)
  })
})

describe('a response', () => {
  it.each<[string, number, object | undefined, unknown]>([
    ['without headers and the status 401', 401, undefined, { type: 'expired' }],
    ['without a challenge and the status 403', 403, {}, undefined],
    ['without a challenge and the status 400', 400, {}, undefined],
    ['with the status 500', 500, { 'www-authenticate': 'Bearer error="invalid_token"' }, undefined],
    ['with invalid_token and the status 400', 400, { 'www-authenticate': 'Bearer error="invalid_token"' }, { type: 'expired' }],
  ])('%s rejects the token or not: %i', (_what, status, headers, expected) => {
    expect(refusalOf({ status, headers } as never)).toEqual(expected)
  })
})

it.each(['www-authenticate', 'WWW-Authenticate', 'Www-Authenticate'])(
  'a challenge is found under the name that the adapter gives the header: %s',
  async (name) => {
    const headers = { [name]: 'Bearer error="insufficient_scope", scope="write"' }
    const { api, refreshes } = wired({ wire: () => ({ status: 403, headers }) })
    expect(await rejection(api.get('/x'))).toMatchObject({
      code: 'OAUTH_STEP_UP_REQUIRED',
      challenge: { parameters: { scope: 'write' } },
    })
    expect(refreshes()).toBe(0)
  },
)
