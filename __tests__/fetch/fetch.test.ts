import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { httpOnlyCookies } from '../../src/cookies.js'
import { oauthFetch, OAuthFetchError, type OAuthFetch, type OAuthFetchOptions } from '../../src/fetch.js'
import { createSession, isOAuthError, memoryStore, type Session, type SessionOptions, type TokenJSON } from '../../src/index.js'
import { stepUp } from '../../src/step-up.js'
import { deferred, rejection } from '../helpers/client.js'
import { startWorld, type World } from '../helpers/world.js'

let world: World
beforeEach(async () => (world = await startWorld()))
afterEach(() => world.close())

interface Client {
  session: Session
  send: OAuthFetch
}

function client(options: Partial<OAuthFetchOptions> & { tokens?: TokenJSON | null } & SessionOptions = {}): Client {
  const { tokens = world.tokens, origins = [world.api], fetch, stepUp: handler, ...rest } = options
  const refresh = Object.assign(world.refresh, { needsRefreshToken: true })
  const session = createSession(memoryStore(tokens ?? undefined), { refresh, ...rest })
  return { session, send: oauthFetch(session, { origins, ...(fetch && { fetch }), ...(handler && { stepUp: handler }) }) }
}

type Answer = (request: IncomingMessage & { text: string }, response: ServerResponse) => void

/** A server of the test's own. */
async function serve(answer: Answer): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(Object.assign(request, { text: Buffer.concat(chunks).toString('latin1') }), response))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  }
}

describe('recovery', () => {
  it('fifty concurrent 401s lead to one refresh, and each request is sent again once', async () => {
    const { send } = client()
    world.revokeAccessTokens()
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => send(`${world.api}/${i}`)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, rejected: 50, served: 50 })
  })

  it('an expired token is refreshed before the request is sent', async () => {
    const { send } = client({ tokens: { ...world.tokens, expires_at: 1 } })
    expect((await send(new URL('/me', world.api))).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 1, requests: 1 })
  })

  it('the body of the refused response is cancelled when the request is sent again, and not before', async () => {
    const cancelled: string[] = []
    const answered = deferred()
    const refused = new ReadableStream({ cancel: () => void cancelled.push('refused') })
    const send = oauthFetch(client({ refresh: () => answered.promise.then(() => ({ access_token: 'new' })) }).session, {
      origins: [world.api],
      fetch: async (_input, init) =>
        new Headers(init?.headers).get('authorization') === 'Bearer new'
          ? new Response('yes')
          : new Response(refused, { status: 401 }),
    })
    const response = send(world.api)
    await new Promise((resolve) => setImmediate(resolve))
    expect(cancelled).toEqual([])
    answered.resolve()
    expect(await (await response).text()).toBe('yes')
    expect(cancelled).toEqual(['refused'])
  })

  it('a second 401 is the answer', async () => {
    const server = await serve((_request, response) => response.writeHead(401).end('no'))
    const response = await oauthFetch(client().session, { origins: [server.url] })(server.url)
    expect([response.status, await response.text()]).toEqual([401, 'no'])
    expect(world.counts.refreshGrants).toBe(1)
    await server.stop()
  })

  it('a refresh that fails for a passing reason leaves the 401 to the caller, with its body unread', async () => {
    const { send } = client({
      refresh: () => Promise.reject(Object.assign(new Error('down'), { status: 503 })),
      retry: { limit: 1 },
    })
    world.revokeAccessTokens()
    const response = await send(world.api)
    expect([response.status, response.bodyUsed]).toEqual([401, false])
  })

  it('the end of the session rejects with the typed error that carries the 401', async () => {
    const { send, session } = client({ refresh: () => null })
    world.revokeAccessTokens()
    const error = await rejection<OAuthFetchError>(send(world.api))
    expect(error).toBeInstanceOf(OAuthFetchError)
    expect([isOAuthError(error), error.code, error.response?.status]).toEqual([true, 'OAUTH_INVALID_GRANT', 401])
    expect(session.getSnapshot().status).toBe('signed_out')
    expect((await send(world.api)).status).toBe(401)
  })

  it('recover: false sends the token and leaves the 401 alone', async () => {
    const { send } = client()
    world.revokeAccessTokens()
    expect((await send(world.api, { oauth: { recover: false } })).status).toBe(401)
    expect(world.counts.refreshGrants).toBe(0)
  })

  it('oauth: false sends the request as the caller made it', async () => {
    const { send } = client()
    await send(world.api, { oauth: false })
    expect(world.seen[0]?.authorization).toBeUndefined()
  })

  it("the caller's own Authorization header wins, and an empty one does not", async () => {
    const { send } = client()
    expect((await send(world.api, { headers: { authorization: 'Basic x' } })).status).toBe(401)
    expect((await send(world.api, { headers: { authorization: '' } })).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 0, requests: 2 })
  })

  it('a 401 to an older token is sent again without another refresh', async () => {
    const held = deferred()
    const late = await serve(({ headers }, response) => {
      const isOld = headers.authorization === `Bearer ${world.tokens.access_token}`
      void held.promise.then(() => response.writeHead(isOld ? 401 : 200).end())
    })
    const { session } = client()
    const send = oauthFetch(session, { origins: [late.url] })
    const sending = send(late.url)
    await session.refresh()
    held.resolve()
    expect((await sending).status).toBe(200)
    expect(world.counts.refreshGrants).toBe(1)
    await late.stop()
  })

  it('events tell of each request', async () => {
    const { send, session } = client()
    await session.tokens()
    const events: string[] = []
    session.on('*', ({ type }) => events.push(type))
    world.revokeAccessTokens()
    await send(world.api)
    expect(events.filter((name) => ['sent', 'queued', 'released', 'resent'].includes(name))).toEqual([
      'sent',
      'queued',
      'released',
      'resent',
    ])
  })
})

describe('origins', () => {
  it('another origin gets no token and no recovery', async () => {
    const other = await serve(({ headers }, response) => response.writeHead(401).end(headers.authorization ?? 'none'))
    const { send } = client()
    expect(await (await send(other.url)).text()).toBe('none')
    expect(world.counts.refreshGrants).toBe(0)
    await other.stop()
  })

  it('a redirect to another origin carries no token, and its 401 starts no refresh', async () => {
    const other = await serve(({ headers }, response) => response.writeHead(401).end(headers.authorization ?? 'none'))
    const first = await serve((_request, response) => response.writeHead(302, { location: other.url }).end())
    const send = oauthFetch(client().session, { origins: [first.url, other.url] })
    expect(await (await send(first.url)).text()).toBe('none')
    expect(world.counts.refreshGrants).toBe(0)
    await Promise.all([first.stop(), other.stop()])
  })

  it('a redirect within the origin is recovered', async () => {
    const server = await serve(({ url, headers }, response) => {
      if (url === '/') return response.writeHead(302, { location: '/next' }).end()
      response.writeHead(headers.authorization === `Bearer ${world.tokens.access_token}` ? 401 : 200).end()
    })
    const send = oauthFetch(client().session, { origins: [server.url] })
    expect((await send(server.url)).status).toBe(200)
    expect(world.counts.refreshGrants).toBe(1)
    await server.stop()
  })

  it('without a page and without origins, a request rejects with what to pass', async () => {
    const send = oauthFetch(client().session)
    expect(await rejection(send(world.api))).toMatchObject({
      code: 'OAUTH_ORIGIN_UNKNOWN',
      message: expect.stringContaining('origins of oauthFetch'),
    })
    expect(world.counts.requests).toBe(0)
  })

  it.each([[['https://api.example.com/v1']], [[]], [['http://api.example.com']], [['https://*.example.com']]])(
    'the origins %j are a TypeError that names oauthFetch',
    (origins) => {
      expect(() => oauthFetch(client().session, { origins })).toThrow(/^oauthFetch: origins/)
    },
  )
})

describe('bodies', () => {
  const form = (): FormData => {
    const data = new FormData()
    data.append('name', 'value')
    return data
  }
  it.each<[string, () => BodyInit, string]>([
    ['text', () => 'text', 'text'],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' }), 'a=1'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['a typed array', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['FormData', form, 'value'],
  ])('%s is sent again as it was', async (_name, create, text) => {
    const bodies: string[] = []
    const server = await serve(({ headers, text }, response) => {
      bodies.push(text)
      response.writeHead(headers.authorization?.includes(world.tokens.access_token) ? 401 : 200).end()
    })
    const send = oauthFetch(client().session, { origins: [server.url] })
    const body = create()
    const sending = send(server.url, { method: 'POST', body })
    if (ArrayBuffer.isView(body)) (body as Uint8Array).fill(0)
    expect((await sending).status).toBe(200)
    expect(bodies).toEqual([expect.stringContaining(text), expect.stringContaining(text)])
    await server.stop()
  })

  it('the referrer and the referrer policy of a Request are kept, unless the settings have others', async () => {
    const sent: unknown[] = []
    const { send } = client({
      fetch: async (_input, { referrer, referrerPolicy } = {}) => (sent.push([referrer, referrerPolicy]), new Response()),
    })
    const request = new Request(world.api, { referrer: '', referrerPolicy: 'no-referrer' })
    await send(request)
    await send(request, { referrerPolicy: 'origin' })
    await send(world.api)
    expect(sent).toEqual([
      [request.referrer, 'no-referrer'],
      [request.referrer, 'origin'],
      [undefined, undefined],
    ])
  })

  it('a Request with a body is sent again with it', async () => {
    const { send } = client()
    world.revokeAccessTokens()
    const request = new Request(`${world.api}/upload`, { method: 'POST', body: 'text', headers: { 'x-own': '1' } })
    expect((await send(request)).status).toBe(200)
    expect(world.seen.map(({ method, body }) => [method, String(body)])).toEqual([
      ['POST', 'text'],
      ['POST', 'text'],
    ])
  })

  const stream = (): ReadableStream => new Blob(['stream']).stream()

  it('a stream gives the typed error that carries the 401, and the session is refreshed for the next call', async () => {
    const { send } = client()
    world.revokeAccessTokens()
    const error = await rejection<OAuthFetchError>(
      send(world.api, { method: 'POST', body: stream(), duplex: 'half' } as RequestInit),
    )
    expect([error.code, error.response?.status, world.counts.requests]).toEqual(['OAUTH_NOT_REPLAYABLE', 401, 1])
    expect((await send(world.api)).status).toBe(200)
    expect(world.counts.refreshGrants).toBe(1)
  })

  it('a stream waits for the refresh already inside the refresh window', async () => {
    const { send, session } = client()
    await session.signIn({ ...world.tokens, expires_in: 100, expires_at: Date.now() / 1000 + 7 })
    expect((await send(world.api, { method: 'POST', body: stream(), duplex: 'half' } as RequestInit)).status).toBe(200)
    expect(world.counts).toMatchObject({ refreshGrants: 1, rejected: 0 })
  })

  it('with a body factory, a stream is sent again', async () => {
    const { send } = client()
    world.revokeAccessTokens()
    expect((await send(world.api, { method: 'POST', oauth: { body: stream } })).status).toBe(200)
    expect(world.seen.map(({ body }) => String(body))).toEqual(['stream', 'stream'])
  })
})

describe('waiting', () => {
  it('an aborted request rejects with the reason, and the refresh finishes', async () => {
    const { promise, resolve } = deferred()
    const { send, session } = client({ refresh: async (tokens, context) => (await promise, world.refresh(tokens, context)) })
    world.revokeAccessTokens()
    const controller = new AbortController()
    const started = new Promise((begun) => session.on('refresh_started', begun))
    const sending = rejection(send(world.api, { signal: controller.signal }))
    await started
    controller.abort(new Error('enough'))
    expect((await sending).message).toBe('enough')
    resolve()
    await new Promise((done) => session.on('refreshed', done))
    expect((await send(world.api)).status).toBe(200)
  })

  it('a request of one user that waits is not sent again after another user has signed in', async () => {
    const { promise, resolve } = deferred()
    const { send, session } = client({ refresh: async (tokens, context) => (await promise, world.refresh(tokens, context)) })
    await session.signIn(world.tokens, { user: 'ann' })
    world.revokeAccessTokens()
    const started = new Promise((begun) => session.on('refresh_started', begun))
    const sending = rejection<OAuthFetchError>(send(world.api))
    await started
    await session.signIn({ access_token: 'of-bob' }, { user: 'bob' })
    const error = await sending
    resolve()
    expect([error.code, error.response?.status, world.counts.requests]).toEqual(['OAUTH_SIGNED_OUT', 401, 1])
  })

  it('a sign-in of another user by a listener of resent keeps the request from being sent again', async () => {
    const { send, session } = client()
    await session.signIn(world.tokens, { user: 'ann' })
    world.revokeAccessTokens()
    session.on('resent', () => void session.signIn({ access_token: 'of-bob' }, { user: 'bob' }))
    const error = await rejection<OAuthFetchError>(send(world.api))
    expect([error.code, error.response?.status, world.counts.requests]).toEqual(['OAUTH_SIGNED_OUT', 401, 1])
  })

  it('a sign-out while a body is made keeps the request from being sent', async () => {
    const { send, session } = client()
    await session.tokens()
    const error = await rejection<OAuthFetchError>(
      send(world.api, { method: 'POST', oauth: { body: async () => (await session.signOut(), 'late') } }),
    )
    expect([error.code, world.counts.requests]).toEqual(['OAUTH_SIGNED_OUT', 0])
  })

  it('requests of the refresh function itself carry no token and wait for nothing', async () => {
    const sent: (string | null)[] = []
    const own = client({
      tokens: { ...world.tokens, expires_at: 1 },
      fetch: (input, init) => {
        sent.push(new Headers(init?.headers).get('authorization'))
        return fetch(input, init)
      },
      refresh: async (tokens, context) => {
        await own.send(`${world.api}/refreshing`, { signal: context.signal })
        return world.refresh(tokens, context)
      },
    })
    expect((await own.send(world.api)).status).toBe(200)
    expect(sent).toEqual([null, expect.stringContaining('Bearer ')])
  })
})

describe('step-up', () => {
  const challenge = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="mail"' }
  const strict = (): Promise<{ url: string; stop: () => Promise<void> }> =>
    serve(({ headers }, response) => {
      response.writeHead(headers.authorization === 'Bearer strong' ? 200 : 403, challenge).end()
    })

  it('without a handler the request rejects with the challenge', async () => {
    const server = await strict()
    const error = await rejection<OAuthFetchError>(oauthFetch(client().session, { origins: [server.url] })(server.url))
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', challenge: { parameters: { scope: 'mail' } } })
    await server.stop()
  })

  it('a handler is called once for requests that need the same, which are sent again', async () => {
    const server = await strict()
    let asked = 0
    const handler = stepUp(() => (asked++, { access_token: 'strong' }))
    const send = oauthFetch(client().session, { origins: [server.url], stepUp: handler })
    const responses = await Promise.all([send(server.url), send(server.url)])
    expect([asked, ...responses.map(({ status }) => status)]).toEqual([1, 200, 200])
    const declined = oauthFetch(client().session, { origins: [server.url], stepUp: stepUp(() => undefined) })
    expect(await rejection(declined(server.url))).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED' })
    await server.stop()
  })
})

it('no printer shows the token of a request that failed', async () => {
  const { send } = client({ refresh: () => null })
  world.revokeAccessTokens()
  const error = await rejection(send(`${world.api}/?code=SECRET`))
  const printed = [
    inspect(error, { depth: 9 }),
    inspect(error, { customInspect: false, depth: 9 }),
    JSON.stringify(error),
    String(error),
  ].join()
  expect(printed).not.toMatch(/SECRET/)
  expect(printed).not.toContain(world.tokens.access_token)
  expect(printed).not.toContain(world.tokens.refresh_token)
})

it('misuse is a TypeError that names oauthFetch', () => {
  expect(() => oauthFetch({} as never)).toThrow(/^oauthFetch: session/)
  expect(() => oauthFetch(createSession(httpOnlyCookies({ refresh: () => null })))).toThrow(/^oauthFetch: .* HttpOnly cookies/)
  expect(() => oauthFetch(client().session, { fetch: 1 as never })).toThrow(/^oauthFetch: fetch/)
  expect(() => oauthFetch(client().session, { stepUp: 1 as never })).toThrow(/^oauthFetch: stepUp/)
})
