import { getAdapter, type AxiosRequestConfig } from 'axios'
import { currentPlatform, insecureRoute, routeRule, type RoutePlatform } from '../../src/axios/route.js'
import { wired } from '../helpers/wired.js'

const http = 'http://localhost:3000/x'
const https = 'https://api.example.com/x'
const proxy = 'http://user:secret@proxy.example:3128'
const platform = (env: Record<string, string>, more: Partial<RoutePlatform> = {}): RoutePlatform => ({
  env,
  axiosVersion: '1.21.1',
  usesEnvProxy: false,
  ...more,
})
const old = { axiosVersion: '1.13.2' }
const isRefused = (config: object, target: string, on: RoutePlatform): boolean =>
  insecureRoute(config as AxiosRequestConfig, target, on) !== undefined

describe('a proxy of the config', () => {
  it.each<[string, object, boolean]>([
    ['with a host', { host: 'proxy.example', port: 3128 }, true],
    ['without a host, which is this machine', { port: 3128 }, true],
    ['with a hostname beside its host', { hostname: 'proxy.example', host: '' }, true],
  ])('%s gets no token for plain http', (_which, given, expected) => {
    expect(isRefused({ proxy: given }, http, platform({}))).toBe(expected)
  })

  it('is named in the reason', () => {
    expect(insecureRoute({ proxy: { host: 'proxy.example', port: 3128 } }, http, platform({}))).toContain('proxy.example')
    expect(insecureRoute({ proxy: { port: 3128 } as never }, http, platform({}))).toContain('localhost')
  })
})

describe('the proxy of the environment', () => {
  it.each<[string, Record<string, string>, string, Partial<RoutePlatform>, boolean]>([
    ['none', {}, http, {}, false],
    ['for http', { HTTP_PROXY: proxy }, http, {}, true],
    ['for http, in small letters', { http_proxy: proxy }, http, {}, true],
    ['for everything', { ALL_PROXY: proxy }, http, {}, true],
    ['for https, and the target is http', { HTTPS_PROXY: proxy }, http, {}, false],
    ['for https, in a tunnel', { HTTPS_PROXY: proxy }, https, {}, false],
    ['for https, before 1.16.1', { HTTPS_PROXY: proxy }, https, { axiosVersion: '1.16.0' }, true],
    ['for https, from 1.16.1 on', { HTTPS_PROXY: proxy }, https, { axiosVersion: '1.16.1' }, false],
    ['for https, in another major release', { HTTPS_PROXY: proxy }, https, { axiosVersion: '2.0.0-beta.1' }, false],
    ['for https, over https', { HTTPS_PROXY: 'https://proxy.example' }, https, old, false],
    ['for https, without a scheme', { HTTPS_PROXY: 'proxy.example:3128' }, https, old, false],
    ['for http, without a scheme', { HTTP_PROXY: 'proxy.example:3128' }, http, {}, true],
    ['for http, over https: another machine gets it', { HTTP_PROXY: 'https://proxy.example' }, http, {}, true],
    ['on this machine', { HTTP_PROXY: 'http://127.0.0.1:8888' }, http, {}, true],
    ['on this machine, by IPv6', { HTTPS_PROXY: 'http://[::1]:8888' }, https, old, true],
    ['on this machine, in a tunnel', { HTTPS_PROXY: 'http://127.0.0.1:8888' }, https, {}, false],
    ['for https, whose port NO_PROXY names', { HTTPS_PROXY: proxy, NO_PROXY: 'api.example.com:443' }, https, old, false],
    [
      'for https, where NO_PROXY names the port of http',
      { HTTPS_PROXY: proxy, NO_PROXY: 'api.example.com:80' },
      https,
      old,
      true,
    ],
    ['of npm, which older releases read', { npm_config_https_proxy: proxy }, https, old, true],
    ['of npm for everything, which older releases read', { npm_config_proxy: proxy }, http, old, true],
    ['of npm, which newer releases do not read', { npm_config_proxy: proxy }, http, {}, false],
    ['that is no address, so that axios sends nothing', { HTTP_PROXY: 'http://' }, http, {}, false],
    ['in a browser', {}, http, { env: undefined }, false],
  ])('%s', (_name, env, target, more, expected) => {
    expect(isRefused({}, target, platform(env, more))).toBe(expected)
  })

  it.each<[string, string, boolean, boolean]>([
    ['localhost', http, false, false],
    ['LOCALHOST', http, false, false],
    ['*', http, false, false],
    ['.localhost', 'http://api.localhost/', false, false],
    ['*.localhost', 'http://api.localhost/', false, false],
    ['example.com,localhost', http, false, false],
    ['example.com localhost', http, false, false],
    ['localhost:3000', http, false, false],
    ['localhost:80', http, true, true],
    ['localhost:80', 'http://localhost/', false, false],
    ['example.com', http, true, true],
    ['ocalhost', http, true, true],
    [',', http, true, true],
    ['localhost', 'http://127.0.0.1/', true, false],
    ['127.0.0.1', http, true, false],
    ['::1', http, true, false],
    ['[::1]', 'http://[::1]:3000/', false, false],
    ['127.0.0.0/8', 'http://127.0.0.1/', true, false],
    ['127.0.0.0/8', http, true, true],
    ['10.0.0.0/8', 'http://127.0.0.1/', true, true],
  ])('NO_PROXY=%s for %s: refused before 1.16.1: %s, on the newest: %s', (list, target, before, newest) => {
    const env = { HTTP_PROXY: proxy, NO_PROXY: list }
    expect([isRefused({}, target, platform(env, old)), isRefused({}, target, platform(env))]).toEqual([before, newest])
  })
})

describe('the option proxy', () => {
  const option = { host: 'proxy.example', port: 3128 }
  it.each<[string, object, string, Partial<RoutePlatform>, boolean]>([
    ['for http', { proxy: option }, http, {}, true],
    ['for https, in a tunnel', { proxy: { ...option, protocol: 'http' } }, https, {}, false],
    ['for https, before', { proxy: { ...option, protocol: 'http' } }, https, old, true],
    ['for https, before, with a colon', { proxy: { ...option, protocol: 'http:' } }, https, old, true],
    ['for https, over https', { proxy: { ...option, protocol: 'https' } }, https, old, false],
    ['for https, with the protocol of the target', { proxy: option }, https, old, false],
    ['with a hostname', { proxy: { hostname: 'proxy.example' } }, http, {}, true],
    ['on this machine', { proxy: { host: '127.0.0.1' } }, http, {}, true],
    ['on this machine, by IPv6', { proxy: { host: '::1', protocol: 'http' } }, https, old, true],
    ['without a host: on this machine', { proxy: {} }, http, {}, true],
    ['with a path of a socket, which has no proxy', { proxy: option, socketPath: '/run/api.sock' }, http, {}, false],
    ['with an adapter that ignores it', { proxy: option, adapter: 'fetch' }, http, {}, false],
    ['with a list of adapters that begins with another', { proxy: option, adapter: ['fetch', 'http'] }, http, {}, false],
    ['with that adapter itself', { proxy: option, adapter: getAdapter('fetch') }, http, {}, false],
    ['with axios’ own adapter', { proxy: option, adapter: getAdapter('http') }, http, {}, true],
    ['with an adapter that may end in axios’ own', { proxy: option, adapter: () => undefined }, http, {}, true],
    ['with an adapter that is none', { proxy: option, adapter: 'made-up' }, http, {}, true],
  ])('%s', (_name, config, target, more, expected) => {
    expect(isRefused(config, target, platform({}, more))).toBe(expected)
  })

  it('false leaves the way to the caller, also with an agent', () => {
    const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }
    for (const target of [http, https]) {
      expect(isRefused({ proxy: false, httpsAgent: {} }, target, platform(env, old))).toBe(false)
      expect(isRefused({ httpsAgent: {} }, target, platform(env, old))).toBe(true)
    }
  })
})

describe('where Node itself uses the proxies of the environment', () => {
  const env = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }
  it.each<[object, string, string, boolean]>([
    [{ adapter: 'fetch' }, http, '1.21.1', true],
    [{ adapter: 'fetch' }, https, '1.13.2', false],
    [{ proxy: false }, http, '1.20.0', true],
    [{ proxy: false }, http, '1.21.0', false],
    [{ proxy: false }, https, '1.13.2', false],
  ])('%j to %s with axios %s is refused: %s', (config, target, axiosVersion, expected) => {
    expect(isRefused(config, target, platform(env, { usesEnvProxy: true, axiosVersion }))).toBe(expected)
  })
})

describe('the reason', () => {
  it('does not advise NO_PROXY against the option proxy, to which axios does not apply it', () => {
    expect(insecureRoute({ proxy: { host: 'proxy.example', port: 3128 } }, http, platform({}))).toBe(
      'The request to http://localhost:3000 would go through the proxy proxy.example (option proxy), ' +
        'which would get the token without encryption. Pass proxy: false.',
    )
  })

  it('names the proxy, the variable and what to do, and no password', () => {
    const reason = insecureRoute({}, http, platform({ HTTP_PROXY: proxy }))
    expect(reason).toBe(
      'The request to http://localhost:3000 would go through the proxy proxy.example (environment variable HTTP_PROXY), ' +
        'which would get the token without encryption. Set NO_PROXY=localhost, or pass proxy: false.',
    )
    expect(insecureRoute({}, https, platform({ HTTPS_PROXY: proxy }, old))).toMatch(
      /proxy proxy\.example \(environment variable HTTPS_PROXY\).*axios 1\.13\.2 opens no tunnel for https\. Update axios to 1\.16\.1/,
    )
  })
})

describe('the platform', () => {
  const { env, execArgv } = process
  afterEach(() => {
    process.env = env
    process.execArgv = execArgv
  })

  it.each<[string, Record<string, string>, string[], boolean]>([
    ['no option', {}, [], false],
    ['the variable of Node', { NODE_USE_ENV_PROXY: '1' }, [], true],
    ['the variable of Node, switched off', { NODE_USE_ENV_PROXY: '0' }, [], false],
    ['the option of Node in NODE_OPTIONS', { NODE_OPTIONS: '--no-warnings --use-env-proxy' }, [], true],
    ['the option of Node at the start', {}, ['--use-env-proxy'], true],
    ['another option', { NODE_OPTIONS: '--no-warnings' }, ['--use-openssl-ca'], false],
  ])('uses the proxies of the environment by itself or not: %s', (_what, variables, args, expected) => {
    process.env = variables
    process.execArgv = args
    expect(currentPlatform('1.21.1')).toMatchObject({ env: variables, usesEnvProxy: expected })
  })
})

describe('the names of proxies and exceptions', () => {
  const reasonFor = (config: object, target: string, on: RoutePlatform): string =>
    insecureRoute(config as AxiosRequestConfig, target, on) ?? 'none'

  it('of npm come first in older releases, and only there', () => {
    const env = {
      npm_config_http_proxy: 'http://npm.example',
      HTTP_PROXY: 'http://http.example',
      ALL_PROXY: 'http://all.example',
    }
    expect(reasonFor({}, http, platform(env, old))).toContain('proxy npm.example (environment variable NPM_CONFIG_HTTP_PROXY)')
    expect(reasonFor({}, http, platform(env))).toContain('proxy http.example (environment variable HTTP_PROXY)')
  })

  it('of npm’s exceptions count in older releases alone', () => {
    const env = { HTTP_PROXY: proxy, npm_config_no_proxy: 'localhost' }
    expect([isRefused({}, http, platform(env, old)), isRefused({}, http, platform(env))]).toEqual([false, true])
  })

  it.each<[string, string, boolean]>([
    ['127.0.0.0/8', '1.20.0', false],
    ['127.0.0.0/8', '1.19.9', true],
  ])('%s is the whole network from axios 1.20 on: with %s it is refused: %s', (list, axiosVersion, expected) => {
    expect(isRefused({}, 'http://127.0.0.1/', platform({ HTTP_PROXY: proxy, NO_PROXY: list }, { axiosVersion }))).toBe(expected)
  })

  it.each(['x::1', '::1x', '[::1]x'])('%s is not this machine', (list) => {
    expect(isRefused({}, http, platform({ HTTP_PROXY: proxy, NO_PROXY: list }))).toBe(true)
  })

  it('with a star in the middle are taken literally', () => {
    const env = { HTTP_PROXY: proxy, NO_PROXY: '.lo*calhost' }
    expect(isRefused({}, 'http://api.localhost/', platform(env))).toBe(true)
  })

  it.each<[string, object, string]>([
    ['this machine', { proxy: { port: 1 } }, 'proxy localhost (option proxy)'],
    ['an address of IPv6', { proxy: { host: '::1', port: 1 } }, 'proxy [::1] (option proxy)'],
    ['an address in capitals', { proxy: { host: 'PROXY.Example', port: 1 } }, 'proxy proxy.example (option proxy)'],
  ])('are printed in the reason: %s', (_what, config, expected) => {
    expect(reasonFor(config, http, platform({}))).toContain(expected)
  })
})

describe('the rule of an instance', () => {
  it('judges the proxy of each config for plain http', () => {
    const judge = routeRule({ allowInsecureHttp: false, base: () => undefined }, platform({}))
    const config = { url: '/x', baseURL: 'http://localhost:3000' }
    expect(judge(config)).toBeUndefined()
    expect(judge({ ...config, proxy: { host: 'proxy.example', port: 1 } })).toContain('option proxy')
    expect(routeRule({ allowInsecureHttp: false, base: () => undefined }, platform({ ALL_PROXY: proxy }))(config)).toContain(
      'ALL_PROXY',
    )
  })

  it('judges a path that only looks like one by the address that axios makes of it', () => {
    const judge = routeRule({ allowInsecureHttp: false, base: () => undefined }, platform({ HTTPS_PROXY: proxy }, old))
    expect(judge({ url: '/x', baseURL: 'https://api.example.com' })).toContain('HTTPS_PROXY')
    const tunnelled = routeRule({ allowInsecureHttp: false, base: () => undefined }, platform({ HTTP_PROXY: proxy }))
    expect(tunnelled({ url: '/x', baseURL: 'https://api.example.com' })).toBeUndefined()
    expect(tunnelled({ url: 'http://localhost:3000/x', baseURL: 'https://api.example.com' })).toContain('HTTP_PROXY')
    expect(tunnelled({ url: '/x', baseURL: 'http://localhost:3000' })).toContain('HTTP_PROXY')
  })

  /** Counts how often the environment is read. */
  function watched(env: Record<string, string>): { env: Record<string, string>; reads: () => number } {
    let reads = 0
    const get = (target: Record<string, string>, name: string): string | undefined => (reads++, target[name])
    return { env: new Proxy(env, { get: get as never }), reads: () => reads }
  }
  const settings = { allowInsecureHttp: false, base: () => undefined }

  it('reads no variable for https where axios opens a tunnel', () => {
    const { env, reads } = watched({ HTTPS_PROXY: proxy })
    const judge = routeRule(settings, platform(env))
    for (const config of [
      { url: '/x', baseURL: 'https://api.example.com' },
      { baseURL: 'https://api.example.com' },
      { url: 'x', baseURL: 'https://api.example.com' },
      { url: 'https://api.example.com' },
      { url: new URL('https://api.example.com') as never },
    ])
      expect(judge(config)).toBeUndefined()
    expect(reads()).toBe(0)
  })

  it('reads them for each other request: they may change', () => {
    const env: Record<string, string> = {}
    const judge = routeRule(settings, platform(env))
    const config = { url: '/x', baseURL: 'http://localhost:3000' }
    expect(judge(config)).toBeUndefined()
    env.HTTP_PROXY = proxy
    expect(judge(config)).toContain('NO_PROXY=localhost')
    expect(judge({ url: 'http://localhost:3000/x' })).toContain('NO_PROXY=localhost')
    env.NO_PROXY = 'localhost'
    expect(judge(config)).toBeUndefined()
  })

  it('judges a relative address by what it is resolved by, and what can not be read not at all', () => {
    const on = platform({ HTTP_PROXY: proxy })
    expect(routeRule({ ...settings, base: () => 'http://localhost:3000/' }, on)({ url: '/x' })).toContain('localhost:3000')
    expect(routeRule(settings, on)({ url: '/x' })).toBeUndefined()
  })

  it('accepts every way where plain http is accepted, and in a browser', () => {
    const config = { url: '/x', baseURL: 'http://localhost:3000' }
    expect(routeRule({ ...settings, allowInsecureHttp: true }, platform({ HTTP_PROXY: proxy }))(config)).toBeUndefined()
    expect(
      routeRule(settings, platform({}, { env: undefined }))({ ...config, proxy: { host: 'proxy.example', port: 1 } }),
    ).toBeUndefined()
  })
})

describe('a plain-http proxy', () => {
  const { env } = process
  afterEach(() => {
    process.env = env
  })
  const defaults = { baseURL: 'http://localhost:3000' }

  it('keeps a request from being sent, unless dangerouslyAllowInsecureHttp is set', async () => {
    process.env = { HTTP_PROXY: proxy }
    for (const [dangerouslyAllowInsecureHttp, outcome] of [
      [false, 'OAUTH_INSECURE_PROXY'],
      [true, undefined],
    ] as const) {
      const { api, session, sent } = wired({ defaults, dangerouslyAllowInsecureHttp, wire: () => ({}) })
      await session.tokens()
      const code = await api.get('/x').then(
        () => undefined,
        (error: { code: string }) => error.code,
      )
      expect([code, sent.length]).toEqual([outcome, outcome ? 0 : 1])
    }
  })
})
