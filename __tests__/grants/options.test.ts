import { clientCredentials, refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { call, fakeFetch } from '../helpers/token-endpoint.js'

const tokenEndpoint = 'https://login.example.com/token'
const good = { tokenEndpoint, clientId: 'app' }
const onlyHttps = 'must be https; plain http is for loopback only (dangerouslyAllowInsecureHttp lifts that)'
const forms =
  "clientAuthentication must be 'none', 'client_secret_basic', 'client_secret_post', or an object with the method 'client_secret_basic', 'private_key_jwt' or 'client_assertion'"
const keyNeeded =
  'clientAuthentication.key must be a private CryptoKey that may sign, from crypto.subtle.importKey(), or a function that returns one'
const secretNeeded = 'clientSecret must be a string, or a function that returns one'
const oneLocation = 'pass either tokenEndpoint or issuer'
const withMethod = (clientAuthentication: object): object => ({ ...good, clientSecret: 'secret', clientAuthentication })

describe.each([
  ['refreshToken', refreshToken],
  ['clientCredentials', clientCredentials],
])('misuse of %s is a TypeError that names the function and the option:', (name, grant) => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'clientId must be a non-empty string'],
    ['an unknown option', { ...good, client_id: 'app' }, "unknown option 'client_id'"],
    ['an option of every object', { ...good, toString: 'made up' }, "unknown option 'toString'"],
    ['no client', { tokenEndpoint }, 'clientId must be a non-empty string'],
    ['an empty client', { ...good, clientId: '' }, 'clientId must be a non-empty string'],
    ['a client that is no text', { ...good, clientId: 5 }, 'clientId must be a non-empty string'],
    ['neither endpoint nor issuer', { clientId: 'app' }, oneLocation],
    ['both endpoint and issuer', { ...good, issuer: 'https://login.example.com' }, oneLocation],
    ['a token endpoint that is no URL', { ...good, tokenEndpoint: '/token' }, 'tokenEndpoint must be an absolute URL'],
    ['an issuer that is no URL', { clientId: 'app', issuer: 'login' }, 'issuer must be an absolute URL'],
    ['plain http', { ...good, tokenEndpoint: 'http://login.example.com/token' }, `tokenEndpoint ${onlyHttps}`],
    ['plain http of the issuer', { clientId: 'app', issuer: 'http://login.example.com' }, `issuer ${onlyHttps}`],
    ['plain http for revoking', { ...good, revocationEndpoint: 'http://a.example' }, `revocationEndpoint ${onlyHttps}`],
    [
      'a permission for plain http that is no boolean',
      { ...good, dangerouslyAllowInsecureHttp: 'no' },
      'dangerouslyAllowInsecureHttp must be true or false',
    ],
    [
      'another protocol, allowed or not',
      { ...good, tokenEndpoint: 'ftp://localhost', dangerouslyAllowInsecureHttp: true },
      `tokenEndpoint ${onlyHttps}`,
    ],
    ['a method without its secret', { ...good, clientAuthentication: 'client_secret_post' }, secretNeeded],
    ['Basic without its secret', { ...good, clientAuthentication: { method: 'client_secret_basic' } }, secretNeeded],
    [
      'an empty secret, as of an unset variable',
      { ...good, clientSecret: '' },
      "clientSecret is empty; to send an empty secret set clientAuthentication: 'client_secret_basic'",
    ],
    ['a secret that is no text', { ...good, clientSecret: 5 }, secretNeeded],
    ['an unknown method', { ...good, clientAuthentication: 'magic' }, forms],
    ['an unknown method with members', { ...good, clientAuthentication: { method: 'magic' } }, forms],
    ['a method of every object', { ...good, clientAuthentication: { method: 'toString' } }, forms],
    [
      'an unknown member of a method',
      withMethod({ method: 'client_secret_basic', encode: false }),
      "clientAuthentication has an unknown member 'encode'; known are method, encoding, clientIdInBody",
    ],
    [
      'an unknown encoding of Basic',
      withMethod({ method: 'client_secret_basic', encoding: 'utf-8' }),
      "clientAuthentication.encoding must be 'form' or 'none'",
    ],
    [
      'a client in the body that is neither wanted nor not',
      withMethod({ method: 'client_secret_basic', clientIdInBody: 'app' }),
      'clientAuthentication.clientIdInBody must be true or false',
    ],
    [
      'a colon in a client that Basic does not encode',
      { ...withMethod({ method: 'client_secret_basic', encoding: 'none' }), clientId: 'my:app' },
      "clientId must not contain a colon where clientAuthentication.encoding is 'none'",
    ],
    ['a key that is none', withMethod({ method: 'private_key_jwt', key: 'made-up-secret' }), keyNeeded],
    ['a key that is only called one', withMethod({ method: 'private_key_jwt', key: { type: 'private' } }), keyNeeded],
    ['no key', withMethod({ method: 'private_key_jwt' }), keyNeeded],
    [
      'an empty assertion',
      withMethod({ method: 'client_assertion', assertion: '' }),
      'clientAuthentication.assertion must be a non-empty string, or a function that returns one',
    ],
    [
      'an assertion of no type',
      withMethod({ method: 'client_assertion', assertion: 'made-up', type: '' }),
      'clientAuthentication.type must be a non-empty string',
    ],
    [
      'an assertion of a type that is no text',
      withMethod({ method: 'client_assertion', assertion: 'made-up', type: 5 }),
      'clientAuthentication.type must be a non-empty string',
    ],
    ['a scope that is no text', { ...good, scope: ['read'] }, 'scope must be a string'],
    ['an audience that is no text', { ...good, audience: 5 }, 'audience must be a string'],
    [
      'a resource that is no text',
      { ...good, resource: ['https://a.example', 5] },
      'resource must be a string, or a list of strings',
    ],
    ['a parameter that is no text', { ...good, parameters: { tenant: 5 } }, 'parameters.tenant must be a string'],
    ['parameters that are null', { ...good, parameters: null }, 'parameters must be an object'],
    ['parameters that are text', { ...good, parameters: 'tenant=5' }, 'parameters must be an object'],
    ['parameters that are a list', { ...good, parameters: ['tenant'] }, 'parameters must be an object'],
    ['a header that is no text', { ...good, headers: { 'x-key': 5 } }, 'headers.x-key must be a string'],
    ['a header with a line break', { ...good, headers: { 'x-key': 'made\nup' } }, 'headers.x-key is not a valid header'],
    ['a header with an impossible name', { ...good, headers: { 'x key': 'made-up' } }, 'headers.x key is not a valid header'],
    [
      'the content type as a header',
      { ...good, headers: { 'Content-Type': 'text/plain' } },
      "headers.Content-Type can't be set here; bodyFormat decides it",
    ],
    [
      'an authorization beside that of the client',
      { ...good, clientSecret: 'secret', headers: { Authorization: 'made-up' } },
      "headers.Authorization needs clientAuthentication: 'none', which sends no other credentials",
    ],
    ['an unknown format', { ...good, bodyFormat: 'xml' }, "bodyFormat must be 'form' or 'json'"],
    ['an empty grant type', { ...good, grantType: '' }, 'grantType must be a non-empty string'],
    [
      'another name for what has none',
      { ...good, parameterNames: { tenant: 'x' } },
      'parameterNames.tenant is unknown; known are grant_type, client_id, client_secret, refresh_token, scope',
    ],
    ['an empty name', { ...good, parameterNames: { client_id: '' } }, 'parameterNames.client_id must be a non-empty string'],
    ['a fetch that is no function', { ...good, fetch: 'made up' }, 'fetch must be a function like fetch'],
    ['an axios that is none', { ...good, axios: {} }, 'axios must be an axios instance'],
    ['an axios that is null', { ...good, axios: null }, 'axios must be an axios instance'],
  ])('%s', (_what, options, message) => {
    expect(() => grant(options as GrantOptions)).toThrow(new TypeError(`${name}: ${message}`))
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
    'client_key',
  ])('the parameter %s, which the grant or an option sets', (parameter) => {
    const options = { ...good, parameterNames: { client_id: 'client_key' }, parameters: { [parameter]: 'made up' } }
    expect(() => grant(options)).toThrow(
      new TypeError(`${name}: parameters.${parameter} can't be set here; use the option of that name, if there is one`),
    )
  })

  it('a key that may not sign', async () => {
    const keys = [
      (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])).publicKey,
      (await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveKey'])).privateKey,
      await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    ]
    for (const key of keys)
      expect(() => grant({ ...good, clientAuthentication: { method: 'private_key_jwt', key } })).toThrow(
        new TypeError(`${name}: ${keyNeeded}`),
      )
  })
})

describe('an address', () => {
  it.each([
    'http://localhost:3000/token',
    'http://idp.localhost/token',
    'http://127.0.0.1/token',
    'http://127.200.0.1:1/token',
    'http://[::1]/token',
  ])('of loopback may be plain http: %s', async (address) => {
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
  ])('of another machine that looks like loopback may not be plain http: %s', (address) => {
    expect(() => refreshToken({ ...good, tokenEndpoint: address })).toThrow(
      new TypeError(`refreshToken: tokenEndpoint ${onlyHttps}`),
    )
  })

  it('of any machine may be plain http where that is allowed, and may be given as a URL', async () => {
    const { fetch, sent } = fakeFetch()
    const address = new URL('http://login.example.com/token')
    await call(refreshToken({ ...good, tokenEndpoint: address, dangerouslyAllowInsecureHttp: true, fetch }))
    expect(sent.map(({ url }) => url)).toEqual([address.href])
  })
})
