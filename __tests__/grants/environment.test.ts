import axios, { type AxiosAdapter, type CreateAxiosDefaults } from 'axios'
import { ignoredProxy, platformTransport, refuseProxiedHttp } from '../../src/grants/platform-fetch.js'
import { environmentVariables, isNode, nodeUsesProxyVariables } from '../../src/grants/process-environment.js'
import { axiosFetch, axiosTransport } from '../../src/grants/transport.js'
import type { FetchInit } from '../../src/grants/fetch.js'
import { rejection } from '../helpers/client.js'

const oldest = axios.VERSION === '1.7.0'
const real = Object.getOwnPropertyDescriptor(globalThis, 'process')!
const { fetch } = globalThis
afterEach(() => {
  Object.defineProperty(globalThis, 'process', real)
  globalThis.fetch = fetch
  delete (globalThis as { Deno?: unknown }).Deno
})

/** Puts this in the place of Node's `process`. */
function given(process: object | undefined): void {
  Object.defineProperty(globalThis, 'process', { value: process, configurable: true, writable: true })
}
const node = { release: { name: 'node' }, versions: { node: '24.0.0' } }
const withFlag = { ...node, allowedNodeEnvironmentFlags: new Set(['--use-env-proxy']) }
/** A Node whose own agents and fetch use the proxy variables. */
const proxying = (env: object): object => ({ ...withFlag, env: { ...env, NODE_USE_ENV_PROXY: '1' } })

const init: FetchInit = { method: 'POST', headers: {}, redirect: 'manual' }
const plain = 'http://localhost:3000/token'
const https = 'https://login.example.com/token'
const proxy = 'http://proxy.example:3128'
const inTheClear = (source: string, advice: string): string =>
  `No request was sent: the proxy that ${source} names would receive it in the clear. ${advice} (dangerouslyAllowInsecureHttp lifts this.)`

describe('the platform', () => {
  it.each<[string, object | undefined, boolean]>([
    ['Node', node, true],
    ['Bun', { ...node, versions: { ...node.versions, bun: '1.0.0' } }, false],
    ['a browser', undefined, false],
    ['a browser with a process of a bundler', { env: {} }, false],
    ['another runtime', { release: { name: 'other' } }, false],
  ])('is told: %s', (_name, process, expected) => {
    given(process)
    expect(isNode()).toBe(expected)
  })

  it('may be Deno, which has a process of Node', () => {
    given(node)
    Object.assign(globalThis, { Deno: {} })
    expect(isNode()).toBe(false)
  })

  it('without a process has no environment variables', () => {
    for (const process of [undefined, {}]) {
      given(process)
      expect([environmentVariables(), nodeUsesProxyVariables()]).toEqual([{}, false])
    }
  })

  it.each<[string, object, boolean]>([
    ['nothing is set', {}, false],
    ['the variable is set', { env: { NODE_USE_ENV_PROXY: '1' } }, true],
    ['the variable says no', { env: { NODE_USE_ENV_PROXY: '0' } }, false],
    ['the option is in NODE_OPTIONS', { env: { NODE_OPTIONS: '--use-env-proxy' } }, true],
    ['the option is among others', { env: { NODE_OPTIONS: '--no-warnings --use-env-proxy --inspect' } }, true],
    ['another option begins like it', { env: { NODE_OPTIONS: '--use-env-proxy-not' } }, false],
    ['another option ends like it', { env: { NODE_OPTIONS: 'x--use-env-proxy' } }, false],
    ['the option is an argument', { execArgv: ['--inspect', '--use-env-proxy'] }, true],
  ])('uses the proxy variables by itself, or not, when %s', (_when, settings, expected) => {
    given({ ...withFlag, ...settings })
    expect(nodeUsesProxyVariables()).toBe(expected)
    given({ ...node, ...settings })
    expect(nodeUsesProxyVariables()).toBe(false)
  })
})

describe('fetch of the platform', () => {
  it('has a hint where Node’s fetch ignores a proxy', () => {
    given({ ...node, env: { HTTPS_PROXY: proxy } })
    const sentence =
      "HTTPS_PROXY names a proxy, which Node's fetch ignores: to send token requests through it, pass axios: instance (with axios' http adapter)."
    expect([ignoredProxy(https), platformTransport(false).hint?.(https), ignoredProxy(plain)]).toEqual([
      sentence,
      sentence,
      undefined,
    ])
  })

  it.each<[string, object]>([
    ['NO_PROXY exempts the address', { ...node, env: { HTTPS_PROXY: proxy, NO_PROXY: 'login.example.com' } }],
    ['only npm names it', { ...node, env: { npm_config_https_proxy: proxy } }],
    ['fetch uses it', proxying({ HTTPS_PROXY: proxy })],
    ['the platform is another', { env: { HTTPS_PROXY: proxy } }],
  ])('has no hint where %s', (_where, process) => {
    given(process)
    expect(ignoredProxy(https)).toBeUndefined()
  })

  it('sends no plain http through a proxy, unless that is allowed', async () => {
    given(proxying({ HTTP_PROXY: proxy }))
    let sent = 0
    globalThis.fetch = async () => (sent++, new Response())
    const error = await rejection(platformTransport(false).fetch(plain, init))
    expect(error).toMatchObject({
      name: 'TokenEndpointError',
      code: 'ERR_INSECURE_PROXY',
      message: inTheClear('HTTP_PROXY', 'Add localhost to NO_PROXY.'),
    })
    expect(sent).toBe(0)
    await platformTransport(true).fetch(plain, init)
    expect(sent).toBe(1)
  })

  it.each<[string, string, object]>([
    ['https', https, proxying({ HTTPS_PROXY: proxy })],
    ['an exempt address', plain, proxying({ HTTP_PROXY: proxy, NO_PROXY: 'localhost' })],
    ['plain http that fetch sends directly', plain, { ...withFlag, env: { HTTP_PROXY: proxy } }],
  ])('sends %s', (_what, url, process) => {
    given(process)
    expect(() => refuseProxiedHttp(url)).not.toThrow()
  })
})

describe('an axios instance', () => {
  /** The `proxy` with which the adapter is called. */
  async function proxyFor(url: string, defaults: CreateAxiosDefaults = {}, allowInsecureHttp = false): Promise<unknown> {
    let handed: unknown = 'nothing'
    const adapter: AxiosAdapter = async (config) => {
      handed = config.proxy
      return { status: 200, statusText: '', headers: {}, data: '', config }
    }
    await axiosFetch(axios.create({ ...defaults, adapter }), allowInsecureHttp)(url, init)
    return handed
  }
  const option = { host: 'proxy.example', port: 3128 }
  const direct = ' Or set proxy: false on the axios instance.'

  it.each<[string, object, string, CreateAxiosDefaults, unknown]>([
    ['no proxy', {}, plain, {}, undefined],
    ['the proxy of the environment, over https', { HTTPS_PROXY: 'https://proxy.example' }, https, {}, undefined],
    [
      'the proxy of its own, over https',
      {},
      https,
      { proxy: { ...option, protocol: 'https' } },
      { ...option, protocol: 'https' },
    ],
    ['no proxy where NO_PROXY exempts the address', { HTTP_PROXY: proxy, NO_PROXY: 'localhost' }, plain, {}, false],
    ['no proxy where it is set to none', { HTTP_PROXY: proxy }, plain, { proxy: false }, false],
    ['a socket, which needs no proxy', { HTTP_PROXY: proxy }, plain, { socketPath: '/made/up.sock' }, undefined],
  ])('sends through %s', async (_what, env, url, defaults, expected) => {
    given({ ...node, env })
    expect(await proxyFor(url, defaults)).toEqual(expected)
  })

  it.each<[string, object, CreateAxiosDefaults, string]>([
    ['of the environment', { ...node, env: { HTTP_PROXY: proxy } }, {}, 'HTTP_PROXY'],
    ['of its own', node, { proxy: option }, 'the proxy option'],
    ['that Node’s own agents use, whatever the option says', proxying({ HTTP_PROXY: proxy }), { proxy: false }, 'HTTP_PROXY'],
  ])('sends no plain http through a proxy %s, unless that is allowed', async (_whose, process, defaults, source) => {
    given(process)
    expect(await rejection(proxyFor(plain, defaults))).toMatchObject({
      code: 'ERR_INSECURE_PROXY',
      message: inTheClear(source, `Add localhost to NO_PROXY.${direct}`),
    })
    expect(await proxyFor(plain, defaults, true)).toEqual(defaults.proxy)
  })

  it('sends https through a plain-http proxy only in a tunnel, which axios opens from 1.16.1 on', async () => {
    given({ ...node, env: { HTTPS_PROXY: proxy } })
    if (!oldest) return expect(await proxyFor(https)).toBeUndefined()
    expect(await rejection(proxyFor(https))).toMatchObject({
      message: expect.stringContaining('axios 1.7.0 opens no tunnel for https: update axios to 1.16.1 or later'),
    })
  })

  it('sends through a proxy that npm sets for scripts only where axios reads it, before 1.14', async () => {
    given({ ...node, env: { npm_config_http_proxy: proxy } })
    if (!oldest) return expect(await proxyFor(plain)).toBeUndefined()
    expect(await rejection(proxyFor(plain))).toMatchObject({ code: 'ERR_INSECURE_PROXY' })
  })

  it('with proxy: false sends https directly, also where Node’s own agents use proxies', async () => {
    given(proxying({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy }))
    expect(await proxyFor(https, { proxy: false })).toBe(false)
  })

  it('with the fetch adapter sends no plain http through a proxy, and hints at one that is ignored', async () => {
    const instance = axios.create({ adapter: 'fetch' })
    given(proxying({ HTTP_PROXY: proxy }))
    expect(await rejection(axiosFetch(instance)(plain, init))).toMatchObject({ code: 'ERR_INSECURE_PROXY' })
    given({ ...node, env: { HTTPS_PROXY: proxy } })
    expect(axiosTransport(instance, false).hint?.(https)).toContain('HTTPS_PROXY names a proxy')
    expect(axiosTransport(axios.create({ adapter: 'http' }), false).hint?.(https)).toBeUndefined()
  })
})
