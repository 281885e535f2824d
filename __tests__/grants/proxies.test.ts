import { Agent } from 'node:https'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import type { AxiosStatic, CreateAxiosDefaults } from 'axios'
import HttpsProxyAgent from 'https-proxy-agent'
import type { clientCredentials, GrantOptions, refreshToken, TokenEndpointError } from '../../src/grants/index.js'
import { rejection } from '../helpers/client.js'
import { startRecordingProxy, startTokenServer, withEnvironment, type TokenServer } from '../helpers/proxied.js'
import { call, stored } from '../helpers/token-endpoint.js'

let proxy: Awaited<ReturnType<typeof startRecordingProxy>>
let servers: Record<'http' | 'https', TokenServer>
beforeAll(async () => {
  proxy = await startRecordingProxy()
  servers = { http: await startTokenServer('http'), https: await startTokenServer('https') }
})
afterAll(() => Promise.all([proxy.close(), servers.http.close(), servers.https.close()]))
beforeEach(() => {
  proxy.seen.splice(0)
  servers.http.requests = servers.https.requests = 0
})

const endpoint = (protocol: 'http' | 'https', host = 'localhost'): string =>
  `${protocol}://${host}:${servers[protocol].port}/token`
const insecure = { name: 'TokenEndpointError', code: 'ERR_INSECURE_PROXY' }
const tunnel = (): string[] => [`CONNECT localhost:${servers.https.port}`]

describe.each([
  ['the newest axios', 'axios', true],
  ['axios 1.13.2', 'axios-1.13.2', false],
  ['axios 1.7.0', 'axios-1.7.0', false],
])('a token request through %s', (_name, release, tunnels) => {
  let axios: AxiosStatic
  let grants: { refreshToken: typeof refreshToken; clientCredentials: typeof clientCredentials }
  beforeAll(async () => {
    const path = join(process.cwd(), 'node_modules', release, 'dist', 'node', 'axios.cjs')
    axios = ((await import(path)) as { default: AxiosStatic }).default
    jest.resetModules()
    jest.unstable_mockModule('axios', () => ({ ...axios, default: axios }))
    grants = await import('../../src/grants/index.js')
  })

  const request = (tokenEndpoint: string, defaults: CreateAxiosDefaults = {}, options: Partial<GrantOptions> = {}) =>
    call(
      grants.refreshToken({
        tokenEndpoint,
        clientId: 'app',
        axios: axios.create({ httpsAgent: new Agent({ rejectUnauthorized: false }), ...defaults }),
        ...options,
      }),
    )

  it.each<[string, Record<string, string>, () => CreateAxiosDefaults]>([
    ['HTTPS_PROXY', { HTTPS_PROXY: 'url' }, () => ({})],
    ['https_proxy', { https_proxy: 'url' }, () => ({})],
    ['ALL_PROXY', { ALL_PROXY: 'url' }, () => ({})],
    ['all_proxy', { all_proxy: 'url' }, () => ({})],
    ['NO_PROXY with another host', { HTTPS_PROXY: 'url', NO_PROXY: 'example.com,localhost:1' }, () => ({})],
    ['the proxy option', {}, () => ({ proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port } })],
    ['the proxy option with a colon', {}, () => ({ proxy: { protocol: 'http:', host: '127.0.0.1', port: proxy.port } })],
    [
      'the proxy option, which NO_PROXY does not concern',
      { NO_PROXY: '*' },
      () => ({ proxy: { protocol: 'http', host: '127.0.0.1', port: proxy.port } }),
    ],
    ['an adapter that wraps that of axios', { HTTPS_PROXY: 'url' }, () => ({ adapter: axios.getAdapter('http') })],
    [
      'a tunneling agent beside HTTPS_PROXY',
      { HTTPS_PROXY: 'url' },
      () => ({ httpsAgent: Object.assign(HttpsProxyAgent(proxy.url), { options: { rejectUnauthorized: false } }) }),
    ],
  ])('over https is tunneled or refused, never in the clear: %s', async (_how, given, defaults) => {
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === 'url' ? proxy.url : value]))
    const outcome = withEnvironment(env, () => request(endpoint('https'), defaults()))
    if (!tunnels) {
      const error = await rejection<TokenEndpointError>(outcome)
      expect(error).toMatchObject(insecure)
      expect(error.message).toMatch(
        /update axios to 1\.16\.1 or later, or create the instance with proxy: false and httpsAgent: new HttpsProxyAgent/,
      )
      expect(error.message).not.toContain(proxy.url)
      expect(proxy.seen).toEqual([])
    } else if (_how.startsWith('a tunneling agent')) {
      // Its certificate check is its own business here.
      await outcome.catch(() => undefined)
      expect(proxy.seen).toEqual(tunnel())
    } else {
      expect((await outcome).access_token).toBe('made-up-access')
      expect(proxy.seen).toEqual(tunnel())
    }
  })

  it.each<[string, Record<string, string>, CreateAxiosDefaults]>([
    ['NO_PROXY', { HTTPS_PROXY: 'url', NO_PROXY: 'example.com, localhost' }, {}],
    ['no_proxy', { https_proxy: 'url', no_proxy: '*' }, {}],
    ['NO_PROXY with the address of the same machine', { HTTPS_PROXY: 'url', NO_PROXY: '127.0.0.0/8' }, {}],
    ['proxy: false', { HTTPS_PROXY: 'url' }, { proxy: false }],
    ['a proxy for http alone', { HTTP_PROXY: 'url' }, {}],
  ])('over https goes straight to the server with %s', async (_how, given, defaults) => {
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === 'url' ? proxy.url : value]))
    expect((await withEnvironment(env, () => request(endpoint('https'), defaults))).access_token).toBe('made-up-access')
    expect([servers.https.requests, proxy.seen]).toEqual([1, []])
  })

  it('over https goes through the tunnel of an agent, as the error advises', async () => {
    const httpsAgent = HttpsProxyAgent(proxy.url)
    const connect = httpsAgent.callback.bind(httpsAgent)
    httpsAgent.callback = (sent, options) => connect(sent, { ...options, rejectUnauthorized: false } as never)
    const answer = withEnvironment({ HTTPS_PROXY: proxy.url }, () => request(endpoint('https'), { proxy: false, httpsAgent }))
    expect((await answer).access_token).toBe('made-up-access')
    expect(proxy.seen).toEqual(tunnel())
  })

  it.each<[string, Record<string, string>, () => CreateAxiosDefaults]>([
    ['HTTP_PROXY', { HTTP_PROXY: 'url' }, () => ({})],
    ['http_proxy', { http_proxy: 'url' }, () => ({})],
    ['ALL_PROXY', { ALL_PROXY: 'url' }, () => ({})],
    ['the proxy option', {}, () => ({ proxy: { host: '127.0.0.1', port: proxy.port } })],
  ])('to loopback over plain http is not handed to a proxy: %s', async (_how, given, defaults) => {
    const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === 'url' ? proxy.url : value]))
    const error = await rejection<TokenEndpointError>(withEnvironment(env, () => request(endpoint('http'), defaults())))
    expect(error).toMatchObject(insecure)
    expect(error.message).toMatch(/Add localhost to NO_PROXY\. Or set proxy: false on the axios instance\./)
    expect([servers.http.requests, proxy.seen]).toEqual([0, []])
  })

  it.each<[string, Record<string, string>, CreateAxiosDefaults]>([
    ['NO_PROXY', { HTTP_PROXY: 'url', NO_PROXY: 'localhost' }, {}],
    ['NO_PROXY with a port', { HTTP_PROXY: 'url', NO_PROXY: 'localhost:port' }, {}],
    ['NO_PROXY with the address of the same machine', { HTTP_PROXY: 'url', NO_PROXY: '127.0.0.1,::1' }, {}],
    ['proxy: false', { HTTP_PROXY: 'url' }, { proxy: false }],
    ['a proxy for https alone', { HTTPS_PROXY: 'url' }, {}],
  ])('to loopback over plain http goes straight to the server with %s', async (_how, given, defaults) => {
    const values = Object.entries(given).map(([name, value]) => [name, value.replace(/^url$/, proxy.url)] as const)
    const env = Object.fromEntries(values.map(([name, value]) => [name, value.replace(/:port$/, `:${servers.http.port}`)]))
    expect((await withEnvironment(env, () => request(endpoint('http'), defaults))).access_token).toBe('made-up-access')
    expect([servers.http.requests, proxy.seen]).toEqual([1, []])
  })

  it('goes in the clear where that is allowed', async () => {
    const options = { dangerouslyAllowInsecureHttp: true }
    await withEnvironment({ HTTP_PROXY: proxy.url }, () => request(endpoint('http'), {}, options))
    expect(proxy.seen).toEqual([expect.stringContaining(stored.refresh_token as string)])
  })

  it('that discovers or revokes is judged like one for tokens', async () => {
    const options = { clientId: 'app', axios: axios.create() }
    const refresh = grants.refreshToken({ ...options, issuer: endpoint('http') })
    expect(await rejection(withEnvironment({ HTTP_PROXY: proxy.url }, () => call(refresh)))).toMatchObject(insecure)
    const tokenEndpoint = endpoint('http')
    const { revoke } = grants.refreshToken({ ...options, tokenEndpoint, revocationEndpoint: tokenEndpoint })
    const { signal } = new AbortController()
    const revoking = withEnvironment({ HTTP_PROXY: proxy.url }, async () => revoke?.(stored, { signal }))
    expect(await rejection(revoking)).toMatchObject(insecure)
    expect(proxy.seen).toEqual([])
  })
})

describe('a token request that fails without a proxy', () => {
  const refused = 'The token endpoint could not be reached, or the connection broke (ECONNREFUSED).'
  const hint = (variable: string): string =>
    `${variable} names a proxy, which Node's fetch ignores: to send token requests through it, pass axios: instance (with axios' http adapter).`

  let tokenEndpoint: string
  beforeAll(async () => {
    const { port, close } = await startTokenServer('https')
    await close()
    tokenEndpoint = `https://127.0.0.1:${port}/token`
  })
  const failing = async (env: Record<string, string>, options: Partial<GrantOptions> = {}): Promise<string> => {
    const { refreshToken } = await import('../../src/grants/index.js')
    const refresh = refreshToken({ tokenEndpoint, clientId: 'app', ...options })
    return (await rejection(withEnvironment(env, () => call(refresh)))).message
  }
  const somewhere = 'http://user:made-up-password@proxy.example.com:3128'

  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'says that Node’s fetch ignores %s, and names axios: instance',
    async (variable) => expect(await failing({ [variable]: somewhere })).toBe(`${refused} ${hint(variable)}`),
  )

  it.each([
    ['nothing names a proxy', {}],
    ['the proxy is for plain http', { HTTP_PROXY: somewhere }],
    ['the host is exempt', { HTTPS_PROXY: somewhere, NO_PROXY: '127.0.0.1' }],
    ['every host is exempt', { HTTPS_PROXY: somewhere, NO_PROXY: '*' }],
  ])('says nothing of proxies where %s', async (_when, env) => expect(await failing(env)).toBe(refused))

  it('says so of the fetch adapter of axios, too, and nothing of a fetch of the caller’s own', async () => {
    const { default: axios } = await import('axios')
    const env = { HTTPS_PROXY: somewhere }
    expect(await failing(env, { axios: axios.create({ adapter: 'fetch' }) })).toBe(`${refused} ${hint('HTTPS_PROXY')}`)
    expect(await failing(env, { fetch: (url, init) => fetch(url, init) })).toBe(refused)
  })

  it('says so when the issuer can’t be reached', async () => {
    const { refreshToken } = await import('../../src/grants/index.js')
    const refresh = refreshToken({ issuer: tokenEndpoint, clientId: 'app' })
    const error = await rejection(withEnvironment({ HTTPS_PROXY: somewhere }, () => call(refresh)))
    expect(error.message).toContain(hint('HTTPS_PROXY'))
  })
})
