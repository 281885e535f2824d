import { inspect } from 'node:util'
import axios from 'axios'
import { attachOAuth, memoryStore } from '../src/index.js'
import { refreshToken, type RefreshTokenOptions } from '../src/refresh-token.js'
import { startServers, type Servers } from '../scripts/servers/start.js'
import { rejection } from './helpers/client.js'
import { call, fakeFetch, issued, stored } from './helpers/token-endpoint.js'
import { listen } from './helpers/world.js'

const tokenEndpoint = 'https://login.example.com/token'
const options = (more: Partial<RefreshTokenOptions> = {}): RefreshTokenOptions => ({ tokenEndpoint, clientId: 'app', ...more })
const answered = (response: () => Response | Promise<Response>): ReturnType<typeof call> =>
  call(refreshToken(options({ fetch: fakeFetch(response).fetch as never })))

describe('refreshToken for public clients', () => {
  it('posts a form to the token endpoint (RFC 6749 §6) and follows no redirect', async () => {
    const { fetch, sent } = fakeFetch()
    const { signal } = new AbortController()
    const parameters = { tenant: 'one & only=ü' }
    await call(refreshToken(options({ fetch: fetch as never, scope: 'read write', parameters })), { signal })
    expect(sent[0]).toMatchObject({
      url: tokenEndpoint,
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(sent[0]?.signal).toBe(signal)
    expect(Object.fromEntries(sent[0]!.body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: stored.refresh_token,
      client_id: 'app',
      scope: 'read write',
      ...parameters,
    })
  })

  it('sends no scope where none is given, and needs a refresh token', async () => {
    const { fetch, sent } = fakeFetch()
    const refresh = refreshToken(options({ fetch: fetch as never, parameters: { grant_type: 'made up' } }))
    await call(refresh)
    expect(sent[0]!.body.has('scope')).toBe(false)
    expect(sent[0]!.body.get('grant_type')).toBe('refresh_token')
    expect(refresh.needsRefreshToken).toBe(true)
  })

  it('reports the Date of the answer, refused or not', async () => {
    const dates: unknown[] = []
    const date = 'Fri, 02 Jan 2026 00:00:00 GMT'
    const reportDate = (given: unknown): void => void dates.push(given)
    for (const status of [200, 503]) {
      const { fetch } = fakeFetch(() => new Response('{"access_token":"made-up"}', { status, headers: { date } }))
      await call(refreshToken(options({ fetch: fetch as never })), { reportDate }).catch(() => undefined)
    }
    expect(dates).toEqual([date, date])
  })

  it.each([
    ['JSON', '{"access_token":"made-up","expires_in":3600}'],
    ['JSON behind a byte order mark', '\uFEFF{"access_token":"made-up","expires_in":3600}'],
  ])('hands %s on whole', async (_what, body) =>
    expect(await answered(() => new Response(body))).toEqual({ access_token: 'made-up', expires_in: 3600 }),
  )

  it('hands a form (GitHub) on as its members', async () => {
    const form = 'access_token=made-up&expires_in=28800&scope=read+write'
    expect(await answered(() => new Response(form))).toEqual({
      access_token: 'made-up',
      expires_in: '28800',
      scope: 'read write',
    })
    expect(await rejection(answered(() => new Response('see access_token=made-up')))).toMatchObject({ body: expect.any(String) })
  })

  it('hands on a new refresh token although the access token is missing', async () => {
    expect(await answered(() => Response.json({ refresh_token: 'made-up' }))).toEqual({ refresh_token: 'made-up' })
  })

  it.each<[string, () => Response, object]>([
    [
      'an error of RFC 6749 §5.2',
      () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
      { status: 400, error: 'invalid_grant', message: 'The token endpoint answered 400 with the error invalid_grant.' },
    ],
    ['an error with 200', () => Response.json({ ok: false, error: 'invalid_refresh_token' }), { error: 'invalid_refresh_token' }],
    [
      'an error and a new refresh token',
      () => Response.json({ error: 'invalid_scope', refresh_token: 'made-up' }),
      { error: 'invalid_scope' },
    ],
    ['an overload', () => new Response('', { status: 503, headers: { 'retry-after': '7' } }), { status: 503, retryAfter: '7' }],
    ['a page', () => new Response('<html>'), { status: 200, message: 'The token endpoint answered 200 with no token.' }],
    ['null', () => new Response('null'), { status: 200 }],
    [
      'a redirect',
      () => new Response(null, { status: 307 }),
      {
        status: 307,
        message: 'The token endpoint redirects, which is not followed: use its final address.',
        isMisconfigured: true,
      },
    ],
    ['the redirect of a browser', () => Response.error(), { status: 0 }],
  ])('rejects %s with an error of the shape of TokenEndpointError', async (_what, response, expected) => {
    const error = await rejection(answered(response))
    expect(error).toMatchObject({ name: 'TokenEndpointError', isTokenEndpointError: true, ...expected })
    expect(Object.keys(error).filter((name) => !['status', 'error', 'retryAfter', 'code'].includes(name))).toEqual([])
  })

  it('carries the answer for those who classify it, unseen by printers', async () => {
    const body = { error: 'two words', error_description: 'made-up-token', refresh_token: 'made-up-token' }
    const error = await rejection(answered(() => Response.json(body, { status: 400 })))
    expect(error).toMatchObject({ body, error_description: 'made-up-token' })
    expect(error.error).toBeUndefined()
    const printed = [error.stack, JSON.stringify(error), inspect(error, { customInspect: false, depth: 10 })]
    expect(printed.join('\n')).not.toMatch(/made-up|two words/)
  })

  it('tells a failed connection by its code, with nothing of the failure’s text', async () => {
    const { url, close } = await listen(() => undefined)
    await close()
    const error = await rejection(call(refreshToken({ tokenEndpoint: url, clientId: 'app' })))
    expect(error).toMatchObject({ name: 'TokenEndpointError', code: 'ECONNREFUSED', syscall: 'connect' })
    const failing = (failure: unknown) => rejection(answered(() => Promise.reject(failure as Error)))
    const own = await failing(Object.assign(new Error('made-up-token'), { config: 'made-up-token' }))
    expect(inspect(own, { customInspect: false, depth: 10 })).not.toContain('made-up')
    expect((await failing(new DOMException('made up', 'AbortError'))).code).toBeUndefined()
    for (const code of ['made-up-token', 'ECONNRESET made-up-token', 'made-up-token ECONNRESET'])
      expect((await failing({ code })).code).toBeUndefined()
    expect((await failing(undefined)).name).toBe('TokenEndpointError')
  })

  it('reads answers without streams, as in React Native', async () => {
    const whole = (text: string) => (): Response =>
      ({ status: 200, ok: true, headers: new Headers(), text: async () => text, body: {} }) as unknown as Response
    expect(await answered(whole('{"access_token":"made-up"}'))).toEqual({ access_token: 'made-up' })
    expect(await answered(whole('{"access_token":"made-up"}'.padEnd(1_000_000)))).toEqual({ access_token: 'made-up' })
    expect((await rejection(answered(whole('a'.repeat(1_000_001))))).message).toBe('The token endpoint sent more than 1 MB.')
  })

  it('goes through the platform’s fetch of that moment', async () => {
    const platform = globalThis.fetch
    const refresh = refreshToken(options())
    const { fetch, sent } = fakeFetch(() => issued())
    globalThis.fetch = fetch as never
    try {
      await call(refresh)
    } finally {
      globalThis.fetch = platform
    }
    expect(sent).toHaveLength(1)
  })

  it.each<[string, object]>([
    ['tokenEndpoint', options({ tokenEndpoint: 'http://login.example.com/token' })],
    ['tokenEndpoint', options({ tokenEndpoint: 'http://localhost.example/token' })],
    ['tokenEndpoint', options({ tokenEndpoint: 'http://localhost:80@evil.example/token' })],
    ['tokenEndpoint', options({ tokenEndpoint: 'http://127.0.0.1.example/token' })],
    ['tokenEndpoint', options({ tokenEndpoint: '/token' })],
    ['tokenEndpoint', { clientId: 'app' }],
    ['clientId', options({ clientId: '' })],
    ['clientId', options({ clientId: 5 as never })],
    ['scope', options({ scope: ['read'] as never })],
    ['fetch', options({ fetch: 'made up' as never })],
    ['clientSecret', { ...options(), clientSecret: 'made-up-secret' }],
  ])('refuses a wrong or unknown %s with a TypeError that names it', (name, wrong) => {
    expect(() => refreshToken(wrong as RefreshTokenOptions)).toThrow(
      new TypeError(`refreshToken: the option ${name} is wrong or unknown`),
    )
  })

  it.each(['http://localhost:3000/token', 'http://127.0.0.1/token', 'http://[::1]:8080?a=b', 'HTTPS://login.example.com'])(
    'accepts %s',
    (address) => expect(() => refreshToken(options({ tokenEndpoint: address }))).not.toThrow(),
  )
})

describe('refreshToken for public clients at a real authorization server', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers()
  })
  afterAll(() => servers.stop())

  it('rotates the refresh token once for many requests, and ends the session when it is refused', async () => {
    const tokens = await servers.mint()
    const api = axios.create({ baseURL: servers.apiUrl })
    const refresh = refreshToken({ tokenEndpoint: servers.tokenEndpoint, clientId: 'public' })
    const session = attachOAuth(api, memoryStore(tokens), { refresh })
    await servers.refuseAccessTokens()
    await Promise.all(Array.from({ length: 20 }, (_, i) => api.get(`/${i}`)))
    expect(await servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, served: 20 })
    await session.signIn(tokens)
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})
