import { attachOAuth, memoryStore } from '../../src/index.js'
import axios from 'axios'
import { inspect } from 'node:util'
import { rejection } from '../helpers/client.js'
import { wired, type Wire } from '../helpers/wired.js'

const tokens = { access_token: 'old', refresh_token: 'r', shop: 'made-up' }
/** Records a header of each request, and accepts the second token. */
const recording =
  (name: string, seen: unknown[]): Wire =>
  ({ headers }) => {
    const value = headers.get(name)
    seen.push(value)
    return { status: String(value).endsWith('new') ? 200 : 401 }
  }

describe('the option header', () => {
  it.each([
    ['a name', 'X-Shopify-Access-Token', 'X-Shopify-Access-Token', ['old', 'new']],
    [
      'a name and a scheme',
      { name: 'Authorization', scheme: 'Zoho-oauthtoken' },
      'Authorization',
      ['Zoho-oauthtoken old', 'Zoho-oauthtoken new'],
    ],
    ['a name alone in an object', { name: 'X-Token' }, 'X-Token', ['old', 'new']],
    [
      'a function of the token set',
      (set: { access_token?: string }) => ({ 'X-Shop': `made-up/${set.access_token}` }),
      'X-Shop',
      ['made-up/old', 'made-up/new'],
    ],
  ])('%s: the first and the second send carry the token there', async (_what, header, name, values) => {
    const seen: unknown[] = []
    const { api } = wired({ tokens, header, wire: recording(name, seen) })
    expect((await api.get('/x')).status).toBe(200)
    expect(seen).toEqual(values)
  })

  it('that is a function is called once for each token', async () => {
    const called: unknown[] = []
    const { api } = wired({
      tokens,
      header: ({ access_token }) => (called.push(access_token), { Authorization: `Bearer ${access_token}` }),
    })
    for (let i = 0; i < 3; i++) await api.get('/x')
    expect(called).toEqual(['old', 'new'])
  })

  it('that is a function is not taken for a header of its name', async () => {
    const { api, sent } = wired({
      tokens,
      header: function accept({ access_token }) {
        return { Authorization: `made-up ${access_token}` }
      },
      wire: () => ({ status: 200 }),
    })
    await api.get('/x', { headers: { Accept: 'text/plain' } })
    expect(sent[0]!.authorization).toBe('made-up old')
  })

  it('leaves Authorization to the caller when the token travels in another header', async () => {
    const { api, sent } = wired({ tokens, header: 'X-Token', wire: () => ({ status: 200 }) })
    await api.get('/x', { headers: { Authorization: 'Basic made-up' } })
    expect(sent[0]!.authorization).toBe('Basic made-up')
  })

  it('lets a header of that name that the caller has set win', async () => {
    const seen: unknown[] = []
    const { api } = wired({ tokens, header: 'X-Token', wire: recording('X-Token', seen) })
    expect(await rejection(api.get('/x', { headers: { 'x-token': 'the caller’s' } }))).toMatchObject({
      response: { status: 401 },
    })
    expect(seen).toEqual(['the caller’s'])
  })

  it('takes an empty header of that name for none', async () => {
    const seen: unknown[] = []
    const { api } = wired({
      tokens,
      header: 'X-Token',
      wire: recording('X-Token', seen),
      defaults: { headers: { common: { 'x-token': '' } } },
    })
    await api.get('/x')
    expect(seen).toEqual(['old', 'new'])
  })

  it('that returns no header sends the request without the token, and a 401 refreshes it, unless the caller has a credential', async () => {
    const { api, refreshes } = wired({
      tokens,
      header: ({ access_token }) => (access_token === 'new' ? { Authorization: 'Bearer new' } : ({} as Record<string, string>)),
    })
    expect(await rejection(api.get('/x', { headers: { Authorization: 'Basic made-up' } }))).toMatchObject({
      response: { status: 401 },
    })
    expect(refreshes()).toBe(0)
    expect((await api.get('/x')).status).toBe(200)
    expect(refreshes()).toBe(1)
  })

  it('that names other headers for another token sends only those with the new one', async () => {
    const seen: unknown[] = []
    const { api } = wired({
      tokens,
      header: ({ access_token }): Record<string, string> =>
        access_token === 'new' ? { 'X-New': 'made-up' } : { 'X-Old': 'made-up', Authorization: 'Token old' },
      wire({ headers }) {
        seen.push([headers.get('X-Old'), headers.get('Authorization'), headers.get('X-New')])
        return { status: headers.get('X-New') ? 200 : 401 }
      },
    })
    expect((await api.get('/x')).status).toBe(200)
    expect(seen).toEqual([
      ['made-up', 'Token old', undefined],
      [undefined, undefined, 'made-up'],
    ])
  })

  it('that returns several takes all of them back when a request transform replaces one', async () => {
    const seen: unknown[] = []
    const { api } = wired({
      tokens,
      header: ({ access_token }) => ({ Authorization: `Bearer ${access_token}`, 'X-Tenant': 'made-up' }),
      wire: ({ headers }) => (seen.push(headers.get('Authorization'), headers.get('X-Tenant')), { status: 200 }),
    })
    await api.get('/x', { transformRequest: [(data, headers) => (headers.set('Authorization', 'Basic mine'), data)] })
    expect(seen).toEqual(['Basic mine', undefined])
  })

  it('keeps the token out of printed errors', async () => {
    const { api } = wired({
      tokens: { access_token: 'made-up-secret' },
      header: 'X-Token',
      refresh: false,
      wire: () => ({ status: 500 }),
    })
    const error = await rejection(api.get('/x'))
    expect(inspect(error, { depth: 20, customInspect: false })).not.toContain('made-up-secret')
  })

  it('has the fetch adapter refuse redirects, unless the caller says otherwise', async () => {
    const redirects: unknown[] = []
    const wire: Wire = (config) => {
      redirects.push((config.fetchOptions as { redirect?: string } | undefined)?.redirect)
      return { status: 200 }
    }
    const { api } = wired({ tokens, header: 'X-Token', wire })
    await api.get('/x')
    await api.get('/x', { fetchOptions: { redirect: 'follow' } } as never)
    expect(redirects).toEqual(['error', 'follow'])
  })

  it.each([[''], ['two words'], [{ name: '' }], [{ scheme: 'x' }], [1], [{ name: 'X', scheme: 'two words' }]])(
    'can not be %j',
    (header) => {
      const api = axios.create({ baseURL: 'https://api.example.com' })
      expect(() => attachOAuth(api, memoryStore(), { refresh: false, header: header as never })).toThrow(/^attachOAuth: header/)
    },
  )
})

describe('the option isExpired', () => {
  it.each([
    ['a list of statuses', [419], { status: 419 }],
    [
      'a function',
      ({ data }: { data: { code?: string } }) => data.code === 'EXPIRED',
      { status: 200, data: { code: 'EXPIRED' } },
    ],
  ])('%s: the request is recovered', async (_what, isExpired, answer) => {
    const wire: Wire = ({ headers }) => (headers.get('Authorization') === 'Bearer new' ? { status: 200, data: 'fine' } : answer)
    const { api, refreshes } = wired({ tokens, isExpired: isExpired as never, wire })
    expect((await api.get('/x')).data).toBe('fine')
    expect(refreshes()).toBe(1)
  })

  it('is asked once, and not for the second response', async () => {
    let asked = 0
    const { api, sent } = wired({ tokens, isExpired: () => (asked++, true), wire: () => ({ status: 200 }) })
    await api.get('/x')
    expect([asked, sent.length]).toEqual([1, 2])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('made up')
      },
    ],
    ['returns something truthy', () => 'yes'],
    ['returns a promise', () => Promise.resolve(false)],
    ['is asynchronous', async () => true],
    ['returns false', () => false],
  ])('that %s leaves the usual rules in force', async (_what, isExpired) => {
    const { api, sent } = wired({
      tokens,
      isExpired: isExpired as never,
      wire: (_config, n) => ({ status: n === 1 ? 401 : 200 }),
    })
    expect((await api.get('/x')).status).toBe(200)
    expect(sent).toHaveLength(2)
    expect((await api.get('/x')).status).toBe(200)
    expect(sent).toHaveLength(3)
  })

  it('is not asked for a request without the token', async () => {
    let asked = 0
    const { api } = wired({ tokens, isExpired: () => (asked++, true), wire: () => ({ status: 200 }) })
    await api.get('/x', { oauth: false })
    await api.get('https://other.example/x')
    expect(asked).toBe(0)
  })

  it('is not asked while the session is signed out: the response is the caller’s', async () => {
    const { api, session } = wired({ tokens, isExpired: [419], wire: () => ({ status: 419 }) })
    await session.signOut()
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 419 } })
  })

  it.each(['shouldRefresh', 'statusCodes'])('is named by the error for the option %s of another package', (name) => {
    const api = axios.create({ baseURL: 'https://api.example.com' })
    expect(() => attachOAuth(api, memoryStore(), { refresh: false, [name]: [403] } as never)).toThrow(
      `attachOAuth: ${name} is unknown; pass isExpired`,
    )
  })
})

describe('oauth: { recover: false }', () => {
  it('sends the token and leaves the 401 alone', async () => {
    const { api, sent, refreshes } = wired({ tokens })
    expect(await rejection(api.get('/x', { oauth: { recover: false } }))).toMatchObject({ response: { status: 401 } })
    expect([sent[0]!.authorization, refreshes()]).toEqual(['Bearer old', 0])
  })
})

describe('the option beforeResend', () => {
  it('changes the second send, with the new token set', async () => {
    const nonces: unknown[] = []
    const wire: Wire = ({ headers }) => {
      nonces.push([headers.get('X-Nonce'), headers.get('Authorization')])
      return { status: headers.get('Authorization') === 'Bearer new' ? 200 : 401 }
    }
    const { api } = wired({ tokens, wire, beforeResend: async (config) => void config.headers.set('X-Nonce', 'second') })
    await api.get('/x', { headers: { 'X-Nonce': 'first' } })
    expect(nonces).toEqual([
      ['first', 'Bearer old'],
      ['second', 'Bearer new'],
    ])
  })

  it('that throws rejects the request with that error', async () => {
    const failure = new Error('no nonce')
    const { api, sent } = wired({ tokens, beforeResend: () => Promise.reject(failure) })
    expect(await rejection(api.get('/x'))).toBe(failure)
    expect(sent).toHaveLength(1)
  })

  it('that leads to another origin loses the token', async () => {
    const { api, sent } = wired({
      tokens,
      wire: (_config, n) => ({ status: n === 1 ? 401 : 200 }),
      beforeResend: (config) => void (config.url = 'https://other.example/x'),
    })
    await api.get('/x')
    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer old', undefined])
  })

  it('that leads the request through a plain-http proxy keeps it from being sent', async () => {
    const { api, sent } = wired({
      tokens,
      defaults: { baseURL: 'http://localhost:3000' },
      beforeResend: (config) => void (config.proxy = { host: 'proxy.example', port: 1 }),
    })
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_INSECURE_PROXY' })
    expect(sent).toHaveLength(1)
    const elsewhere = { tokens, wire: (_config: unknown, n: number) => ({ status: n === 1 ? 401 : 200 }) }
    const led = wired({
      ...elsewhere,
      defaults: { baseURL: 'http://localhost:3000' },
      beforeResend: (config) => void Object.assign(config, { url: 'http://other.example', proxy: { host: 'p', port: 1 } }),
    })
    await led.api.get('/x')
    expect(led.sent.map(({ authorization }) => authorization)).toEqual(['Bearer old', undefined])
  })

  it('during which the user signs out keeps the request from being sent', async () => {
    const { api, session, sent } = wired({ tokens, beforeResend: async () => void (await session.signOut()) })
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(sent).toHaveLength(1)
  })
})
