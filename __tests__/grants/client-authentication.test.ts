import { inspect } from 'node:util'
import { clientCredentials, refreshToken, type ClientAuthentication, type GrantOptions } from '../../src/grants/index.js'
import { rejection } from '../helpers/client.js'
import { call, fakeFetch, issued, revoke, type Sent } from '../helpers/token-endpoint.js'

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

  it('with both parts of Basic as they are, for servers that do not decode them', async () => {
    const { headers } = await sentWith(
      {
        clientId: 'my app',
        clientSecret: 'sécret/+%:&',
        clientAuthentication: { method: 'client_secret_basic', encoding: 'none' },
      },
      grant,
    )
    const [scheme, credentials = ''] = (headers.authorization ?? '').split(' ')
    expect([scheme, Buffer.from(credentials, 'base64').toString()]).toEqual(['Basic', 'my app:sécret/+%:&'])
  })

  it('with what needs no encoding as it is, which servers that do not decode it understand, too', async () => {
    const { headers } = await sentWith({ clientId: '0oa-my_app.1', clientSecret: 'a-b_c.d*e' }, grant)
    expect(headers.authorization).toBe(`Basic ${btoa('0oa-my_app.1:a-b_c.d*e')}`)
  })

  it('with an empty secret when it is told to use Basic', async () => {
    for (const clientAuthentication of ['client_secret_basic', { method: 'client_secret_basic' }] as const) {
      const { headers, body } = await sentWith({ clientSecret: '', clientAuthentication }, grant)
      expect(headers.authorization).toBe(`Basic ${btoa('app:')}`)
      expect(body.has('client_id')).toBe(false)
    }
  })

  it('with its identifier in the header and in the body when it is told to', async () => {
    const clientAuthentication = { method: 'client_secret_basic', clientIdInBody: true } as const
    const { headers, body } = await sentWith({ clientSecret: 'secret', clientAuthentication }, grant)
    expect([headers.authorization, body.get('client_id')]).toEqual([`Basic ${btoa('app:secret')}`, 'app'])
  })

  it('beside headers whose names only resemble those that it sets', async () => {
    const own = { 'X-Authorization': 'made-up', 'X-Content-Type': 'made-up', 'Authorization-Info': 'made-up' }
    const { headers } = await sentWith({ clientSecret: 'secret', headers: own }, grant)
    expect(Object.values(headers).filter((value) => value === 'made-up')).toHaveLength(3)
    expect(headers.authorization).toBe(`Basic ${btoa('app:secret')}`)
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

describe('an assertion that another party has made (RFC 7521 §4.2)', () => {
  const assertion = 'made-up-assertion'

  it.each([
    ['as text', assertion],
    ['as a function', () => assertion],
    ['as an async function', async () => assertion],
  ])('is sent as it is, given %s', async (_how, given) => {
    const { body, headers } = await sentWith({ clientAuthentication: { method: 'client_assertion', assertion: given } })
    expect(headers).not.toHaveProperty('authorization')
    expect([body.get('client_id'), body.get('client_assertion'), body.get('client_assertion_type')]).toEqual([
      'app',
      assertion,
      'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    ])
  })

  it('may be of another type', async () => {
    const type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    const { body } = await sentWith({ clientAuthentication: { method: 'client_assertion', assertion, type } })
    expect(body.get('client_assertion_type')).toBe(type)
  })
})

describe('a secret, a key or an assertion that is a function', () => {
  it('is asked for each token request and each revocation, so that it can rotate', async () => {
    const { fetch, sent } = fakeFetch(() => issued())
    const secrets = ['first', 'second', 'third', 'fourth']
    const refresh = refreshToken({
      tokenEndpoint,
      revocationEndpoint: tokenEndpoint,
      clientId: 'app',
      clientSecret: async () => secrets.shift() ?? '',
      fetch,
    })
    await call(refresh)
    await call(refresh)
    await revoke(refresh)
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(
      ['first', 'second', 'third', 'fourth'].map((secret) => `Basic ${btoa(`app:${secret}`)}`),
    )
  })

  it('may give a key with its identifier', async () => {
    const kids = ['key-1', 'key-2']
    const { fetch, sent } = fakeFetch()
    const key = async (): Promise<{ key: CryptoKey; kid: string }> => ({ key: pair.privateKey, kid: kids.shift() ?? '' })
    const refresh = refreshToken({
      tokenEndpoint,
      clientId: 'app',
      clientAuthentication: { method: 'private_key_jwt', key },
      fetch,
    })
    await call(refresh)
    await call(refresh)
    const headers = sent.map(({ body }) => Buffer.from(body.get('client_assertion')?.split('.')[0] ?? '', 'base64url').toString())
    expect(headers.map((header) => JSON.parse(header) as unknown)).toEqual([
      { alg: 'ES256', kid: 'key-1' },
      { alg: 'ES256', kid: 'key-2' },
    ])
  })

  it.each<[string, (fail: () => never) => Partial<GrantOptions>]>([
    ['clientSecret', (clientSecret) => ({ clientSecret })],
    ['clientAuthentication.key', (key) => ({ clientAuthentication: { method: 'private_key_jwt', key } })],
    ['clientAuthentication.assertion', (assertion) => ({ clientAuthentication: { method: 'client_assertion', assertion } })],
  ])('that fails is named, without its message: %s', async (option, options) => {
    const { fetch, sent } = fakeFetch()
    const refresh = refreshToken({
      tokenEndpoint,
      clientId: 'app',
      fetch,
      ...options(() => {
        throw Object.assign(new Error('made-up-secret'), { code: 'ETIMEDOUT' })
      }),
    })
    const error = await rejection(call(refresh))
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      message: `The function ${option} failed; no token request was sent.`,
      code: 'ETIMEDOUT',
    })
    expect(inspect(error, { customInspect: false, depth: 10 })).not.toContain('made-up-secret')
    expect(sent).toEqual([])
  })

  it.each<[string, Partial<GrantOptions>, RegExp]>([
    ['secret', { clientSecret: (() => 5) as never }, /^refreshToken: the function clientSecret must return a string$/],
    [
      'key',
      { clientAuthentication: { method: 'private_key_jwt', key: (() => 'made-up') as never } },
      /^refreshToken: clientAuthentication\.key must be a private CryptoKey/,
    ],
    [
      'key but null',
      { clientAuthentication: { method: 'private_key_jwt', key: (() => null) as never } },
      /^refreshToken: clientAuthentication\.key must be a private CryptoKey/,
    ],
    [
      'key but an identifier',
      { clientAuthentication: { method: 'private_key_jwt', key: (() => ({ key: null, kid: '1' })) as never } },
      /^refreshToken: clientAuthentication\.key must be a private CryptoKey/,
    ],
    [
      'identifier that is text',
      { clientAuthentication: { method: 'private_key_jwt', key: () => ({ key: pair.privateKey, kid: 1 }) as never } },
      /^refreshToken: clientAuthentication\.kid must be a string$/,
    ],
    [
      'assertion',
      { clientAuthentication: { method: 'client_assertion', assertion: () => '' } },
      /^refreshToken: clientAuthentication\.assertion must be a non-empty string/,
    ],
  ])('that returns no %s is a wrong setting, which the error names', async (_what, options, message) => {
    const { fetch, sent } = fakeFetch()
    const error = await rejection(call(refreshToken({ tokenEndpoint, clientId: 'app', fetch, ...options })))
    expect(error).toMatchObject({ name: 'TokenEndpointError', isMisconfigured: true })
    expect(error.message).toMatch(message)
    expect(sent).toEqual([])
  })

  it('that returns a key of an unsupported algorithm is a wrong setting', async () => {
    const { privateKey: key } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    Object.defineProperty(key, 'algorithm', { value: { name: 'made up' } })
    const clientAuthentication = { method: 'private_key_jwt', key } as const
    const { fetch } = fakeFetch()
    expect(await rejection(call(refreshToken({ tokenEndpoint, clientId: 'app', fetch, clientAuthentication })))).toMatchObject({
      isMisconfigured: true,
      message: "refreshToken: clientAuthentication.key can't sign an assertion; its algorithm may not be supported",
    })
  })
})

describe('invalid_client', () => {
  const refused = async (options: Partial<GrantOptions>, error = 'invalid_client'): Promise<string> => {
    const { fetch } = fakeFetch(() => Response.json({ error }, { status: 401 }))
    return (await rejection(call(refreshToken({ tokenEndpoint, clientId: 'app', fetch, ...options })))).message
  }
  const likely = /the encoding of its Basic credentials is a likely cause/

  it('names the encoding of Basic as a likely cause, and what to set', async () => {
    expect(await refused({ clientSecret: 'secret' })).toBe(
      "The token endpoint answered 401 with the error invalid_client. If the client's secret is right, the encoding of its Basic " +
        "credentials is a likely cause: try clientAuthentication: { method: 'client_secret_basic', encoding: 'none' (the server may not " +
        "decode them) }, or 'client_secret_post'.",
    )
    const clientAuthentication = { method: 'client_secret_basic', encoding: 'none' } as const
    expect(await refused({ clientSecret: 'secret', clientAuthentication })).toMatch(/encoding: 'form' \}/)
  })

  it('names it with no other method and for no other error', async () => {
    expect(await refused({ clientSecret: 'secret' }, 'invalid_grant')).not.toMatch(likely)
    expect(await refused({})).not.toMatch(likely)
    expect(await refused({ clientSecret: 'secret', clientAuthentication: 'client_secret_post' })).not.toMatch(likely)
  })
})
