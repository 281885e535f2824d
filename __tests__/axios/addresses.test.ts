import type { AxiosRequestConfig } from 'axios'
import { beyondRefresh, parseChallenges } from '../../src/axios/challenge.js'
import { originRule, type OriginRule, type OriginSettings } from '../../src/axios/origin.js'

const base = 'https://api.example.com/v1'
const page = 'https://app.example.com/start'

function rule(settings: { baseURL?: string; page?: string; origins?: string[]; insecure?: boolean }): Rule {
  const { baseURL, page, origins, insecure = false } = settings
  const judge = originRule({ baseURL: () => baseURL, page: () => page, base: () => page, origins, allowInsecureHttp: insecure })
  return (config) => judge(config) === 'allowed'
}

type Rule = (config: AxiosRequestConfig) => boolean
type Row = [string, object]
const judged = (rows: Row[], isAllowed: Rule, verdict: boolean): void =>
  it.each(rows)(`${verdict ? 'allows' : 'refuses'} %s`, (_name, config) => expect(isAllowed(config)).toBe(verdict))

describe('in a page whose API has another origin', () => {
  const isAllowed = rule({ baseURL: base, page })
  const allowed: Row[] = [
    ['a path of the page’s own server', { url: '/me' }],
    ['a path without a slash', { url: 'me' }],
    ['a path with two slashes inside', { url: 'a//b' }],
    ['the page itself', {}],
    ['a base with a user’s name', { url: 'x', baseURL: 'https://me@api.example.com/' }],
    ['a base with backslashes', { url: 'x', baseURL: 'https:\\\\api.example.com' }],
  ]
  const refused: Row[] = [
    ['the page’s own server by its full address', { url: 'https://app.example.com/me' }],
    ['the page’s own server relative to the scheme', { url: '//app.example.com/me' }],
    ['the page’s own server relative to the scheme, after a blank', { url: ' //app.example.com/me' }],
    ['the page’s own server relative to the scheme, in backslashes', { url: '\\/app.example.com/me' }],
    ['a base that is two slashes', { baseURL: '//' }],
    ['a path that a tab disguises, behind a base that is a slash', { url: '\t//evil.example/x', baseURL: '/' }],
    ['a base of so many slashes that some are left', { url: 'evil.example/x', baseURL: '////' }],
    ['a base that is only the page’s scheme', { url: 'api.example.com/x', baseURL: 'https://' }],
    ['another scheme', { url: 'data:text/plain,x' }],
  ]
  judged(allowed, isAllowed, true)
  judged(refused, isAllowed, false)

  it('the page’s own server is none of the origins that were given instead', () => {
    expect(rule({ baseURL: base, page, origins: ['https://api.example.com'] })({ url: '/me' })).toBe(false)
  })

  it('without a baseURL, the page’s own server is the API', () => {
    expect([page, base].map((url) => rule({ page })({ url }))).toEqual([true, false])
  })

  it('with a baseURL relative to the scheme, the page’s own server is not allowed by its full address', () => {
    expect(rule({ baseURL: '//api.example.com/v1', page })({ url: 'https://app.example.com/me' })).toBe(false)
  })

  it('a base that is a scheme and slashes leads some releases elsewhere than others: it is refused', () => {
    expect(rule({ page })({ url: 'evil.example/x', baseURL: 'https:////' })).toBe(false)
  })

  it('that came over plain http, a path goes without the token, unless that is allowed', () => {
    const plain = { baseURL: base, page: 'http://app.example.com/' }
    expect([rule(plain), rule({ ...plain, insecure: true })].map((isAllowed) => isAllowed({ url: '/me' }))).toEqual([false, true])
  })

  it('that is a file, a path goes without the token', () => {
    expect(rule({ baseURL: base, page: 'file:///app/index.html' })({ url: '/me' })).toBe(false)
  })
})

describe('outside a page', () => {
  const isAllowed = rule({ baseURL: base })
  const allowed: Row[] = [
    ['a path, where absolute addresses are not', { url: '/x', baseURL: base, allowAbsoluteUrls: false }],
    ['a path without a slash, where absolute addresses are not', { url: 'x', baseURL: base, allowAbsoluteUrls: false }],
    ['no URL, where absolute addresses are not', { baseURL: base, allowAbsoluteUrls: false }],
    [
      'an absolute address of the API, where absolute addresses are not',
      { url: `${base}/x`, baseURL: base, allowAbsoluteUrls: false },
    ],
    ['an address that is an object', { url: new URL(base), baseURL: base }],
  ]
  const refused: Row[] = [
    ['an address of another server that is an object', { url: new URL('https://evil.example'), baseURL: base }],
    ['an address of the API as a path of another', { url: base, baseURL: 'https://evil.example', allowAbsoluteUrls: false }],
    ['a path without a baseURL', { url: '/x' }],
  ]
  judged(allowed, isAllowed, true)
  judged(refused, isAllowed, false)
})

describe('the option origins', () => {
  it('decides alone, whatever the baseURL is', () => {
    const isAllowed = rule({ baseURL: base, origins: ['https://other.example.com'] })
    expect(isAllowed({ url: '/x', baseURL: base })).toBe(false)
    expect(isAllowed({ url: 'https://other.example.com/x' })).toBe(true)
  })

  it.each([
    ['api.example.com', 'is not an origin; write it like https://api.example.com'],
    ['file:///etc', 'is not an origin'],
    ['ftp://127.0.0.1', 'is not an origin'],
    ['blob:https://api.example.com/1', 'is not an origin'],
    ['capacitor://localhost', 'is not an origin'],
    ['//api.example.com', 'is not an origin'],
    ['*', 'is not an origin'],
    ['https://', 'is not an origin'],
    [' https://api.example.com', 'is not an origin'],
    ['https://*.example.com', 'has a wildcard; name each origin, such as https://api.example.com'],
    ['https://*', 'has a wildcard'],
    ['https://api.example.com/v1', 'is more than an origin; write https://api.example.com'],
    ['https://api.example.com:8443/v1/', 'is more than an origin; write https://api.example.com:8443'],
    ['https://api.example.com//', 'is more than an origin'],
    ['https://api.example.com?a=b', 'is more than an origin'],
    ['https://api.example.com/#top', 'is more than an origin'],
    ['https://me@api.example.com', 'is more than an origin; write https://api.example.com'],
    ['https://me:word@api.example.com/', 'is more than an origin'],
    ['https:\\\\api.example.com', 'is more than an origin; write https://api.example.com'],
    ['https:api.example.com', 'is more than an origin'],
    ['https:https://api.example.com', 'is more than an origin; write https://https'],
    ['https://api.example.com ', 'is more than an origin'],
    ['http://api.example.com', 'is plain http; use https, or set dangerouslyAllowInsecureHttp'],
    [undefined as unknown as string, 'is not an origin'],
  ])('can not have %j in it', (origin, advice) => {
    const make = (): unknown => rule({ origins: ['https://fine.example.com', origin] })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(`attachOAuth: origins: ${JSON.stringify(origin)} ${advice}`)
  })

  it.each([
    ['https://api.example.com/', 'https://api.example.com'],
    ['HTTPS://API.Example.com:443', 'https://api.example.com'],
    ['https://api.example.com.', 'https://api.example.com.'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('can have %j in it', (origin, url) => {
    const isAllowed = rule({ origins: [origin] })
    expect([isAllowed({ url: `${url}/x` }), isAllowed({ url: 'https://api.example.org/x' })]).toEqual([true, false])
  })

  it.each([[[]], ['https://api.example.com']])('can not be %j', (origins) => {
    expect(() => rule({ origins: origins as string[] })).toThrow(/^attachOAuth: origins must be a list with at least one origin/)
  })
})

describe('where no origin is allowed', () => {
  const make = (settings: Partial<OriginSettings>): OriginRule =>
    originRule({
      origins: undefined,
      baseURL: () => undefined,
      page: () => undefined,
      base: () => undefined,
      allowInsecureHttp: false,
      ...settings,
    })

  it.each(['ftp://localhost', 'http://api.example.com'])(
    'the absolute baseURL %s is a TypeError that says what to pass',
    (baseURL) => {
      expect(() => make({ baseURL: () => baseURL })).toThrow(TypeError)
      expect(() => make({ baseURL: () => baseURL })).toThrow(
        /^attachOAuth: Tell which origins may get the token.*Plain http is for loopback only/,
      )
    },
  )

  it.each([undefined, '', '/v1', 'v1'])(
    'with the baseURL %j, which may become absolute later, every request is told apart from a refused one',
    (relative) => {
      let baseURL = relative
      const judge = make({ baseURL: () => baseURL })
      const config = { url: '/me', ...(relative !== undefined && { baseURL: relative }) }
      expect([judge(config), judge({ url: 'https://api.example.com/me' })]).toEqual(['nothing-allowed', 'nothing-allowed'])
      baseURL = base
      expect([judge({ url: '/me', baseURL }), judge({ url: 'https://evil.example' })]).toEqual(['allowed', 'refused'])
    },
  )
})

describe('in a page with a <base>', () => {
  let pageBase: string
  const make = (baseURL: string | undefined): OriginRule =>
    originRule({ origins: undefined, baseURL: () => baseURL, page: () => page, base: () => pageBase, allowInsecureHttp: false })

  it.each([undefined, '', '/', '/api', 'api', './api', '//app.example.com/api'])(
    'of another origin, relative requests are refused with the baseURL %j',
    (baseURL) => {
      pageBase = 'https://other.example/'
      const judge = make(baseURL)
      for (const url of ['/me', 'me', undefined, '', './me', '?q'])
        expect([url, judge({ ...(url !== undefined && { url }), ...(baseURL !== undefined && { baseURL }) })]).toEqual([
          url,
          'nothing-allowed',
        ])
    },
  )

  it.each(['/api', '?to=https://api.example.com/'])(
    'that comes later, the verdict for the baseURL %s is made again',
    (baseURL) => {
      pageBase = page
      const judge = make(baseURL)
      const config = { url: '/me', baseURL }
      expect(judge(config)).toBe('allowed')
      pageBase = 'https://other.example/'
      expect([judge(config), judge({ url: 'https://other.example/me' })]).toEqual(['nothing-allowed', 'nothing-allowed'])
      pageBase = 'https://app.example.com/deep/'
      expect([judge(config), judge({ url: 'https://app.example.com/me' })]).toEqual(['allowed', 'allowed'])
    },
  )

  it('of another origin, an absolute baseURL is allowed as before', () => {
    pageBase = 'https://other.example/'
    const judge = make(base)
    expect([judge({ url: '/me', baseURL: base }), judge({ url: '/me' })]).toEqual(['allowed', 'refused'])
  })

  it('that the origins name, its own requests are allowed', () => {
    pageBase = 'https://other.example/'
    const judge = originRule({
      origins: ['https://other.example'],
      baseURL: () => '/api',
      page: () => page,
      base: () => pageBase,
      allowInsecureHttp: false,
    })
    expect(judge({ url: '/me', baseURL: '/api' })).toBe('allowed')
  })
})

describe('where URL is only partial, as in React Native', () => {
  const real = globalThis.URL
  afterEach(() => {
    globalThis.URL = real
  })
  const partial: [string, () => string][] = [
    [
      'without an origin',
      (): string => {
        throw new Error('URL.origin is not implemented')
      },
    ],
    ['whose origin is undefined', (): string => undefined as never],
    [
      'whose origin has the userinfo in it',
      function (this: { href: string }): string {
        return /^(https?:\/\/[^/]+)/.exec(this.href)?.[1] ?? ''
      },
    ],
  ]
  it.each(partial)('%s, usual addresses are judged, and others get no token', (_name, origin) => {
    class Partial {
      readonly href: string
      constructor(url: string, base?: string) {
        this.href = base === undefined ? url : `${base}${url}`
      }
    }
    Object.defineProperty(Partial.prototype, 'origin', { get: origin })
    globalThis.URL = Partial as never
    const isAllowed = rule({ baseURL: base })
    expect([isAllowed({ url: '/me', baseURL: base }), isAllowed({ url: 'https://API.example.com:443/x' })]).toEqual([true, true])
    expect(rule({ baseURL: 'http://127.0.0.1:3000' })({ url: 'http://127.0.0.1:3000/x' })).toBe(true)
    for (const url of [
      'https://api.example.com@evil.example/',
      'https://evil.example/',
      'https://api.example.com\\@evil.example/',
      'https://api.example.com:443@evil.example/',
      'https://api.example.com%2eevil.example/',
      '//evil.example',
    ])
      expect([url, isAllowed({ url })]).toEqual([url, false])
  })
})

describe('a challenge', () => {
  it('in a line of its own is not mixed with the line before', () => {
    expect(parseChallenges(['Negotiate', 'Bearer error=x']).map(({ scheme }) => scheme)).toEqual(['negotiate', 'bearer'])
  })

  it('that names a parameter twice means the first', () => {
    const challenges = parseChallenges('Bearer error="", ERROR=insufficient_scope')
    expect([challenges[0]!.parameters.error, beyondRefresh(challenges)]).toEqual(['', undefined])
  })

  it('that begins with a parameter is passed over', () => {
    expect(parseChallenges('error=x, Bearer')).toMatchObject([{ scheme: 'bearer', parameters: {} }])
  })
})
