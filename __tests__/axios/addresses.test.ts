import { beyondRefresh, parseChallenges } from '../../src/axios/challenge.js'
import { originRule, type OriginRule, type OriginSettings } from '../../src/axios/origin.js'

const base = 'https://api.example.com/v1'
const page = 'https://app.example.com/start'

function rule(settings: { baseURL?: string; page?: string; origins?: string[]; insecure?: boolean }): OriginRule {
  const { baseURL, page, origins, insecure = false } = settings
  return originRule({ baseURL: () => baseURL, page: () => page, origins, allowInsecureHttp: insecure })
}

type Row = [string, object]
const judged = (rows: Row[], isAllowed: OriginRule, verdict: boolean): void =>
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
    ['the same after a blank', { url: ' //app.example.com/me' }],
    ['the same in backslashes', { url: '\\/app.example.com/me' }],
    ['a base that is two slashes', { baseURL: '//' }],
    ['a path that a tab disguises, behind a base that is a slash', { url: '\t//evil.example/x', baseURL: '/' }],
    ['a base of so many slashes that some are left', { url: 'evil.example/x', baseURL: '////' }],
    ['a base that is only the page’s scheme', { url: 'api.example.com/x', baseURL: 'https://' }],
    ['another scheme', { url: 'data:text/plain,x' }],
  ]
  judged(allowed, isAllowed, true)
  judged(refused, isAllowed, false)

  it('the page’s own server is none of the origins that were given instead', () => {
    expect(rule({ baseURL: base, page, origins: [base] })({ url: '/me' })).toBe(false)
  })

  it('without a baseURL, the page’s own server is the API', () => {
    expect([page, base].map((url) => rule({ page })({ url }))).toEqual([true, false])
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

describe('outside of a page', () => {
  const isAllowed = rule({ baseURL: base })
  const allowed: Row[] = [
    ['a path, where absolute addresses are not', { url: '/x', baseURL: base, allowAbsoluteUrls: false }],
    ['a path without a slash likewise', { url: 'x', baseURL: base, allowAbsoluteUrls: false }],
    ['no URL likewise', { baseURL: base, allowAbsoluteUrls: false }],
    ['an absolute address of the API likewise', { url: `${base}/x`, baseURL: base, allowAbsoluteUrls: false }],
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
    ['api.example.com', false, 'origins: "api.example.com" is no origin; write it like https://api.example.com'],
    ['file:///etc', false, 'origins: "file:///etc" is no origin'],
    ['http://api.example.com', false, 'origins: http://api.example.com is plain http'],
    ['ftp://127.0.0.1', true, 'origins: ftp://127.0.0.1'],
  ])('can not hold %j', (origin, insecure, message) => {
    expect(() => rule({ origins: [origin], insecure })).toThrow(TypeError)
    expect(() => rule({ origins: [origin], insecure })).toThrow(message)
  })

  it.each([[[]], ['https://api.example.com']])('can not be %j', (origins) => {
    expect(() => rule({ origins: origins as string[] })).toThrow(/^origins must be a list with at least one origin/)
  })

  it.each<[string, Partial<OriginSettings>]>([
    ['is missing, with a baseURL of another scheme', { baseURL: () => 'ftp://localhost' }],
    ['is missing, with a baseURL that is no address', { baseURL: () => '/v1' }],
  ])('%s', (_name, settings) => {
    const make = (): OriginRule =>
      originRule({ origins: undefined, baseURL: () => undefined, page: () => undefined, allowInsecureHttp: false, ...settings })
    expect(make).toThrow(/^attachOAuth: tell which origins may get the token.*Plain http is for loopback only/)
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
