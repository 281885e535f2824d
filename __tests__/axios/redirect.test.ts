import axios, { AxiosHeaders, type AxiosRequestConfig, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { originRule } from '../../src/axios/origin.js'
import { redirectGuard, type RedirectGuard } from '../../src/axios/redirect-guard.js'
import { answersToken, carries, refuseFetchRedirects } from '../../src/axios/redirect.js'
import { attachOAuth, memoryStore } from '../../src/index.js'

type Headers = Record<string, unknown>

/** An attached instance, and the configs that went to the wire. */
function attached(): { api: ReturnType<typeof axios.create>; sent: InternalAxiosRequestConfig[] } {
  const sent: InternalAxiosRequestConfig[] = []
  const api = axios.create({
    baseURL: 'https://example.com',
    adapter: async (config) => {
      sent.push(config)
      return { data: '', status: 200, statusText: 'OK', headers: {}, config }
    },
  })
  attachOAuth(api, memoryStore({ access_token: 'made-up' }), { refresh: false })
  return { api, sent }
}

/** Follows a redirect as the http adapter does. Returns the headers that go there. */
function redirect(config: InternalAxiosRequestConfig | undefined, href: string, headers: Headers): Headers {
  config!.beforeRedirect!({ href, headers }, { headers: {}, statusCode: 307 }, {} as never)
  return headers
}

describe('after a redirect', () => {
  const others = { accept: '*/*', 'x-authorization': 'kept' }

  it.each(['Authorization', 'authorization', 'AUTHORIZATION'])(
    'to another origin, %s is not sent, and all else is',
    async (name) => {
      const { api, sent } = attached()
      await api.get('/x')
      for (const href of [
        'https://sub.example.com/y',
        'https://evil.example/y',
        'http://example.com/y',
        'https://example.com:444/y',
      ])
        expect(redirect(sent[0], href, { ...others, [name]: 'Bearer made-up' })).toEqual(others)
    },
  )

  it('to an allowed origin, the token is sent', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    const headers = { ...others, Authorization: 'Bearer made-up' }
    expect(redirect(sent[0], 'https://example.com/y', { ...headers })).toEqual(headers)
  })

  it('without any headers, there is nothing to take off', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    expect(() => redirect(sent[0], 'https://evil.example/y', undefined as never)).not.toThrow()
  })

  it('the caller’s own beforeRedirect is called once, with all that axios tells it, and may no longer see the token', async () => {
    const { api, sent } = attached()
    const calls: unknown[] = []
    await api.get('/x', { beforeRedirect: (...details) => calls.push(structuredClone(details)) })
    redirect(sent[0], 'https://evil.example/y', { Authorization: 'Bearer made-up' })
    expect(calls).toEqual([[{ href: 'https://evil.example/y', headers: {} }, { headers: {}, statusCode: 307 }, {}]])
  })

  it('the token is taken off also for a request that comes back', async () => {
    const { api, sent } = attached()
    const { config } = await api.get('/x')
    await api.request(config)
    expect(redirect(sent[1], 'https://evil.example/y', { Authorization: 'Bearer made-up' })).toEqual({})
  })
})

describe('the guard of redirects does not pile up', () => {
  it('requests without a beforeRedirect of their own share one', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    await api.get('/y')
    expect(sent[1]!.beforeRedirect).toBe(sent[0]!.beforeRedirect)
  })

  it('a request that comes back keeps the one that it had', async () => {
    const { api, sent } = attached()
    const { config } = await api.get('/x', { beforeRedirect: () => undefined })
    const first = config.beforeRedirect
    await api.request(config)
    expect(sent[1]!.beforeRedirect).toBe(first)
  })
})

/** Guards a config as an attached instance does. */
const prepare =
  (guard: RedirectGuard) =>
  (config: InternalAxiosRequestConfig): void => {
    config.beforeRedirect = guard.wrap(config.beforeRedirect)
    guard.prepareTransport(config)
  }

const isAllowed = ({ url }: AxiosRequestConfig): boolean => String(url).startsWith('https://api.example.com/')

describe('a token in a header with another name', () => {
  const names = new Set(['x-shopify-access-token'])
  const guard = prepare(redirectGuard({ isAllowed, names, allowInsecureHttp: false }))
  const follow = (options: Record<string, unknown>, config: object = {}): unknown => {
    const prepared = config as InternalAxiosRequestConfig
    guard(prepared)
    prepared.beforeRedirect!(options as never, { headers: {}, statusCode: 307 } as never, {} as never)
    return options.headers
  }

  it('is not sent to another origin', () => {
    const headers = { 'X-Shopify-Access-Token': 'made-up', Authorization: 'the caller’s' }
    expect(follow({ href: 'https://sub.api.example.com/x', headers: { ...headers } })).toEqual({ Authorization: 'the caller’s' })
    expect(follow({ href: 'https://api.example.com/x', headers: { ...headers } })).toEqual(headers)
  })

  it('goes with the caller’s beforeRedirect to the address that was judged, and not to another one that it sets', () => {
    const go = (change: (options: Record<string, unknown>) => void): unknown => {
      const options = {
        href: 'https://api.example.com/x',
        hostname: 'api.example.com',
        headers: { 'X-Shopify-Access-Token': 'made-up' },
      }
      return follow(options, { beforeRedirect: change })
    }
    expect(go(() => undefined)).toEqual({ 'X-Shopify-Access-Token': 'made-up' })
    expect(go((options) => (options.hostname = 'evil.example'))).toEqual({})
    const own = { 'X-Shopify-Access-Token': 'the caller’s' }
    expect(go((options) => Object.assign(options, { hostname: 'evil.example', headers: { ...own } }))).toEqual(own)
  })

  it('is taken off for a transport of the caller’s own too', () => {
    const seen: { beforeRedirect?: (...args: unknown[]) => void }[] = []
    const transport = { request: (options: object) => seen.push(options) }
    const config = { transport }
    guard(config as never)
    config.transport.request({ path: '/' })
    const options = { href: 'https://evil.example/x', headers: { 'X-Shopify-Access-Token': 'made-up' } }
    seen[0]!.beforeRedirect!(options, {}, {})
    expect(options.headers).toEqual({})
    const before = config.transport
    guard(config as never)
    expect(config.transport).toBe(before)
  })

  it('leaves a transport that is none as it is', () => {
    const config = { transport: {} }
    const { transport } = config
    guard(config as never)
    expect(config.transport).toBe(transport)
  })

  it('that becomes known later is taken off too', () => {
    names.add('x-late')
    expect(follow({ href: 'https://evil.example/x', headers: { 'X-LATE': 'made-up' } })).toEqual({})
  })

  it('is not sent to an address that can not be read', () => {
    expect(follow({ href: undefined, headers: { 'x-late': 'made-up' } })).toEqual({})
    expect(follow({ href: 'https://', hostname: 'x', headers: { 'x-late': 'made-up' } })).toEqual({})
  })

  it.each([
    ['a proxy that gets the request as it is', { hostname: 'proxy.example', path: 'https://api.example.com/x' }, undefined],
    ['a proxy on this machine', { hostname: '127.0.0.1', path: 'https://api.example.com/x' }, undefined],
    ['no proxy', { hostname: 'api.example.com', path: '/x' }, 'made-up'],
  ])('through %s', (_name, way, value) => {
    const options = { href: 'https://api.example.com/x', ...way, headers: { 'x-late': 'made-up' } }
    expect(follow(options)).toEqual(value === undefined ? {} : { 'x-late': value })
  })

  it('goes through a proxy that is accepted', () => {
    const accepting = prepare(redirectGuard({ isAllowed, names, allowInsecureHttp: true }))
    const config = {} as InternalAxiosRequestConfig
    accepting(config)
    const options = { href: 'https://api.example.com/x', hostname: 'proxy.example', headers: { 'x-late': 'made-up' } }
    config.beforeRedirect!(options as never, {} as never, {} as never)
    expect(options.headers).toEqual({ 'x-late': 'made-up' })
  })

  it('that the caller’s beforeRedirect sets itself is the caller’s', () => {
    const beforeRedirect = (options: Record<string, unknown>): void =>
      void Object.assign(options, { hostname: 'other.example', headers: { 'x-late': 'the caller’s' } })
    const options = { href: 'https://api.example.com/x', hostname: 'api.example.com', headers: { 'x-late': 'made-up' } }
    expect(follow(options, { beforeRedirect })).toEqual({ 'x-late': 'the caller’s' })
  })

  it('has the fetch adapter reject a redirect, unless the caller says otherwise', () => {
    const prepared = (config: object): unknown => {
      refuseFetchRedirects(config as never)
      return (config as AxiosRequestConfig).fetchOptions
    }
    const fetchOptions = { cache: 'no-store' }
    expect(prepared({})).toEqual({ redirect: 'error' })
    expect(prepared({ fetchOptions })).toEqual({ cache: 'no-store', redirect: 'error' })
    expect(fetchOptions).toEqual({ cache: 'no-store' })
    expect(prepared({ fetchOptions: { redirect: 'follow' } })).toEqual({ redirect: 'follow' })
    expect(prepared({ maxRedirects: 0 })).toBeUndefined()
  })
})

describe('a response judges the token', () => {
  const sent = [{ lowerName: 'authorization', value: 'Bearer made-up' }]
  const answer = (request: unknown, headers: object = { Authorization: 'Bearer made-up' }): AxiosResponse =>
    ({
      request,
      config: { url: '/x', baseURL: 'https://api.example.com/', headers: AxiosHeaders.from(headers as never) },
    }) as never
  const node = (headers: Record<string, string>, res?: object): object => ({ getHeader: (name: string) => headers[name], res })
  const ours = { authorization: 'Bearer made-up' }

  it.each<[string, unknown]>([
    ['that Node has sent', node(ours)],
    ['that Node has sent to where a redirect has led', node(ours, { responseUrl: 'https://api.example.com/y' })],
    ['that was sent over HTTP/2', { sentHeaders: { Authorization: 'Bearer made-up' } }],
    ['that fetch has sent', new Request('https://api.example.com/x', { headers: ours })],
    ['that a page has sent', { responseURL: 'https://api.example.com/y' }],
    ['of which nothing is known', undefined],
  ])('%s', (_name, request) => {
    expect(answersToken(answer(request), sent, isAllowed)).toBe(true)
  })

  it.each<[string, AxiosResponse]>([
    ['when Node has sent another header', answer(node({ authorization: 'Basic made-up' }))],
    ['when Node has taken the header off', answer(node({}))],
    ['when HTTP/2 has sent another header', answer({ sentHeaders: { authorization: 'Basic made-up' } })],
    [
      'when fetch has sent another header',
      answer(new Request('https://api.example.com/x', { headers: { authorization: 'Basic x' } })),
    ],
    ['when the config has another header', answer(undefined, { authorization: 'Basic made-up' })],
    ['when the config has none', answer(undefined, {})],
    ['when a page has followed a redirect elsewhere', answer({ responseURL: 'https://evil.example/' })],
    ['when Node has followed a redirect elsewhere', answer(node(ours, { responseUrl: 'https://evil.example/' }))],
  ])('not %s', (_name, response) => {
    expect(answersToken(response, sent, isAllowed)).toBe(false)
  })

  it('not when allowAbsoluteUrls is false and a page has followed a redirect elsewhere', () => {
    const judge = originRule({
      baseURL: () => 'https://api.example.com/',
      origins: undefined,
      page: () => undefined,
      base: () => undefined,
      allowInsecureHttp: false,
    })
    const response = answer({ responseURL: 'https://evil.example/' })
    response.config.allowAbsoluteUrls = false
    expect(answersToken(response, sent, (config) => judge(config) === 'allowed')).toBe(false)
  })

  it('that was not sent: an empty header is none', () => {
    const none = [{ lowerName: 'authorization', value: undefined }]
    for (const headers of [{}, { Authorization: '' }, { Authorization: null }])
      expect(answersToken(answer(node({}), headers), none, isAllowed)).toBe(true)
    expect(answersToken(answer(node({}), { Authorization: 'Basic x' }), none, isAllowed)).toBe(false)
  })

  it('only if every header of it is still there', () => {
    const both = [...sent, { lowerName: 'x-tenant', value: '1' }]
    const config = (headers: object): AxiosRequestConfig => ({ headers: headers as never })
    expect(carries(config({ Authorization: 'Bearer made-up', 'X-Tenant': '1' }), both)).toBe(true)
    expect(carries(config({ Authorization: 'Bearer made-up' }), both)).toBe(false)
    const given = { Authorization: 'Bearer made-up', 'X-Tenant': '1' }
    expect(answersToken(answer(node({ ...ours, 'x-tenant': '1' }), given), both, isAllowed)).toBe(true)
    expect(answersToken(answer(node(ours), given), both, isAllowed)).toBe(false)
  })
})
