import { originRule, type OriginRule } from '../../src/axios/origin.js'

interface Place {
  baseURL?: string
  page?: string
  origins?: string[]
}
const rule = ({ baseURL, page, origins }: Place): OriginRule =>
  originRule({ baseURL: () => baseURL, page: () => page, origins, allowInsecureHttp: false })

const base = 'https://api.example.com/v1'
const page = 'https://app.example.com/start'

describe('a base that axios puts together with the URL in its own way', () => {
  const allowed = rule({ baseURL: base })
  it.each<[string, boolean, object]>([
    ['with a query is still the allowed origin', true, { url: '/x', baseURL: 'https://api.example.com?q' }],
    ['with backslashes is still the allowed origin', true, { url: '/x', baseURL: 'https:\\\\api.example.com/' }],
    [
      'does not count where the URL is an object that goes elsewhere',
      false,
      { url: new URL('https://evil.example'), baseURL: base },
    ],
    ['does not count where the URL is an object of the allowed origin', true, { url: new URL(base), baseURL: base }],
    ['does not count twice where both are the allowed origin', true, { url: base, baseURL: base, allowAbsoluteUrls: false }],
    [
      'counts where the request says that it does',
      false,
      { url: 'https://api.example.com/x', baseURL: 'https://evil.example', allowAbsoluteUrls: false },
    ],
  ])('%s', (_name, verdict, config) => expect(allowed(config)).toBe(verdict))
})

describe('in a browser whose API is elsewhere', () => {
  const allowed = rule({ baseURL: base, page })
  it.each(['/me', 'me', '/a//b', '?q', ''])('the page’s own server gets the token for the relative address %j', (url) =>
    expect(allowed({ url })).toBe(true),
  )

  it.each([
    ['its absolute address', 'https://app.example.com/me'],
    ['its address relative to the scheme', '//app.example.com/me'],
    ['the same after a tab', '\t//app.example.com/me'],
    ['the same in backslashes', '\\\\app.example.com/me'],
    ['one that becomes another host without its tab', '/\t/evil.example/me'],
  ])('it does not for %s', (_name, url) => expect(allowed({ url })).toBe(false))

  it('a base that is a path can not be led to another host by what follows', () => {
    expect(allowed({ url: 'me', baseURL: '/' })).toBe(true)
    expect(allowed({ url: '\\evil.example/me', baseURL: '/' })).toBe(false)
  })

  it('a page on plain http gets none', () => {
    expect(rule({ baseURL: base, page: 'http://app.example.com/' })({ url: '/me' })).toBe(false)
    expect(rule({ baseURL: base, page: 'http://localhost:3000/' })({ url: '/me' })).toBe(true)
  })

  it('where the origins are given, they are all', () => {
    const given = rule({ page, origins: ['https://api.example.com'] })
    expect([given({ url: '/me' }), given({ url: '/me', baseURL: base })]).toEqual([false, true])
  })
})

describe('there is nothing to allow', () => {
  it.each<[string, Place, RegExp]>([
    ['a scheme that has no origins', { origins: ['file:///etc/hosts'] }, /"file:.*is no origin; write it like https:/],
    ['a name alone', { origins: ['api.example.com'] }, /"api.example.com" is no origin/],
    ['another scheme, also of this machine', { origins: ['ftp://localhost'] }, /ftp:.*use https/],
    ['a base without an origin', { baseURL: 'file:///srv' }, /pass the option origins.*loopback only/],
    ['no base', {}, /create the instance with an absolute https baseURL/],
  ])('%s', (_name, place, message) => {
    expect(() => rule(place)).toThrow(TypeError)
    expect(() => rule(place)).toThrow(message)
  })
})

it('where the origins are given, a base that changes allows no other', () => {
  let baseURL = base
  const origins = ['https://api.example.com']
  const given = originRule({ baseURL: () => baseURL, page: () => undefined, origins, allowInsecureHttp: false })
  baseURL = 'https://other.example.com'
  expect([given({ url: '/x', baseURL }), given({ url: '/x', baseURL: base })]).toEqual([false, true])
})

it('an instance whose base is taken away allows nothing, and is not tripped by it', () => {
  let baseURL: string | undefined = base
  const following = originRule({ baseURL: () => baseURL, page: () => undefined, origins: undefined, allowInsecureHttp: false })
  expect(following({ url: '/x', baseURL })).toBe(true)
  baseURL = undefined
  expect([following({ url: '/x' }), following({ url: '/x', baseURL: base })]).toEqual([false, false])
})
