import { createSession, isOAuthError, memoryStore, type OAuthError } from '../../src/index.js'
import { refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { refreshToken as smallRefreshToken } from '../../src/refresh-token.js'
import { rejection } from '../helpers/client.js'
import { fakeFetch, issued, stored, type Sent } from '../helpers/token-endpoint.js'

const issuer = 'https://login.example.com'
const tokenEndpoint = `${issuer}/token`

/** The error of a session's refresh. The tokens are kept. */
async function failedRefresh(options: Partial<GrantOptions>, answer?: (sent: Sent) => Response): Promise<OAuthError> {
  const { fetch } = fakeFetch(answer)
  const location = options.issuer === undefined ? { tokenEndpoint } : {}
  const store = memoryStore(stored)
  const session = createSession(store, {
    refresh: refreshToken({ clientId: 'app', fetch, ...location, ...options }),
    retry: { limit: 1 },
  })
  const error = await rejection(session.refresh())
  expect(await store.read()).toMatchObject({ refresh_token: stored.refresh_token })
  if (!isOAuthError(error)) throw error as Error
  return error
}

const key = { type: 'public' } as CryptoKey
const wrongSettings: [string, Partial<GrantOptions>, ((sent: Sent) => Response) | undefined, string][] = [
  [
    'a clientSecret function without a secret',
    { clientSecret: () => process.env.MADE_UP_UNSET as string },
    undefined,
    'A setting is wrong: refreshToken: the function clientSecret must return a string. The tokens were kept.',
  ],
  [
    'an assertion function without an assertion',
    { clientAuthentication: { method: 'client_assertion', assertion: () => '' } },
    undefined,
    'clientAuthentication.assertion must be a non-empty string',
  ],
  [
    'a key function without a private key',
    { clientAuthentication: { method: 'private_key_jwt', key: () => key } },
    undefined,
    'clientAuthentication.key must be a private CryptoKey',
  ],
  [
    'an issuer without metadata',
    { issuer },
    () => new Response('', { status: 404 }),
    "The endpoints of the issuer https://login.example.com could not be discovered. Is that the issuer's exact name? The tokens were kept.",
  ],
  [
    'metadata of another issuer',
    { issuer },
    () => Response.json({ issuer: `${issuer}/other`, token_endpoint: tokenEndpoint }),
    'name another issuer',
  ],
  ['metadata without a token endpoint', { issuer }, () => Response.json({ issuer }), 'has no token_endpoint: pass tokenEndpoint'],
  [
    'metadata with an endpoint over plain http',
    { issuer },
    () => Response.json({ issuer, token_endpoint: 'http://login.example.com/token' }),
    'token_endpoint must be https',
  ],
  [
    'an issuer that redirects',
    { issuer },
    () => new Response(null, { status: 301, headers: { location: 'https://elsewhere.example' } }),
    "Is that the issuer's exact name?",
  ],
  [
    'a token endpoint that redirects',
    {},
    () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
    'A setting is wrong: The token endpoint redirects, which is not followed: use its final address. The tokens were kept.',
  ],
  [
    'a refused client',
    { clientSecret: 'secret' },
    () => Response.json({ error: 'invalid_client' }, { status: 401 }),
    "with the error invalid_client. If the client's secret is right, the encoding of its Basic credentials is a likely cause",
  ],
]

describe('a wrong setting', () => {
  it.each(wrongSettings)('is OAUTH_CLIENT_REFUSED, not retryable, and named in the message: %s', async (_what, ...given) => {
    const [options, answer, text] = given
    expect(await failedRefresh(options, answer)).toMatchObject({
      code: 'OAUTH_CLIENT_REFUSED',
      retryable: false,
      message: expect.stringContaining(text) as string,
    })
  })

  it.each([307, 0])('of the small refreshToken is one, too: its endpoint redirects with status %d', async (status) => {
    const response = (): Response => (status === 0 ? Response.error() : new Response(null, { status }))
    const refresh = smallRefreshToken({ tokenEndpoint, clientId: 'app', fetch: async () => response() })
    expect(await rejection(createSession(memoryStore(stored), { refresh }).refresh())).toMatchObject({
      code: 'OAUTH_CLIENT_REFUSED',
      message: expect.stringContaining('redirects, which is not followed: use its final address. The tokens') as string,
    })
  })
})

describe('an outage', () => {
  it('of discovery that is answered with a page asks whether the issuer is right', async () => {
    expect((await failedRefresh({ issuer }, () => new Response('<html>'))).message).toMatch(
      /^The token endpoint gave no usable answer: The endpoints .* exact name\? The tokens were kept\. Try again later\./,
    )
  })

  it.each<[string, Partial<GrantOptions>, (sent: Sent) => Response]>([
    ['of discovery with status 503', { issuer }, () => new Response('', { status: 503 })],
    ['of discovery with status 408', { issuer }, () => new Response('', { status: 408 })],
    ['of discovery with a page', { issuer }, () => new Response('<html>')],
    [
      'of the token endpoint that redirects with Retry-After',
      {},
      () => new Response(null, { status: 302, headers: { 'retry-after': '9' } }),
    ],
    [
      'of discovery with a lost connection',
      { issuer },
      () => {
        throw new TypeError('made up')
      },
    ],
    [
      'of the function that provides the secret',
      {
        clientSecret: () => {
          throw new Error('made up')
        },
      },
      () => issued(),
    ],
  ])('is OAUTH_REFRESH_UNAVAILABLE and retryable: %s', async (_what, options, answer) => {
    expect(await failedRefresh(options, answer)).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable: true })
  })
})
