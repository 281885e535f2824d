import { clientCredentials, refreshToken, type ClientAuthentication, type GrantOptions } from '../../src/grants/index.js'
import { call, fakeFetch, issued, type Sent } from '../helpers/token-endpoint.js'

const tokenEndpoint = 'https://login.example.com/token'

async function sentWith(options: Partial<GrantOptions>, grant = refreshToken): Promise<Sent> {
  const { fetch, sent } = fakeFetch()
  await call(grant({ tokenEndpoint, clientId: 'app', fetch, ...options }))
  return sent[0]!
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
let pair: CryptoKeyPair
beforeAll(async () => {
  pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
})

describe.each([
  ['refreshToken', refreshToken],
  ['clientCredentials', clientCredentials],
])('the client of %s authenticates itself', (_name, grant) => {
  it.each<[string, Partial<GrantOptions>]>([
    ['without a secret', {}],
    ['with the method none, secret or not', { clientSecret: 'made-up-secret', clientAuthentication: 'none' }],
  ])('by its identifier alone %s', async (_when, options) => {
    const { headers, body } = await sentWith(options, grant)
    expect(body.get('client_id')).toBe('app')
    expect(body.has('client_secret') || body.has('client_assertion') || 'authorization' in headers).toBe(false)
  })

  it.each<[string, ClientAuthentication | undefined | null]>([
    ['by default', undefined],
    ['when nothing is said', null],
    ['when it is told to', 'client_secret_basic'],
  ])('with its secret in a header %s, both parts encoded (RFC 6749 §2.3.1)', async (_when, method) => {
    const { headers, body } = await sentWith(
      { clientId: 'my:app', clientSecret: 'a secret/+%', clientAuthentication: method as ClientAuthentication },
      grant,
    )
    expect(headers.authorization).toBe(`Basic ${btoa('my%3Aapp:a+secret%2F%2B%25')}`)
    expect(body.has('client_id') || body.has('client_secret')).toBe(false)
  })

  it('with its secret in the body when it is told to', async () => {
    const { headers, body } = await sentWith({ clientSecret: 'a secret/+%', clientAuthentication: 'client_secret_post' }, grant)
    expect([body.get('client_id'), body.get('client_secret')]).toEqual(['app', 'a secret/+%'])
    expect(headers).not.toHaveProperty('authorization')
  })
})

describe('a client that signs (RFC 7523 §2.2)', () => {
  const decoded = (part: string | undefined): Record<string, unknown> =>
    JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>

  async function assertion(options: Partial<GrantOptions>, kid?: string): Promise<Record<string, unknown>[]> {
    const clientAuthentication = { method: 'private_key_jwt', key: pair.privateKey, ...(kid !== undefined && { kid }) } as const
    const { body, headers } = await sentWith({ clientAuthentication, ...options })
    expect(headers).not.toHaveProperty('authorization')
    expect([body.get('client_id'), body.get('client_assertion_type')]).toEqual([
      'app',
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    ])
    const [header, payload, signature] = (body.get('client_assertion') ?? '').split('.')
    const signed = Buffer.from(`${header}.${payload}`)
    const bytes = Buffer.from(signature ?? '', 'base64url')
    expect(await crypto.subtle.verify({ ...algorithm, hash: 'SHA-256' }, pair.publicKey, bytes, signed)).toBe(true)
    return [decoded(header), decoded(payload)]
  }

  it('sends an assertion, signed with its key, that says which key that is', async () => {
    const [header, payload] = await assertion({}, 'key-1')
    expect(header).toEqual({ alg: 'ES256', kid: 'key-1' })
    expect(payload).toMatchObject({ iss: 'app', sub: 'app' })
    expect((await assertion({}))[0]).toEqual({ alg: 'ES256' })
  })

  it('means it for the issuer, or for the token endpoint where no issuer is known', async () => {
    const issuer = 'https://login.example.com/tenant'
    const { fetch, sent } = fakeFetch(({ url }) =>
      url.includes('.well-known') ? Response.json({ issuer, token_endpoint: tokenEndpoint }) : issued(),
    )
    const clientAuthentication = { method: 'private_key_jwt', key: pair.privateKey } as const
    await call(refreshToken({ issuer, clientId: 'app', clientAuthentication, fetch }))
    expect(decoded(sent.at(-1)?.body.get('client_assertion')?.split('.')[1])).toMatchObject({ aud: issuer })
    expect((await assertion({}))[1]).toMatchObject({ aud: tokenEndpoint })
  })
})
