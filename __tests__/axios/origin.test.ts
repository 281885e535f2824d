import fc from 'fast-check'
import { originOf, originRule, type OriginRule } from '../../src/axios/origin.js'

const runs = Number(process.env.FUZZ_RUNS ?? 1000)
const rule = (baseURL?: string, page?: string, origins?: string[]): OriginRule =>
  originRule({ baseURL: () => baseURL, page: () => page, base: () => page, origins, allowInsecureHttp: false })
const base = 'https://api.example.com/v1'
const outside = { page: () => undefined, base: () => undefined, origins: undefined, allowInsecureHttp: false }

describe('the origin rule', () => {
  const allowed = rule(base)
  it.each<[string, object]>([
    ['a path', { url: '/me', baseURL: base }],
    ['a path without a slash', { url: 'me', baseURL: base }],
    ['no URL', { baseURL: base }],
    ['an absolute URL', { url: 'https://api.example.com/x', baseURL: base }],
    ['an absolute URL in capitals', { url: 'HTTPS://API.EXAMPLE.COM/x', baseURL: base }],
    ['the default port', { url: 'https://api.example.com:443/x', baseURL: base }],
    ['a path with an address in it', { url: 'search/a://b', baseURL: base }],
    ['a base with three slashes at its end', { url: 'x', baseURL: 'https://api.example.com///' }],
    ['a path that looks like userinfo', { url: '@evil.example/x', baseURL: base }],
  ])('allows %s', (_name, config) => expect(allowed(config)).toBe('allowed'))

  it.each<[string, object]>([
    ['another host', { url: 'https://evil.example/x', baseURL: base }],
    ['a suffix trick', { url: 'https://api.example.com.evil.example/x', baseURL: base }],
    ['a userinfo trick', { url: 'https://api.example.com@evil.example/x', baseURL: base }],
    ['a userinfo trick with a port', { url: 'https://api.example.com:443@evil.example/x', baseURL: base }],
    ['a URL relative to the scheme', { url: '//evil.example/x', baseURL: base }],
    ['another port', { url: 'https://api.example.com:8443/x', baseURL: base }],
    ['a downgrade to http', { url: 'http://api.example.com/x', baseURL: base }],
    ['a per-request baseURL', { url: '/x', baseURL: 'https://evil.example' }],
    ['a baseURL with userinfo', { url: '/x', baseURL: 'https://api.example.com@evil.example' }],
    ['a baseURL with backslashes', { url: '/x', baseURL: 'https:\\\\evil.example' }],
    ['a baseURL that is only a scheme', { url: 'evil.example/x', baseURL: 'https://' }],
    ['a name below', { url: 'https://sub.api.example.com/x', baseURL: base }],
    ['a host with a dot at the end', { url: 'https://api.example.com./x', baseURL: base }],
    ['another scheme', { url: 'ftp://api.example.com/x', baseURL: base }],
    ['another scheme with a digit', { url: 'h2://api.example.com/x', baseURL: base }],
  ])('refuses %s', (_name, config) => expect(allowed(config)).toBe('refused'))

  it.each<[boolean, string, string, string]>([
    [true, 'refused', 'https://evil.example/x', base],
    [true, 'allowed', 'https://api.example.com/x', base],
    [false, 'allowed', 'https://evil.example/x', base],
    [false, 'allowed', '//evil.example/x', base],
    [false, 'refused', 'https://api.example.com/x', 'https://evil.example'],
  ])(
    'with allowAbsoluteUrls: false, which axios ignores or not (%j): %s for %s below %s',
    (ignoresAllowAbsoluteUrls, verdict, url, baseURL) => {
      const judge = originRule({ ...outside, baseURL: () => base, ignoresAllowAbsoluteUrls })
      expect(judge({ url, baseURL, allowAbsoluteUrls: false })).toBe(verdict)
    },
  )

  it('in a browser, a relative address is the page’s own server', () => {
    const inPage = rule('/api', 'https://app.example.com/start')
    expect(inPage({ url: '/me', baseURL: '/api' })).toBe('allowed')
    expect(inPage({ url: '/me' })).toBe('allowed')
    for (const url of ['//evil.example/x', '/\\evil.example/x', '\\\\evil.example', 'https://evil.example', '\t//evil.example'])
      expect([url, inPage({ url })]).toEqual([url, 'refused'])
  })

  it('follows the instance when its baseURL changes', () => {
    let baseURL = base
    const following = originRule({ ...outside, baseURL: () => baseURL })
    expect(following({ url: '/x', baseURL })).toBe('allowed')
    baseURL = 'https://other.example.com'
    expect(following({ url: '/x', baseURL })).toBe('allowed')
    expect(following({ url: '/x', baseURL: base })).toBe('refused')
  })

  it('finds no origin in an address without one', () => {
    expect(['data:text/plain,x', 'file:///x', 'x'].map((url) => originOf(url))).toEqual([undefined, undefined, undefined])
  })

  it('reads an origin as the platform’s own URL does, or finds none', () => {
    const part = fc.constantFrom(
      'http',
      'https',
      'HTTPS',
      '://',
      ':',
      '.',
      'a',
      'Api-1',
      '127',
      '256',
      '0',
      '01',
      '0x7f',
      '443',
      '80',
      '8080',
      '65536',
      '99999',
      '/',
      '?',
      '#',
      '@',
      '\\',
      '%2e',
      'ü',
      '[::1]',
      '-',
      '_',
      ' ',
      '\t',
    )
    const text = fc.oneof(
      fc.webUrl(),
      fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
      fc.array(part, { maxLength: 6 }).map((parts) => `https://${parts.join('')}`),
    )
    const expected = (url: string): string | undefined => {
      try {
        const { origin } = new URL(url)
        return origin === 'null' ? undefined : origin
      } catch {
        return undefined
      }
    }
    fc.assert(
      fc.property(text, (url) => expect([url, originOf(url)]).toEqual([url, expected(url)])),
      { numRuns: runs * 3 },
    )
  })

  it('never allows what the platform’s own URL would send elsewhere', () => {
    const piece = fc.constantFrom(
      'https:',
      'http:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '.',
      'api.example.com',
      'evil.example',
      '443',
      '%2f',
      '\t',
      '#',
      '?',
      'a',
      ' ',
    )
    const text = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(text, fc.oneof(fc.constant(base), text), (url, baseURL) => {
        if (allowed({ url, baseURL }) !== 'allowed') return
        const absolute = /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url)
        const sent = !baseURL || absolute ? url : url ? `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : baseURL
        expect(new URL(sent).origin).toBe('https://api.example.com')
      }),
      { numRuns: runs },
    )
  })
})
