import { Agent } from 'node:http'
import axios, { AxiosHeaders, type AxiosInstance, type CreateAxiosDefaults, type InternalAxiosRequestConfig } from 'axios'
import MockAdapter from 'axios-mock-adapter'
import { refreshToken } from '../../src/grants/index.js'
import type { FetchInit } from '../../src/grants/fetch.js'
import { axiosFetch } from '../../src/grants/transport.js'
import { rejection } from '../helpers/client.js'
import { call, noAnswer, revoke, stored, type Sent } from '../helpers/token-endpoint.js'
import { listen } from '../helpers/world.js'

const tokenEndpoint = 'https://login.example.com/token'
const init: FetchInit = { method: 'POST', headers: {}, redirect: 'manual' }

interface Answer {
  status?: number
  headers?: unknown
  data?: unknown
}

/** An instance whose adapter sends nothing: it notes what it was handed, and answers what the test says. */
function fakeInstance(
  answer: Answer | ((config: InternalAxiosRequestConfig) => Promise<Answer>) = { data: '{"access_token":"made-up-access"}' },
  defaults: CreateAxiosDefaults = {},
): { instance: AxiosInstance; handed: InternalAxiosRequestConfig[] } {
  const handed: InternalAxiosRequestConfig[] = []
  const instance = axios.create({
    ...defaults,
    adapter: async (config) => {
      handed.push(config)
      const { status = 200, headers = {}, data } = typeof answer === 'function' ? await answer(config) : answer
      return { status, headers: headers as AxiosHeaders, data, statusText: '', config }
    },
  })
  return { instance, handed }
}
const through = (instance: AxiosInstance): ReturnType<typeof refreshToken> =>
  refreshToken({ tokenEndpoint, clientId: 'app', clientSecret: 'secret', axios: instance })

describe('a token request through an axios instance', () => {
  it('is handed to its adapter as axios itself would do it, but for limits that are the instance’s own', async () => {
    const { instance, handed } = fakeInstance(undefined, { timeout: 5, maxRedirects: 3, maxContentLength: 1, maxBodyLength: 1 })
    const { signal } = new AbortController()
    expect((await call(through(instance), { signal })).access_token).toBe('made-up-access')
    expect(handed).toHaveLength(1)
    const [config] = handed as [InternalAxiosRequestConfig]
    expect(config).toMatchObject({
      url: tokenEndpoint,
      method: 'post',
      responseType: 'text',
      maxRedirects: 0,
      timeout: 0,
      validateStatus: null,
      maxContentLength: 1_000_000,
      maxBodyLength: -1,
    })
    expect(config.signal).toBe(signal)
    expect(config.data).toBe(`refresh_token=${stored.refresh_token}&grant_type=refresh_token`)
    expect(config.headers).toBeInstanceOf(AxiosHeaders)
    expect(config.headers.get('authorization')).toBe(`Basic ${btoa('app:secret')}`)
    expect(config.headers.getContentType()).toBe('application/x-www-form-urlencoded;charset=UTF-8')
  })

  it('has no body where there is none', async () => {
    const { instance, handed } = fakeInstance()
    await axiosFetch(instance)(tokenEndpoint, { ...init, method: 'GET' })
    expect(handed[0]).toMatchObject({ method: 'get' })
    expect(handed[0]?.data).toBeUndefined()
  })

  it('goes the way of the instance: its agents, proxy, socket, lookup and what its adapter is given', async () => {
    const way = {
      httpAgent: new Agent(),
      httpsAgent: new Agent(),
      proxy: { host: 'proxy.example.com', port: 8080, protocol: 'http' },
      transport: { request: () => undefined },
      lookup: () => undefined,
      family: 6,
      socketPath: '/made/up.sock',
    }
    const { instance, handed } = fakeInstance(undefined, {
      ...way,
      env: { fetch: () => undefined },
      fetchOptions: { cache: 'no-store', redirect: 'follow' },
    } as never)
    await call(through(instance))
    for (const name of [...Object.keys(way), 'env'] as (keyof InternalAxiosRequestConfig)[]) {
      expect(instance.defaults).toHaveProperty(name)
      expect(handed[0]?.[name]).toBe(instance.defaults[name as keyof typeof instance.defaults])
    }
    expect(handed[0]?.fetchOptions).toEqual({ cache: 'no-store', redirect: 'manual' })
  })

  it('looks at the instance’s defaults when it is sent, not before', async () => {
    const { instance } = fakeInstance(() => Promise.reject(new Error('not this way')))
    const refresh = through(instance)
    instance.defaults.adapter = fakeInstance().instance.defaults.adapter!
    expect((await call(refresh)).access_token).toBe('made-up-access')
  })

  it('leaves out whatever else the instance would add: headers, parameters, base URL, transforms, interceptors', async () => {
    let intercepted = 0
    const { instance, handed } = fakeInstance(undefined, {
      baseURL: 'https://api.example.com',
      params: { key: 'not-for-here' },
      auth: { username: 'not', password: 'for-here' },
      headers: { common: { Authorization: 'Bearer not-for-here' }, 'X-Key': 'not-for-here' },
      transformRequest: () => 'not-for-here',
      transformResponse: () => 'not-for-here',
    })
    instance.interceptors.request.use((config) => (intercepted++, config))
    instance.interceptors.response.use((response) => (intercepted++, response))
    expect((await call(through(instance))).access_token).toBe('made-up-access')
    expect(intercepted).toBe(0)
    expect(JSON.stringify(handed)).not.toContain('not-for-here')
    expect(handed[0]).not.toHaveProperty('baseURL')
  })

  it('works with an adapter that mocks', async () => {
    const instance = axios.create()
    const mock = new MockAdapter(instance)
    mock.onPost(tokenEndpoint).reply(200, { access_token: 'made-up-access' })
    expect((await call(through(instance))).access_token).toBe('made-up-access')
    mock.onPost(tokenEndpoint).reply(400, { error: 'invalid_grant' }, { 'retry-after': '7' })
    expect(await rejection(call(through(instance)))).toMatchObject({ status: 400, error: 'invalid_grant', retryAfter: '7' })
  })

  it('ends when it is aborted, and tells a connection that failed by its code', async () => {
    const controller = new AbortController()
    const { instance } = fakeInstance((config) => {
      queueMicrotask(() => controller.abort())
      return noAnswer(config as never as Sent)
    })
    expect(await rejection(call(through(instance), { signal: controller.signal }))).toMatchObject({
      name: 'TokenEndpointError',
      message: 'The token endpoint could not be reached, or the connection broke.',
    })
    const broken = fakeInstance(() => Promise.reject(new axios.AxiosError('made up', 'ECONNRESET')))
    expect(await rejection(call(through(broken.instance)))).toMatchObject({ code: 'ECONNRESET' })
  })

  it('revokes the same way', async () => {
    const { instance, handed } = fakeInstance({})
    const revocationEndpoint = 'https://login.example.com/revoke'
    await revoke(refreshToken({ tokenEndpoint, revocationEndpoint, clientId: 'app', axios: instance }))
    expect(handed.map(({ url }) => url)).toEqual([revocationEndpoint, revocationEndpoint])
  })
})

describe('the answer of an adapter', () => {
  const answered = (answer: Answer): Promise<Response> => axiosFetch(fakeInstance(answer).instance)(tokenEndpoint, init)

  it.each([
    ['text', '{"a":1}', '{"a":1}'],
    ['parsed already', { a: 1 }, '{"a":1}'],
    ['nothing', undefined, ''],
    ['null', null, 'null'],
  ])('is read when it is %s', async (_what, data, text) => {
    const response = await answered({ status: 201, data })
    expect([response.status, await response.text()]).toEqual([201, text])
  })

  it.each([204, 205, 304])('with status %d has no body, whatever the adapter makes of it', async (status) => {
    const response = await answered({ status, data: '' })
    expect([response.status, response.body]).toEqual([status, null])
  })

  it('keeps its headers, with several values too', async () => {
    const { headers } = await answered({
      headers: new AxiosHeaders({ 'Retry-After': 5 as never, Date: 'today', 'Set-Cookie': ['a=1', 'b=2'], 'X-None': null }),
    })
    expect([headers.get('retry-after'), headers.get('date'), headers.getSetCookie(), headers.has('x-none')]).toEqual([
      '5',
      'today',
      ['a=1', 'b=2'],
      false,
    ])
  })

  it('is read where the adapter gives its headers as a plain object or not at all', async () => {
    expect((await answered({ headers: { date: 'today' } })).headers.get('date')).toBe('today')
    expect([...(await answered({ headers: null })).headers]).toEqual([])
  })

  it('that a browser makes of a redirect is told as one', async () => {
    const { instance } = fakeInstance({ status: 0, data: '' })
    expect(await rejection(call(through(instance)))).toMatchObject({
      status: 0,
      message: 'The token endpoint redirects, which is not followed: use its final address.',
    })
  })
})

describe.each(['http', 'fetch'] as const)('through the %s adapter', (adapter) => {
  const open: (() => Promise<void>)[] = []
  afterEach(() => Promise.all(open.splice(0).map((close) => close())))
  async function serve(...[handle]: Parameters<typeof listen>): Promise<string> {
    const { url, close } = await listen(handle)
    open.push(close)
    return url
  }
  const refreshAt = (address: string): ReturnType<typeof refreshToken> =>
    refreshToken({ tokenEndpoint: address, clientId: 'app', axios: axios.create({ adapter }) })

  it('a redirect is not followed, so that the refresh token goes nowhere else', async () => {
    let elsewhere = 0
    const other = await serve((_request, response) => void (elsewhere++, response.end('{"access_token":"made-up"}')))
    const endpoint = await serve((request, response) => {
      request.resume()
      response.writeHead(307, { location: other }).end()
    })
    expect(await rejection(call(refreshAt(endpoint)))).toMatchObject({
      status: 307,
      message: 'The token endpoint redirects, which is not followed: use its final address.',
    })
    expect(elsewhere).toBe(0)
  })

  it('a connection that is refused is told as such', async () => {
    const { url, close } = await listen(() => undefined)
    await close()
    expect(await rejection(call(refreshAt(url)))).toMatchObject({ name: 'TokenEndpointError', code: 'ECONNREFUSED' })
  })

  it('a token request goes out and is answered', async () => {
    const seen: unknown[] = []
    const endpoint = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers['content-type']])
      request.on('data', (chunk) => seen.push(String(chunk)))
      request.on('end', () => response.end('{"access_token":"made-up-access"}'))
    })
    expect((await call(refreshAt(`${endpoint}/token?a=b`))).access_token).toBe('made-up-access')
    expect(seen).toEqual([
      ['POST', '/token?a=b', 'application/x-www-form-urlencoded;charset=UTF-8'],
      `refresh_token=${stored.refresh_token}&grant_type=refresh_token&client_id=app`,
    ])
  })
})
