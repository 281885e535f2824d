import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axios, { AxiosError } from 'axios'
import {
  OAuthError,
  attachOAuth,
  createSession,
  isOAuthError,
  memoryStore,
  type RefreshFunction,
  type SignedInSnapshot,
} from '../../src/index.js'
import * as bff from '../../docs/recipes/code/bff.js'
import * as cli from '../../docs/recipes/code/cli.js'
import * as circuitBreaker from '../../docs/recipes/code/circuit-breaker.js'
import * as express from '../../docs/recipes/code/express.js'
import * as fastify from '../../docs/recipes/code/fastify.js'
import * as graphql from '../../docs/recipes/code/graphql.js'
import * as lambda from '../../docs/recipes/code/lambda.js'
import * as manyUsers from '../../docs/recipes/code/many-users.js'
import * as nextPage from '../../examples/next/lib/session.js'
import { seal, unseal } from '../../examples/next/lib/seal.js'
import * as opentelemetry from '../../docs/recipes/code/opentelemetry.js'
import * as pinoLog from '../../docs/recipes/code/pino.js'
import * as shutdown from '../../docs/recipes/code/shutdown.js'
import * as signing from '../../docs/recipes/code/signing.js'
import * as tenants from '../../docs/recipes/code/tenants.js'
import * as uploads from '../../docs/recipes/code/uploads.js'
import { withAuth0 } from '../../docs/recipes/code/auth0.js'
import { withKeycloak } from '../../docs/recipes/code/keycloak.js'
import { withOidcClient } from '../../docs/recipes/code/oidc-client.js'
import { withSupabase } from '../../docs/recipes/code/supabase.js'
import { rejection } from '../helpers/client.js'
import { memoryStorage } from './helpers/memory-storage.js'
import { Api } from './helpers/network.js'

const baseURL = 'https://api.example.com'
const next: RefreshFunction = () => ({ access_token: 'new', expires_in: 3600 })
const old = (): ReturnType<typeof memoryStore> => memoryStore({ access_token: 'old', refresh_token: 'r' })
let api: Api
beforeEach(() => {
  api = new Api()
})

function attached(refresh: RefreshFunction = next) {
  const instance = axios.create({ baseURL, adapter: api.adapter })
  return { instance, session: attachOAuth(instance, old(), { refresh }) }
}

/** A token endpoint over HTTP that counts its requests. */
async function startTokenEndpoint(): Promise<{ url: string; count: () => number; server: Server; stop: () => void }> {
  let count = 0
  const server = createServer((_request, response) => {
    count++
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: 'new', token_type: 'Bearer', expires_in: 3600 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return { url, count: () => count, server, stop: () => void server.close() }
}

describe('the recipes', () => {
  it('each page shows at least one file, and each file is shown', async () => {
    const pages = (await readdir('docs/recipes')).filter((name) => name.endsWith('.md'))
    const texts = await Promise.all(pages.map((name) => readFile(join('docs/recipes', name), 'utf8')))
    const shown = texts.flatMap((text) => [...text.matchAll(/^<<< \.\/code\/([\w.-]+)/gm)].map(([, name]) => name!))
    expect(shown.filter((name) => !name)).toEqual([])
    expect(texts.filter((text) => !text.includes('<<< '))).toEqual([])
    expect((await readdir('docs/recipes/code')).filter((name) => !shown.includes(name))).toEqual([])
  })

  it('each file fits on a screen', async () => {
    for (const name of await readdir('docs/recipes/code'))
      expect([name, (await readFile(join('docs/recipes/code', name), 'utf8')).split('\n').length > 72]).toEqual([name, false])
  })

  it('GraphQL: a response with UNAUTHENTICATED leads to one refresh, and other errors reject', async () => {
    const store = old()
    const client = graphql.graphqlClient(store)
    client.api.defaults.adapter = async (config) => {
      api.tokens.push(config.headers.get('Authorization'))
      const isNew = config.headers.get('Authorization') === 'Bearer new'
      const expired = { errors: [{ message: 'expired', extensions: { code: 'UNAUTHENTICATED' } }] }
      return { data: isNew ? { data: { me: 1 } } : expired, status: 200, statusText: '', headers: {}, config, request: undefined }
    }
    createSession(store, { refresh: next })
    expect(await client.query('{ me }')).toEqual({ me: 1 })
    expect(api.tokens).toEqual(['Bearer old', 'Bearer new'])
  })

  it('uploads: a file is sent again whole', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-recipes-'))
    const path = join(directory, 'big.bin')
    await writeFile(path, 'abc')
    const { instance } = attached()
    const bodies: string[] = []
    instance.defaults.adapter = async (config) => {
      let body = ''
      for await (const chunk of config.data as AsyncIterable<Buffer>) body += chunk.toString()
      bodies.push(body)
      return api.adapter(config)
    }
    await uploads.uploadFile(instance, path)
    expect(bodies).toEqual(['abc', 'abc'])
    await rm(directory, { recursive: true })
  })

  it('uploads: a photo is sent again, with the new token', async () => {
    const { instance } = attached()
    await uploads.uploadPhoto(instance, new Blob(['x']), () => undefined)
    expect(api.tokens).toEqual(['Bearer old', 'Bearer new'])
  })

  it('request signing: the second send has a nonce and a signature of its own', async () => {
    const instance = signing.signedApi(old(), next, 'key')
    const sent: unknown[][] = []
    instance.defaults.adapter = (config) => {
      sent.push([config.headers.get('X-Nonce'), config.headers.get('X-Signature'), config.headers.get('Authorization')])
      return api.adapter(config)
    }
    await instance.post('/orders', { tea: 1 })
    const [[nonce, signature, first] = [], [secondNonce, secondSignature, second] = []] = sent
    expect([first, second]).toEqual(['Bearer old', 'Bearer new'])
    expect([nonce === secondNonce, signature === secondSignature]).toEqual([false, false])
  })

  it('many users: each request carries the token of its user, and a request without a session is not sent', async () => {
    manyUsers.api.defaults.adapter = api.adapter
    api.token = undefined
    const storeOf = (user: string) => memoryStore({ access_token: user })
    const [alice, bob] = [manyUsers.sessionOf('alice', storeOf), manyUsers.sessionOf('bob', storeOf)]
    expect(await Promise.all([manyUsers.profileOf(alice), manyUsers.profileOf(bob)])).toEqual([api.data, api.data])
    expect(api.tokens.sort()).toEqual(['Bearer alice', 'Bearer bob'])
    expect(await rejection(manyUsers.api.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(manyUsers.sessionOf('alice', storeOf)).toBe(alice)
    await alice.signOut()
    expect(manyUsers.sessionOf('alice', storeOf)).not.toBe(alice)
  })

  it('a tenant for each request: the interceptor chooses the session; without a tenant nothing is sent', async () => {
    const endpoint = await startTokenEndpoint()
    tenants.api.defaults.adapter = api.adapter
    const tenant = { id: 'a', clientId: 'a', clientSecret: 's', issuer: new URL(endpoint.url).origin }
    expect(await rejection(tenants.api.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    // The endpoint has no metadata, so that the session of the tenant is seen to be asked.
    const error = await rejection(tenants.forTenant(tenant, () => tenants.api.get('/me')))
    expect(error).not.toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect([isOAuthError(error), endpoint.count() > 0]).toEqual([true, true])
    endpoint.stop()
  })

  it.each([
    [
      'Express',
      async (sessionFor: Parameters<typeof express.createApp>[0]) => express.createApp(sessionFor).listen(0, '127.0.0.1'),
    ],
    [
      'Fastify',
      async (sessionFor: Parameters<typeof fastify.createApp>[0]) => {
        const app = fastify.createApp(sessionFor)
        await app.listen({ port: 0, host: '127.0.0.1' })
        return app.server
      },
    ],
  ])('%s: answers with data, 401 without a session, 401 after its end, 503 in an outage', async (_name, listen) => {
    manyUsers.api.defaults.adapter = api.adapter
    const failing =
      (failure: object): RefreshFunction =>
      () =>
        Promise.reject(Object.assign(new Error('failed'), failure))
    const sessions: Record<string, ReturnType<typeof createSession>> = {
      good: createSession(old(), { refresh: next }),
      ended: createSession(old(), { refresh: () => null }),
      outage: createSession(old(), { refresh: failing({ status: 500 }) }),
      refused: createSession(old(), { refresh: failing({ error: 'invalid_client' }) }),
    }
    const server = await listen((cookie) => sessions[cookie ?? ''])
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
    const ask = async (cookie?: string): Promise<[number, string]> => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/profile`
      const response = await fetch(url, { headers: { ...(cookie && { cookie }), connection: 'close' } })
      return [response.status, await response.text()]
    }
    expect(await ask('good')).toEqual([200, JSON.stringify(api.data)])
    expect((await ask())[0]).toBe(401)
    expect(await ask('ended')).toEqual([401, '{"code":"OAUTH_INVALID_GRANT"}'])
    expect(await ask('outage')).toEqual([503, '{"code":"OAUTH_REFRESH_UNAVAILABLE"}'])
    expect(await ask('refused')).toEqual([502, '{"code":"OAUTH_CLIENT_REFUSED"}'])
    await new Promise((resolve) => server.close(resolve))
  })

  it('backend for frontend: the cookie has no token, the API gets it, and a sign-out ends both', async () => {
    manyUsers.api.defaults.adapter = api.adapter
    const stores = new Map<string, ReturnType<typeof memoryStore>>()
    const storeOf = (id: string) => stores.get(id) ?? stores.set(id, memoryStore()).get(id)!
    const redeem = async (url: string) => ({ access_token: url.includes('code=1') ? 'new' : 'wrong' })
    const server = bff.createBackend({ options: { refresh: false }, storeOf, redeem }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(base + path, { method, redirect: 'manual', headers: { connection: 'close', ...headers } })
    const callback = await ask('/callback?code=1')
    const [cookie = ''] = callback.headers.get('set-cookie')!.split(';')
    expect(callback.headers.get('set-cookie')).toMatch(/^__Host-session=[\w-]{36}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    expect((await ask('/api/me', { cookie })).status).toBe(401)
    const answer = await ask('/api/me', { cookie, 'x-requested-with': 'axios' })
    expect([answer.status, await answer.json(), api.tokens]).toEqual([200, api.data, ['Bearer new']])
    expect((await ask('/sign-out', { cookie }, 'POST')).headers.get('set-cookie')).toContain('Max-Age=0')
    expect((await ask('/api/me', { cookie, 'x-requested-with': 'axios' })).status).toBe(401)
    await new Promise((resolve) => server.close(resolve))
  })

  it('backend for frontend: every answer of the API but a 401, and every kind of body, is passed on', async () => {
    const sent: unknown[] = []
    let status = 404
    manyUsers.api.defaults.adapter = async (config) => {
      sent.push([config.headers.toJSON()['Content-Type'], config.data instanceof Uint8Array ? String(config.data) : config.data])
      const answer = { data: { message: 'made up' }, status, statusText: '', headers: {}, config, request: undefined }
      if (config.validateStatus?.(status)) return answer
      throw new AxiosError(`status ${status}`, AxiosError.ERR_BAD_REQUEST, config, undefined, answer)
    }
    const store = memoryStore({ access_token: 'a', refresh_token: 'r' })
    const options = { refresh: next }
    const redeem = async () => ({ access_token: 'a' })
    const server = bff.createBackend({ options, storeOf: () => store, redeem }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const ask = async (init: RequestInit) => {
      const headers = { cookie: '__Host-session=1', 'x-requested-with': 'axios', connection: 'close' }
      const response = await fetch(`${base}/api/orders`, { ...init, headers })
      return [response.status, await response.text()]
    }
    expect(await ask({})).toEqual([404, '{"message":"made up"}'])
    status = 422
    expect(await ask({ method: 'POST', body: new URLSearchParams({ tea: '1' }) })).toEqual([422, '{"message":"made up"}'])
    expect(sent).toEqual([
      [undefined, undefined],
      ['application/x-www-form-urlencoded;charset=UTF-8', 'tea=1'],
    ])
    status = 401
    expect(await ask({})).toEqual([502, 'Bad Gateway'])
    await new Promise((resolve) => server.close(resolve))
  })

  it('server-sent events: the data of each event is read, and comments, other fields and line ends are not', async () => {
    const before = globalThis.fetch
    Object.assign(globalThis, { localStorage: memoryStorage(), document: {} })
    try {
      const { session } = await import('../../docs/recipes/code/auth.js')
      const { events } = await import('../../docs/recipes/code/event-stream.js')
      await session.signIn({ access_token: 'new' })
      const chunks = [
        ': keep-alive\n\nid: 7\nevent: price\ndata: {"a":1}\n\n',
        'data: x\r',
        '\ndata:y\r\n\r\n',
        'data: last\n\ncut',
      ]
      const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
        controller.close()
      }
      globalThis.fetch = async () => new Response(new ReadableStream({ start }))
      const seen: string[] = []
      for await (const data of events('https://api.example.com/events', new AbortController().signal)) seen.push(data)
      expect(seen).toEqual(['{"a":1}', 'x\ny', 'last'])
    } finally {
      globalThis.fetch = before
      for (const name of ['localStorage', 'document']) Reflect.deleteProperty(globalThis, name)
    }
  })

  it('server-sent events: the stream opens again with another token after a 401', async () => {
    const sent: unknown[] = []
    const before = globalThis.fetch
    globalThis.fetch = async (_input, init) => {
      const token = new Headers(init?.headers).get('authorization')
      sent.push(token)
      if (token === 'Bearer old') return new Response('', { status: 401 })
      return new Response('data: a\n\ndata: b\n\n')
    }
    Object.assign(globalThis, { localStorage: memoryStorage(), document: {} })
    try {
      const { session } = await import('../../docs/recipes/code/auth.js')
      const { events } = await import('../../docs/recipes/code/event-stream.js')
      await session.signIn({ access_token: 'old', refresh_token: 'r' })
      const tokenRequest = globalThis.fetch
      globalThis.fetch = async (input, init) =>
        String(input).endsWith('/token') ? Response.json({ access_token: 'new' }) : tokenRequest(input, init)
      const seen: string[] = []
      for await (const event of events('https://api.example.com/events', new AbortController().signal)) seen.push(event)
      expect([seen, sent]).toEqual([
        ['a', 'b'],
        ['Bearer old', 'Bearer new'],
      ])
      session.detach()
    } finally {
      globalThis.fetch = before
      for (const name of ['localStorage', 'document']) Reflect.deleteProperty(globalThis, name)
    }
  })

  it('cookies: a login and a 401 lead to requests without a token, and null ends the session', async () => {
    Object.assign(globalThis, {
      localStorage: memoryStorage(),
      document: { baseURI: 'https://app.example.com/' },
      location: { href: 'https://app.example.com/' },
    })
    const before = globalThis.fetch
    let status = 200
    globalThis.fetch = async () => Response.json({ user: 'ann', expires_in: 600 }, { status })
    try {
      const cookies = await import('../../docs/recipes/code/cookies.js')
      let isFresh = true
      cookies.api.defaults.adapter = async (config) => {
        api.tokens.push(config.headers.get('Authorization'))
        const answered = isFresh ? 200 : 401
        isFresh = true
        const response = {
          data: { user: 'ann', expires_in: 600 },
          status: answered,
          statusText: '',
          headers: {},
          config,
          request: undefined,
        }
        if (config.validateStatus?.(answered)) return response
        throw new axios.AxiosError('refused', 'ERR_BAD_REQUEST', config, undefined, response)
      }
      await cookies.login('ann', 'secret')
      isFresh = false
      expect((await cookies.api.get('/me')).status).toBe(200)
      expect(api.tokens).toEqual([undefined, undefined, undefined])
      status = 401
      isFresh = false
      expect(await rejection(cookies.api.get('/me'))).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
      cookies.session.detach()
    } finally {
      globalThis.fetch = before
      for (const name of ['localStorage', 'document', 'location']) Reflect.deleteProperty(globalThis, name)
    }
  })

  it('command line: a token file in use is refreshed and written; without one a request rejects', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'axios-attach-oauth-recipes-'))
    const tool = cli.connect(join(directory, 'tokens.json'))
    tool.api.defaults.adapter = api.adapter
    expect(await rejection(tool.api.get('/me'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    await tool.session.signIn({ access_token: 'new' })
    expect((await tool.api.get('/me')).data).toEqual(api.data)
    expect(JSON.parse(await readFile(join(directory, 'tokens.json'), 'utf8'))).toMatchObject({ access_token: 'new' })
    await cli.logout(tool)
    expect(await readdir(directory)).toEqual([])
    await tool.session.close()
    await rm(directory, { recursive: true })
  })

  it('AWS Lambda: no refresh is under way when the handler has returned', async () => {
    const endpoint = await startTokenEndpoint()
    const client = { tokenEndpoint: endpoint.url, clientId: 'c', clientSecret: 's' }
    const { adapter } = axios.defaults
    axios.defaults.adapter = api.adapter
    api.token = undefined
    try {
      const ask = async (secondsLeft: number): Promise<unknown> => {
        const expires_at = Math.floor(Date.now() / 1000) + secondsLeft
        const handler = lambda.createHandler(memoryStore({ access_token: 'old', expires_in: 3600, expires_at }), client)
        return handler({} as never, {} as never, () => undefined)
      }
      expect(await ask(60)).toEqual({ statusCode: 200, body: JSON.stringify(api.data) })
      expect([api.tokens, endpoint.count()]).toEqual([['Bearer old'], 0])
      await ask(10)
      expect([api.tokens, endpoint.count()]).toEqual([['Bearer old', 'Bearer new'], 1])
    } finally {
      Object.assign(axios.defaults, { adapter })
      endpoint.stop()
    }
  })

  it('shutdown: a refresh under way is saved before the process ends, and the probe tells whether a token can be had', async () => {
    let answer: (tokens: { access_token: string }) => void = () => undefined
    const store = old()
    const session = createSession(store, { refresh: () => new Promise((resolve) => (answer = resolve)) })
    await session.tokens()
    const refreshed = session.refresh()
    const endpoint = await startTokenEndpoint()
    const ended = shutdown.shutDown(endpoint.server, session)
    answer({ access_token: 'new' })
    expect(await ended).toBe(true)
    await refreshed
    expect(await store.read()).toMatchObject({ access_token: 'new' })
    expect(await shutdown.isReady(createSession(old(), { refresh: next }))).toBe(true)
    expect(await shutdown.isReady(createSession(memoryStore(), { refresh: false }))).toBe(false)
  })

  it('circuit breaker: outages open the circuit, ended sessions do not', async () => {
    const failing = (code: 'OAUTH_REFRESH_UNAVAILABLE' | 'OAUTH_INVALID_GRANT') => {
      const instance = axios.create({ adapter: () => Promise.reject(new OAuthError(code, 'failed')) })
      return instance
    }
    const breaker = circuitBreaker.createBreaker()
    const ask = (code: Parameters<typeof failing>[0]) => rejection(circuitBreaker.getThrough(breaker, failing(code), '/me'))
    for (let i = 0; i < 6; i++) expect(await ask('OAUTH_INVALID_GRANT')).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    for (let i = 0; i < 5; i++) expect(await ask('OAUTH_REFRESH_UNAVAILABLE')).toMatchObject({ retryable: true })
    expect(String(await ask('OAUTH_INVALID_GRANT'))).toContain('circuit breaker is open')
  })

  it('observability: a refresh and a sign-out are logged, and no line has a token', async () => {
    const { instance, session } = attached()
    const lines: unknown[][] = []
    const level = (name: string) => (event: unknown, type: string) => void lines.push([name, type, JSON.stringify(event)])
    const end = pinoLog.log(session, { debug: level('debug'), info: level('info'), warn: level('warn') } as never)
    // Without an SDK the calls of OpenTelemetry do nothing.
    const stop = opentelemetry.observe(session)
    await instance.get('/me')
    await session.signOut()
    end()
    stop()
    expect(lines.map(([name, type]) => `${name} ${type}`)).toEqual(
      expect.arrayContaining(['debug sent', 'info refresh_started', 'info refreshed', 'debug resent', 'info signed_out']),
    )
    expect(JSON.stringify(lines)).not.toMatch(/"(old|new)"/)
  })

  it('Next.js: the cookie is sealed, renewed when a refresh is due, and gone after the end of the session', async () => {
    const endpoint = await startTokenEndpoint()
    process.env.COOKIE_SECRET = 'x'.repeat(32)
    const cookie = seal({ access_token: 'a', expires_at: Math.floor(Date.now() / 1000) + 3600 })
    expect(cookie).not.toContain('access_token')
    expect(unseal(cookie)).toMatchObject({ access_token: 'a' })
    expect(unseal('rubbish')).toBeUndefined()
    process.env.ISSUER = new URL(endpoint.url).origin
    process.env.CLIENT_ID = 'c'
    process.env.CLIENT_SECRET = 's'
    expect(await nextPage.renewedCookie(cookie)).toBe(cookie)
    const server = nextPage.apiFor(cookie)
    expect(server.defaults.baseURL).toBeDefined()
    endpoint.stop()
  })

  it('Next.js: requests with the same expired cookie share one refresh', async () => {
    const sent: unknown[] = []
    const server = createServer((request, response) => {
      const { port } = server.address() as AddressInfo
      const origin = `http://127.0.0.1:${port}`
      if (request.method === 'POST') sent.push(request.url)
      response.writeHead(200, { 'content-type': 'application/json' })
      const metadata = { issuer: origin, token_endpoint: `${origin}/token` }
      response.end(JSON.stringify(request.method === 'POST' ? { access_token: 'new', expires_in: 3600 } : metadata))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    process.env.COOKIE_SECRET = 'x'.repeat(32)
    process.env.ISSUER = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    process.env.CLIENT_ID = 'c'
    delete process.env.CLIENT_SECRET
    const cookie = seal({ access_token: 'a', refresh_token: 'r', expires_at: 1 })
    const renewed = await Promise.all(Array.from({ length: 5 }, () => nextPage.renewedCookie(cookie)))
    expect(new Set(renewed).size).toBe(1)
    expect(unseal(renewed[0])).toMatchObject({ access_token: 'new', refresh_token: 'r' })
    expect(sent).toEqual(['/token'])
    server.close()
  })

  it('Auth0: the session knows when the token ends, although the cache of Auth0 returns tokens with their full lifetime', async () => {
    let endsIn = 400
    const auth0 = {
      getTokenSilently: async ({ cacheMode }: { cacheMode?: string }) => {
        if (cacheMode === 'off') endsIn = 86_400
        return { access_token: `ends-in-${endsIn}`, id_token: 'i', expires_in: 86_400 }
      },
    }
    const session = createSession(memoryStore(), { refresh: withAuth0(auth0 as never) })
    const { access_token } = await session.refresh()
    const snapshot = session.getSnapshot() as SignedInSnapshot
    expect([access_token, Math.round((snapshot.expiresAt! - Date.now()) / 1e5)]).toEqual(['ends-in-86400', 864])
  })

  it('identity SDKs: a 401 forces a new token, and the end of their session is the end of this one', async () => {
    const asked: unknown[] = []
    const context = (reason: 'missing' | 'rejected') => ({
      signal: new AbortController().signal,
      reason,
      reportDate: () => undefined,
    })
    const keycloak = withKeycloak({
      token: 'k',
      tokenParsed: { exp: 9 },
      updateToken: async (s: number) => asked.push(s),
    } as never)
    expect(await keycloak(undefined, context('rejected'))).toEqual({ access_token: 'k', expires_at: 9 })
    const failing = (refreshToken?: string): RefreshFunction =>
      withKeycloak({ refreshToken, updateToken: () => Promise.reject(new Error('refused')) } as never)
    await expect(failing('r')(undefined, context('missing'))).rejects.toThrow('refused')
    expect(await failing()(undefined, context('missing'))).toBeNull()
    const supabase = withSupabase({
      auth: {
        getSession: async () => ({ data: { session: null }, error: null }),
        refreshSession: async () => ({ data: { session: { access_token: 's', expires_at: 5 } }, error: null }),
      },
    } as never)
    expect(await supabase(undefined, context('missing'))).toBeNull()
    expect(await supabase(undefined, context('rejected'))).toEqual({ access_token: 's', expires_at: 5 })
    const stored = { access_token: 'o', expired: false, expires_at: 7 }
    const oidc = withOidcClient({ getUser: async () => stored, signinSilent: async () => null } as never)
    expect(await oidc(undefined, context('missing'))).toEqual({ access_token: 'o', expires_at: 7 })
    expect(await oidc(undefined, context('rejected'))).toBeNull()
    expect(asked).toEqual([-1])
  })
})
