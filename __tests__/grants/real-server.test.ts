import axios from 'axios'
import { attachOAuth, memoryStore, type RefreshFunction } from '../../src/index.js'
import { clientCredentials, refreshToken, type GrantOptions } from '../../src/grants/index.js'
import { startServers, type Servers } from '../../scripts/servers/start.js'
import { rejection } from '../helpers/client.js'

let servers: Servers
let key: CryptoKey
beforeAll(async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  key = pair.privateKey
  servers = await startServers({
    publicKey: { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), alg: 'ES256', use: 'sig' },
  })
})
afterAll(() => servers.stop())
beforeEach(() => servers.reset())

const clients: [string, () => Partial<GrantOptions> & { clientId: string }][] = [
  ['none', () => ({ clientId: 'public' })],
  [
    'client_secret_basic, with characters that must be encoded',
    () => ({ clientId: 'basic:client +%', clientSecret: 'made-up: secret/+%&' }),
  ],
  [
    'client_secret_post',
    () => ({ clientId: 'post', clientSecret: 'made-up-post-secret', clientAuthentication: 'client_secret_post' }),
  ],
  ['private_key_jwt', () => ({ clientId: 'key', clientAuthentication: { method: 'private_key_jwt', key } })],
]
const transports: [string, () => Partial<GrantOptions>][] = [
  ['fetch', () => ({})],
  [
    'the http adapter of axios',
    () => ({ axios: axios.create({ adapter: 'http', headers: { common: { Authorization: 'Bearer not-for-here' } } }) }),
  ],
  ['the fetch adapter of axios', () => ({ axios: axios.create({ adapter: 'fetch' }) })],
]

describe.each(transports)('through %s', (_name, transport) => {
  it.each(clients)('a refresh with client authentication %s rotates the token', async (_method, client) => {
    const options = client()
    const tokens = await servers.mint(options.clientId)
    const api = axios.create({ baseURL: servers.apiUrl })
    const refresh = refreshToken({ issuer: servers.issuer, ...options, ...transport() })
    const session = attachOAuth(api, memoryStore(tokens), { refresh })
    await servers.refuseAccessTokens()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => api.get(`/${i}`)))
    expect(answers.map(({ data }) => data.url)).toEqual(answers.map((_, i) => `/${i}`))
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, served: 20 })
    expect((await session.tokens())?.refresh_token).not.toBe(tokens.refresh_token)
  })

  it('client credentials work from an empty store', async () => {
    const refresh = clientCredentials({
      tokenEndpoint: servers.tokenEndpoint,
      clientId: 'post',
      clientSecret: 'made-up-post-secret',
      clientAuthentication: 'client_secret_post',
      scope: 'read',
      ...transport(),
    })
    const api = axios.create({ baseURL: servers.apiUrl })
    attachOAuth(api, memoryStore(), { refresh })
    await Promise.all(Array.from({ length: 100 }, () => api.get('/')))
    expect(await servers.counts()).toMatchObject({ tokenRequests: 1, served: 100, rejected: 0 })
  })

  it('signing out revokes at the server when it is asked to', async () => {
    const tokens = await servers.mint()
    const api = axios.create({ baseURL: servers.apiUrl })
    const refresh = refreshToken({ issuer: servers.issuer, clientId: 'public', ...transport() })
    const session = attachOAuth(api, memoryStore(tokens), { refresh })
    await api.get('/')
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: true })
    expect((await servers.counts()).revocations).toBe(2)
    await session.signIn(tokens)
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  })

  it('a token request never passes the interceptors of the instance, attached as it may be', async () => {
    const api = axios.create({ baseURL: servers.apiUrl })
    const refresh: RefreshFunction = refreshToken({
      tokenEndpoint: servers.tokenEndpoint,
      clientId: 'public',
      ...transport(),
      axios: api,
    })
    let passed = 0
    api.interceptors.request.use((config) => (passed++, config))
    attachOAuth(api, memoryStore(await servers.mint()), { refresh })
    await servers.refuseAccessTokens()
    await api.get('/')
    expect([passed, (await servers.counts()).refreshGrants]).toEqual([1, 1])
  })
})

describe('discovery', () => {
  it('happens once for many refreshes, and a failed one is not remembered', async () => {
    let discoveries = 0
    let fail = true
    const refresh = refreshToken({
      issuer: servers.issuer,
      clientId: 'public',
      fetch: async (url, init) => {
        if (url.includes('.well-known')) {
          discoveries++
          if (fail) throw new TypeError('made up')
        }
        return fetch(url, init)
      },
    })
    const api = axios.create({ baseURL: servers.apiUrl })
    const session = attachOAuth(api, memoryStore(await servers.mint()), { refresh })
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    fail = false
    discoveries = 0
    await session.refresh()
    await session.refresh()
    expect(discoveries).toBe(1)
  })
})
