import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import axios, { getAdapter, type AxiosAdapter, type AxiosRequestConfig } from 'axios'
import { refreshToken } from '../../src/grants/index.js'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { attach, expired, rejection } from '../helpers/client.js'
import { listen, startWorld, type World } from '../helpers/world.js'

// A dependency of axios.
interface FollowRedirects {
  readonly http: { request(...details: unknown[]): unknown }
}
const followRedirects = createRequire(createRequire(import.meta.url).resolve('axios'))('follow-redirects') as FollowRedirects

let world: World
let other: Awaited<ReturnType<typeof listen>>
/** Whether the other server ever saw a token, in any header. */
let leaked: string[]
let visits: number
let answerOther: (response: ServerResponse, request: IncomingMessage) => void

beforeEach(async () => {
  world = await startWorld()
  leaked = []
  visits = 0
  answerOther = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  other = await listen((request, response) => {
    visits++
    if (JSON.stringify(request.headers).includes('at-') || request.url?.includes('at-')) leaked.push(request.url ?? '')
    answerOther(response, request)
  })
})
afterEach(async () => {
  await Promise.all([world.close(), other.close()])
  expect(leaked).toEqual([])
})

const port = (url: string): string => new URL(url).port

describe('a request to another origin goes out without a token', () => {
  const tricks: [string, (api: string, evil: string) => object][] = [
    ['an absolute URL', (_api, evil) => ({ url: `${evil}/x` })],
    ['an absolute URL in capitals', (_api, evil) => ({ url: `${evil.replace('http', 'HTTP')}/x` })],
    ['a per-request baseURL', (_api, evil) => ({ url: '/x', baseURL: evil })],
    ['the allowed origin as userinfo', (api, evil) => ({ url: `http://127.0.0.1:${port(api)}@${new URL(evil).host}/x` })],
    [
      'the allowed origin as userinfo of a baseURL',
      (api, evil) => ({ url: '/x', baseURL: `http://127.0.0.1:${port(api)}@${new URL(evil).host}` }),
    ],
    ['another port', (_api, evil) => ({ url: `http://127.0.0.1:${port(evil)}/x` })],
    ['another name of the same machine', (api) => ({ url: `http://localhost:${port(api)}/x` })],
  ]
  it.each(tricks)('%s', async (_name, trick) => {
    const { api } = attach(world)
    await api.request(trick(world.api, other.url)).catch(() => undefined)
    expect(world.seen.map(({ authorization }) => authorization)).not.toContainEqual(expect.stringContaining('at-'))
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('its 401 is not recovered', async () => {
    answerOther = (response) => void response.writeHead(401).end()
    const { api } = attach(world)
    expect(await rejection(api.get(`${other.url}/x`))).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect([visits, world.counts.refreshGrants]).toEqual([1, 0])
  })

  it('an interceptor that was there before and changes the baseURL does not lead the token astray', async () => {
    const api = axios.create({ baseURL: world.api })
    api.interceptors.request.use((config) => Object.assign(config, { baseURL: other.url }))
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
    api.interceptors.request.use((config) => config)
    await api.get('/x')
    expect(visits).toBe(1)
  })

  it('an asynchronous interceptor that comes later and changes the URL does not either', async () => {
    const { api } = attach(world, { tokens: expired(world) })
    api.interceptors.request.use(async (config) => Object.assign(config, { url: `${other.url}/x` }))
    await api.get('/x')
    expect([visits, world.counts.refreshGrants]).toEqual([1, 0])
  })

  it.each([
    [302, 'http'],
    [307, 'http'],
    [308, 'http'],
    [302, 'fetch'],
    [307, 'fetch'],
  ])('a redirect (%i) to another origin, with the %s adapter', async (status, adapter) => {
    world.resource.faults.always({ instead: { status, headers: { location: `${other.url}/landed` } } })
    const { api } = attach(world, { defaults: { adapter } })
    await api.get('/x')
    expect(visits).toBe(1)
  })

  it('a redirect to a name below the present one, at the same port', async () => {
    const below = await listen(
      (request, response) => {
        if (JSON.stringify(request.headers).includes('at-')) leaked.push('below')
        visits++
        response.end('{}')
      },
      { host: '127.0.0.2', port: Number(port(world.api)) },
    )
    const api = axios.create({ baseURL: world.api.replace('127.0.0.1', 'localhost') })
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
    const location = `http://sub.localhost:${port(world.api)}/landed`
    world.resource.faults.always({ instead: { status: 302, headers: { location } } })
    const lookup = (name: string, options: { all?: boolean }, done: (...results: unknown[]) => void): void => {
      const address = name.startsWith('sub.') ? '127.0.0.2' : '127.0.0.1'
      if (options.all) done(null, [{ address, family: 4 }])
      else done(null, address, 4)
    }
    await api.get('/x', { httpAgent: new Agent({ lookup } as object) })
    await below.close()
    expect(visits).toBe(1)
  })
})

describe('a 401 that does not judge the token is the caller’s answer, and nothing is refreshed', () => {
  it('from where a redirect has led', async () => {
    answerOther = (response) => void response.writeHead(401).end()
    world.resource.faults.always({ instead: { status: 302, headers: { location: `${other.url}/landed` } } })
    const { api } = attach(world)
    for (let i = 0; i < 6; i++)
      expect(await rejection(api.get('/x'))).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect([visits, world.counts.refreshGrants]).toEqual([6, 0])
  })

  it('to a request whose URL has a password in it', async () => {
    const { api } = attach(world)
    const url = `${world.api.replace('//', '//user:made-up@')}/x`
    expect(await rejection(api.get(url))).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect(world.seen.map(({ authorization }) => authorization)).toEqual([`Basic ${btoa('user:made-up')}`])
    expect(world.counts.refreshGrants).toBe(0)
  })

  it.each([
    ['another origin', 'https://elsewhere.example/x', 401, 0],
    ['the API', 'https://api.example.com/y', 200, 1],
    ['the API, as a mock tells it', '/y', 200, 1],
    ['an unknown place', '', 200, 1],
  ])('as a browser tells it: from %s', async (_where, responseURL, status, refreshes) => {
    const adapter: AxiosAdapter = async (config) => {
      const isFine = config.headers.Authorization === 'Bearer new'
      return { data: '', status: isFine ? 200 : 401, statusText: '', headers: {}, config, request: { responseURL } }
    }
    const api = axios.create({ baseURL: 'https://api.example.com', adapter })
    let refreshed = 0
    attachOAuth(api, memoryStore({ access_token: 'old' }), { refresh: () => ({ access_token: 'new', n: refreshed++ }) })
    expect([(await api.get('/x')).status, refreshed]).toEqual([status, refreshes])
  })
})

describe('a transport of the caller’s own that follows redirects', () => {
  /** A server on another address, where a name below the present one leads. */
  async function startBelow(): Promise<{ location: string; lookup: Lookup; close: () => Promise<void> }> {
    const below = await listen(
      (request, response) => {
        visits++
        if (JSON.stringify(request.headers).includes('at-')) leaked.push('below')
        response.end('{}')
      },
      { host: '127.0.0.2', port: Number(port(world.api)) },
    )
    const lookup: Lookup = (name, options, done) => {
      const address = name.startsWith('sub.') ? '127.0.0.2' : '127.0.0.1'
      if (options.all) done(null, [{ address, family: 4 }])
      else done(null, address, 4)
    }
    return { location: `http://sub.localhost:${port(world.api)}/landed`, lookup, close: below.close }
  }
  type Lookup = (name: string, options: { all?: boolean }, done: (...results: unknown[]) => void) => void

  const { request } = followRedirects.http
  class OwnTransport {
    calls = 0
    request(...details: Parameters<typeof request>): unknown {
      this.calls++
      return request(...details)
    }
  }

  it('takes no token to a name below the present one', async () => {
    const below = await startBelow()
    world.resource.faults.always({ instead: { status: 307, headers: { location: below.location } } })
    const api = axios.create({ baseURL: world.api.replace('127.0.0.1', 'localhost') })
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
    const own = new OwnTransport()
    const beforeRedirect: string[] = []
    const options = { httpAgent: new Agent({ lookup: below.lookup } as object) }
    await api.get('/x', { ...options, transport: followRedirects.http })
    await api.get('/x', { ...options, transport: own })
    await api.get('/x', { ...options, beforeRedirect: ({ href }) => void beforeRedirect.push(String(href)) })
    await below.close()
    expect([visits, own.calls, beforeRedirect]).toEqual([3, 1, [below.location]])
    expect(world.seen.map(({ authorization }) => authorization)).toEqual(Array(3).fill(`Bearer ${world.tokens.access_token}`))
  })

  it('takes the token to an allowed address, and is the same for a config that comes back', async () => {
    const api = axios.create({ baseURL: world.api, transport: followRedirects.http })
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
    world.resource.faults.once({ instead: { status: 307, headers: { location: '/landed' } } })
    const { config } = await api.get('/x')
    await api.request(config)
    expect(world.seen.map(({ url, authorization }) => `${url} ${authorization?.slice(0, 9)}`)).toEqual(
      ['/x', '/landed', '/x'].map((url) => `${url} Bearer at`),
    )
  })

  it('whose beforeRedirect leads elsewhere than the location says takes no token there', async () => {
    const api = axios.create({ baseURL: world.api })
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
    world.resource.faults.once({ instead: { status: 307, headers: { location: '/landed' } } })
    await api.get('/x', { beforeRedirect: (options) => Object.assign(options, { port: port(other.url), host: undefined }) })
    expect(visits).toBe(1)
  })
})

describe('a header that a request transform has set is the caller’s own', () => {
  it.each(['http', 'fetch'] as const)('and its 401 is not recovered, with the %s adapter', async (adapter) => {
    const { api } = attach(world, { defaults: { adapter } })
    const transformRequest = [
      (data: unknown, headers: Record<string, unknown>) => {
        headers.Authorization = 'Basic made-up'
        return data
      },
    ]
    const error = await rejection(api.post('/x', 'text', { transformRequest }))
    expect(error).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect(world.seen.map(({ authorization }) => authorization)).toEqual(['Basic made-up'])
    expect(world.counts.refreshGrants).toBe(0)
  })

  // Releases before 1.13 know no HTTP/2.
  const versions = axios.VERSION.startsWith('1.7.') ? ['HTTP/1.1'] : ['HTTP/1.1', 'HTTP/2']
  it.each(versions)('and its 401 is not recovered, over %s', async (version) => {
    const server = version === 'HTTP/2' ? createHttp2Server() : createServer()
    const seen: unknown[] = []
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      seen.push(request.headers.authorization)
      response.writeHead(401).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const api = axios.create({ baseURL, ...(version === 'HTTP/2' && { httpVersion: 2 }) })
    attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh: () => ({ access_token: 'new' }) })
    const own = [(_data: unknown, headers: Record<string, unknown>) => void (headers.Authorization = 'Basic made-up')]
    await rejection(api.get('/x', { transformRequest: own }))
    await rejection(api.get('/y'))
    server.close()
    expect(seen).toEqual(['Basic made-up', 'Bearer old', 'Bearer new'])
  })
})

describe('the refresh token', () => {
  const everything = (): string =>
    world.seen.map(({ url, headers, body }) => `${url}${JSON.stringify(headers)}${body.toString()}`).join()

  it('is sent to the token endpoint and nowhere else, whatever becomes of a request', async () => {
    const { api, store } = attach(world)
    await api.post('/served', { a: 1 })
    world.revokeAccessTokens()
    await Promise.all([api.get('/recovered'), api.post('/recovered', { a: 1 })])
    world.resource.rejectAll = true
    await rejection(api.get('/refused'))
    await api.get(`${other.url}/elsewhere`)
    const { refresh_token } = (await store.read())!
    expect(everything()).toContain('Bearer at-')
    expect(everything()).not.toMatch(/rt-/)
    expect(world.token.log.map(({ url }) => url)).toEqual(['/token', '/token'])
    expect(refresh_token).toMatch(/^rt-/)
  })

  it.each([
    [302, 'fetch'],
    [307, 'fetch'],
    [308, 'fetch'],
    [307, 'axios'],
    [308, 'axios'],
  ])('does not follow a token endpoint that redirects (%i), asked through %s', async (status, transport) => {
    world.token.faults.always({ instead: { status, headers: { location: `${other.url}/token` } } })
    const via = transport === 'axios' ? { axios: axios.create() } : {}
    const refresh = refreshToken({ tokenEndpoint: world.tokenEndpoint, clientId: 'app', ...via })
    const { api } = attach(world, { tokens: expired(world), refresh })
    world.revokeAccessTokens()
    const error = await rejection(api.get('/x'))
    expect(error).toMatchObject({
      code: 'OAUTH_CLIENT_REFUSED',
      response: { status: 401 },
      cause: { cause: { message: expect.stringContaining('redirects, which is not followed') } },
    })
    expect([world.token.log.length, visits]).toEqual([1, 0])
  })
})

describe('which origins get the token', () => {
  const own: AxiosAdapter = (config) => getAdapter('http')(config)
  it.each<[string, NonNullable<AxiosRequestConfig['adapter']>]>([
    ['the http', 'http'],
    ['the fetch', 'fetch'],
    ['the first that works of several as its', ['xhr', 'http']],
    ['a caller’s own', own],
  ])('every request to an allowed one has it as its bearer, with %s adapter', async (_name, adapter) => {
    const { api } = attach(world, { defaults: { adapter } })
    for (const method of ['get', 'head', 'options', 'delete', 'post', 'put', 'patch'])
      await api.request({ method, url: `/${method}` })
    expect(world.seen.map(({ authorization }) => authorization)).toEqual(Array(7).fill(`Bearer ${world.tokens.access_token}`))
  })

  it('that of the baseURL, also by an absolute URL', async () => {
    const { api } = attach(world)
    await api.get(`${world.api}/x`)
    expect(world.counts.served).toBe(1)
  })

  it.each(['http', 'fetch'] as const)(
    'with allowAbsoluteUrls: false, the %s adapter sends an absolute URL to the baseURL with the token, or elsewhere without it',
    async (adapter) => {
      const { api } = attach(world, { defaults: { adapter, allowAbsoluteUrls: false } })
      await api.get(`${other.url}/x`)
      const isIgnored = axios.VERSION === '1.7.0'
      expect([visits, world.counts.served]).toEqual(isIgnored ? [1, 0] : [0, 1])
    },
  )

  it('those of the option origins, and no other', async () => {
    const api = axios.create({ baseURL: other.url })
    attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh, origins: [world.api] })
    await api.get('/x')
    await api.get(`${world.api}/x`)
    expect([visits, world.counts.served]).toEqual([1, 1])
  })

  const refresh = async (): Promise<never> => Promise.reject(new Error('unused'))
  it.each([
    ['a baseURL that is plain http', { baseURL: 'http://api.example.com' }, {}, /http/],
    ['an origin that is plain http', {}, { origins: ['http://api.example.com'] }, /dangerouslyAllowInsecureHttp/],
    ['an origin that is none', {}, { origins: ['api.example.com'] }, /origins/],
    ['an origin with a path', {}, { origins: ['https://api.example.com/v1'] }, /more than an origin/],
  ])('attaching with %s is a TypeError that says what to pass', (_name, defaults, options, message) => {
    const attempt = (): unknown => attachOAuth(axios.create(defaults), memoryStore(), { refresh, ...options })
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
  })

  it.each([{}, { baseURL: '/api' }])(
    'where none is known yet (%j), attaching works, and requests reject with what to pass',
    async (defaults) => {
      const api = axios.create(defaults)
      attachOAuth(api, memoryStore(world.tokens), { refresh: world.refresh })
      for (const request of [api.get('/x'), api.get(`${world.api}/x`), api.post('/x', { a: 1 }), api.get(`${other.url}/x`)])
        expect(await rejection(request)).toMatchObject({
          code: 'OAUTH_ORIGIN_UNKNOWN',
          retryable: false,
          message: expect.stringContaining('the option origins'),
          config: { url: expect.any(String) },
        })
      expect((await api.get(`${world.api}/x`, { oauth: false, validateStatus: null })).status).toBe(401)
      api.defaults.baseURL = world.api
      expect((await api.get('/x')).status).toBe(200)
      expect([world.counts.requests, visits]).toEqual([2, 0])
    },
  )

  it('plain http is allowed when the option with the unmistakable name says so', async () => {
    const sent: unknown[] = []
    const adapter: AxiosAdapter = async (config) => {
      sent.push(config.headers.Authorization)
      return { data: '', status: 200, statusText: '', headers: {}, config }
    }
    const api = axios.create({ baseURL: 'http://api.example.com', adapter })
    attachOAuth(api, memoryStore({ access_token: 'a' }), { refresh, dangerouslyAllowInsecureHttp: true })
    await api.get('/x')
    expect(sent).toEqual(['Bearer a'])
  })
})

describe("the caller's own authorization", () => {
  it.each([
    ['a header', { headers: { Authorization: 'Basic made-up' } }],
    ['a header in other letters', { headers: { authorization: 'Basic made-up' } }],
    ['axios’ own auth option', { auth: { username: 'made', password: 'up' } }],
  ])('%s wins, and its 401 is not recovered', async (_name, config) => {
    const { api } = attach(world)
    expect(await rejection(api.get('/x', config))).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect(world.seen.map(({ authorization }) => authorization?.split(' ')[0])).toEqual(['Basic'])
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('wins also where it is among the defaults of the instance', async () => {
    const { api } = attach(world)
    api.defaults.headers.common.Authorization = 'Basic made-up'
    expect(await rejection(api.get('/x'))).toMatchObject({ response: { status: 401 }, code: 'ERR_BAD_REQUEST' })
    expect(world.seen.map(({ authorization }) => authorization)).toEqual(['Basic made-up'])
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('oauth: false opts out, per request and through the defaults', async () => {
    const { api } = attach(world)
    await rejection(api.get('/x', { oauth: false }))
    api.defaults.oauth = false
    await rejection(api.get('/x'))
    expect(world.seen.map(({ authorization }) => authorization)).toStrictEqual([undefined, undefined])
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('a config that comes back is sent with the present token, not with the one it was sent with', async () => {
    const { api } = attach(world)
    const { config } = await api.get('/x')
    world.revokeAccessTokens()
    await api.get('/y')
    await api.request(config)
    expect(world.seen.map(({ status }) => status)).toEqual([200, 401, 200, 200])
  })
})
