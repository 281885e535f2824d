import { clientCredentials, refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { call, fakeFetch } from '../helpers/token-endpoint.js'

const tokenEndpoint = 'https://login.example.com/token'
const good = { tokenEndpoint, clientId: 'app' }
const onlyHttps = 'must be https; plain http is for this machine only (dangerouslyAllowInsecureHttp lifts that)'
const keyNeeded = 'clientAuthentication: key must be a private CryptoKey that may sign, from crypto.subtle.importKey()'
const onePlace = 'tokenEndpoint, issuer: pass exactly one of them'

describe.each([
  ['refreshToken', refreshToken],
  ['clientCredentials', clientCredentials],
])('misuse of %s is a TypeError that names the option, at once:', (_name, grant) => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'clientId: must be the identifier of the client'],
    ['no client', { tokenEndpoint }, 'clientId: must be the identifier of the client'],
    ['an empty client', { ...good, clientId: '' }, 'clientId: must be the identifier of the client'],
    ['a client that is no text', { ...good, clientId: 5 }, 'clientId: must be the identifier of the client'],
    ['neither endpoint nor issuer', { clientId: 'app' }, onePlace],
    ['both endpoint and issuer', { ...good, issuer: 'https://login.example.com' }, onePlace],
    ['a token endpoint that is no URL', { ...good, tokenEndpoint: '/token' }, 'tokenEndpoint: must be an absolute URL'],
    ['an issuer that is no URL', { clientId: 'app', issuer: 'login' }, 'issuer: must be an absolute URL'],
    ['plain http', { ...good, tokenEndpoint: 'http://login.example.com/token' }, `tokenEndpoint: ${onlyHttps}`],
    ['plain http of the issuer', { clientId: 'app', issuer: 'http://login.example.com' }, `issuer: ${onlyHttps}`],
    ['plain http for revoking', { ...good, revocationEndpoint: 'http://a.example' }, `revocationEndpoint: ${onlyHttps}`],
    [
      'no permission for plain http',
      { ...good, issuer: undefined, tokenEndpoint: 'http://a.example', dangerouslyAllowInsecureHttp: 'no' },
      `tokenEndpoint: ${onlyHttps}`,
    ],
    [
      'another protocol, allowed or not',
      { ...good, tokenEndpoint: 'ftp://localhost', dangerouslyAllowInsecureHttp: true },
      `tokenEndpoint: ${onlyHttps}`,
    ],
    [
      'a method without its secret',
      { ...good, clientAuthentication: 'client_secret_post' },
      'clientSecret: client_secret_post needs it',
    ],
    ['an empty secret', { ...good, clientSecret: '' }, 'clientSecret: client_secret_basic needs it'],
    ['a secret that is no text', { ...good, clientSecret: 5 }, 'clientSecret: client_secret_basic needs it'],
    [
      'an unknown method',
      { ...good, clientAuthentication: 'magic' },
      "clientAuthentication: must be 'none', 'client_secret_basic', 'client_secret_post' or { method: 'private_key_jwt', key }",
    ],
    [
      'an unknown method with members',
      { ...good, clientAuthentication: { method: 'magic' } },
      "clientAuthentication: method must be 'private_key_jwt'",
    ],
    ['a key that is none', { ...good, clientAuthentication: { method: 'private_key_jwt', key: 'made-up-secret' } }, keyNeeded],
    ['a scope that is no text', { ...good, scope: ['read'] }, 'scope: must be a string'],
    ['an audience that is no text', { ...good, audience: 5 }, 'audience: must be a string'],
    ['a resource that is no text', { ...good, resource: ['https://a.example', 5] }, 'resource: must be a string'],
    ['a parameter that is no text', { ...good, parameters: { tenant: 5 } }, 'tenant: must be a string'],
    ['a fetch that is no function', { ...good, fetch: 'made up' }, 'fetch: must be a function like fetch'],
    ['an axios that is none', { ...good, axios: {} }, 'axios: must be an axios instance'],
  ])('%s', (_what, options, message) => {
    expect(() => grant(options as GrantOptions)).toThrow(new TypeError(message))
    expect(() => grant(options as GrantOptions)).toThrow(TypeError)
  })

  it.each([
    'grant_type',
    'refresh_token',
    'client_id',
    'client_secret',
    'client_assertion',
    'client_assertion_type',
    'scope',
    'resource',
    'audience',
  ])('the parameter %s, which the grant or an option sets', (name) => {
    expect(() => grant({ ...good, parameters: { [name]: 'made up' } })).toThrow(
      new TypeError(`parameters: ${name} can't be set here; use the option of that name, if there is one`),
    )
  })

  it('a key that may not sign', async () => {
    const keys = [
      (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])).publicKey,
      (await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveKey'])).privateKey,
      await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    ]
    for (const key of keys)
      expect(() => grant({ ...good, clientAuthentication: { method: 'private_key_jwt', key } })).toThrow(new TypeError(keyNeeded))
  })
})

describe('an address', () => {
  it.each([
    'http://localhost:3000/token',
    'http://idp.localhost/token',
    'http://127.0.0.1/token',
    'http://127.200.0.1:1/token',
    'http://[::1]/token',
  ])('of this very machine may be plain http: %s', async (address) => {
    const { fetch, sent } = fakeFetch()
    await call(refreshToken({ ...good, tokenEndpoint: address, fetch }))
    expect(sent.map(({ url }) => url)).toEqual([address])
  })

  it.each([
    'http://localhost.example/token',
    'http://notlocalhost/token',
    'http://127.0.0.1.example/token',
    'http://a.127.0.0.1.example/token',
    'http://128.0.0.1/token',
    'http://[::2]/token',
    'http://0.0.0.0/token',
  ])('of another machine that looks like this one may not: %s', (address) => {
    expect(() => refreshToken({ ...good, tokenEndpoint: address })).toThrow(new TypeError(`tokenEndpoint: ${onlyHttps}`))
  })

  it('of any machine may be plain http where that is allowed, and may be given as a URL', async () => {
    const { fetch, sent } = fakeFetch()
    const address = new URL('http://login.example.com/token')
    await call(refreshToken({ ...good, tokenEndpoint: address, dangerouslyAllowInsecureHttp: true, fetch }))
    expect(sent.map(({ url }) => url)).toEqual([address.href])
  })
})
