import { isExempt, proxyInEnvironment, proxyInOption, readsInTheClear } from '../../src/grants/proxy.js'

describe('NO_PROXY exempts', () => {
  it.each([
    ['https://api.example.com', 'api.example.com'],
    ['https://api.example.com', 'other.example,API.Example.com'],
    ['https://api.example.com', 'other.example api.example.com'],
    ['https://api.example.com', '.example.com'],
    ['https://api.example.com', '*.example.com'],
    ['https://api.example.com', '*'],
    ['https://api.example.com', 'a, * ,b'],
    ['https://api.example.com', 'api.example.com:443'],
    ['https://api.example.com:8443', 'api.example.com:8443'],
    ['http://api.example.com', 'api.example.com:80'],
    ['http://[::1]:3000', '[::1]:3000'],
    ['http://[::1]:3000', '::1'],
    ['http://localhost:3000', '127.0.0.1'],
    ['http://127.0.0.1:3000', 'localhost'],
    ['http://127.5.0.1:3000', '127.0.0.0/8'],
    ['http://127.5.0.1:3000', '127.0.0.0/16'],
  ])('%s: %s', (url, entries) => expect(isExempt(new URL(url), entries)).toBe(true))
})

describe('NO_PROXY does not exempt', () => {
  it.each([
    ['https://api.example.com', ''],
    ['https://api.example.com', 'example.com'],
    ['https://api.example.com', 'api.example.com:80'],
    ['https://api.example.com', ',, '],
    ['https://api.example.com', '.api.example.com'],
    ['https://api.example.com', 'localhost'],
    ['https://10.0.0.5', '10.0.0.0/8'],
    ['http://localhost:3000', 'localhost:3001'],
    ['http://localhost:3000', 'api.example.com'],
    ['http://localhost:3000', ','],
    ['https://api.example.com', 'api.example.com:443x'],
  ])('%s: %s', (url, entries) => expect(isExempt(new URL(url), entries)).toBe(false))
})

describe('the proxy that the environment names', () => {
  const url = new URL('https://login.example.com/token')
  const named = (env: Record<string, string>, npm = false): unknown => proxyInEnvironment(url, env, npm)

  it.each<[string, Record<string, string>, string, string]>([
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://p:1' }, 'HTTPS_PROXY', 'http:'],
    ['the lower case first', { https_proxy: 'http://p:1', HTTPS_PROXY: 'https://p:1' }, 'https_proxy', 'http:'],
    ['the scheme before ALL_PROXY', { HTTPS_PROXY: 'http://p:1', ALL_PROXY: 'https://p:1' }, 'HTTPS_PROXY', 'http:'],
    ['ALL_PROXY', { ALL_PROXY: 'HTTP://p:1' }, 'ALL_PROXY', 'http:'],
    ['one without a scheme, which is that of the request', { HTTPS_PROXY: 'p:1' }, 'HTTPS_PROXY', 'https:'],
    ['one of another protocol', { ALL_PROXY: 'socks5://p:1' }, 'ALL_PROXY', 'socks5:'],
  ])('is %s', (_what, env, source, protocol) => expect(named(env)).toEqual({ source, protocol, exempt: false }))

  it('is none where there is none for this scheme, or an empty one', () => {
    expect(named({ HTTP_PROXY: 'http://p:1' })).toBeUndefined()
    expect(named({ HTTPS_PROXY: '', https_proxy: '' })).toBeUndefined()
  })

  it('may be one that npm sets for scripts, which older releases of axios read', () => {
    const env = { npm_config_proxy: 'http://p:1' }
    expect(named(env)).toBeUndefined()
    expect(named(env, true)).toEqual({ source: 'npm_config_proxy', protocol: 'http:', exempt: false })
    expect(named({ ...env, npm_config_https_proxy: 'socks5://p:1' }, true)).toMatchObject({ source: 'npm_config_https_proxy' })
    expect(named({ ...env, NO_PROXY: 'login.example.com' }, true)).toMatchObject({ exempt: true })
    expect(named({ ...env, npm_config_no_proxy: 'login.example.com' }, true)).toMatchObject({ exempt: true })
  })

  it('says whether NO_PROXY exempts the address', () => {
    expect(named({ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'login.example.com' })).toMatchObject({ exempt: true })
    expect(named({ HTTPS_PROXY: 'http://p:1', no_proxy: 'other', NO_PROXY: '*' })).toMatchObject({ exempt: false })
  })
})

describe('a proxy reads in the clear', () => {
  const judge = (url: string, option: unknown, tunnels: boolean): boolean | undefined => {
    const proxy = proxyInOption(new URL(url), option)
    return proxy && readsInTheClear(new URL(url), proxy, tunnels)
  }

  it.each<[string, string, unknown, boolean, boolean | undefined]>([
    ['https to an http proxy without a tunnel', 'https://a.example', { protocol: 'http', host: 'p' }, false, true],
    ['https to an HTTP: proxy without a tunnel', 'https://a.example', { protocol: 'HTTP:', host: 'p' }, false, true],
    ['https to an http proxy with a tunnel', 'https://a.example', { protocol: 'http', host: 'p' }, true, false],
    ['https to an https proxy', 'https://a.example', { protocol: 'https', host: 'p' }, false, false],
    ['https to a proxy without a protocol, which is spoken to in https', 'https://a.example', { host: 'p' }, false, false],
    ['http to an http proxy', 'http://localhost', { host: 'p' }, true, true],
    ['http to an https proxy, which sends it on in the clear', 'http://localhost', { protocol: 'https', host: 'p' }, true, true],
    ['https to a proxy with an empty protocol', 'https://a.example', { protocol: '', host: 'p' }, false, false],
    ['no proxy at all', 'http://localhost', false, true, undefined],
    ['no proxy but null', 'http://localhost', null, true, undefined],
  ])('%s', (_what, url, option, tunnels, expected) => expect(judge(url, option, tunnels)).toBe(expected))
})
