import { getEventListeners } from 'node:events'
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

  it.each([
    [400, 'invalid_token', [400, 200]],
    [403, 'invalid_token', [403, 200]],
    [400, 'insufficient_scope', [400]],
    [500, 'insufficient_scope', [500]],
    [500, 'invalid_token', [500]],
  ])('status %i with the challenge %s is recovered or the answer', async (status, error, statuses) => {
    const seen: number[] = []
    const send = oauthFetch(client().session, {
      origins: [world.api],
      fetch: async () => {
        seen.push(seen.length ? 200 : status)
        return new Response('', { status: seen.at(-1)!, headers: { 'www-authenticate': `Bearer error="${error}"` } })
      },
    })
    expect((await send(world.api)).status).toBe(statuses.at(-1))
    expect(seen).toEqual(statuses)
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
    expect(error.cause).toMatchObject({ name: 'OAuthError', code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot().status).toBe('signed_out')
    expect((await send(world.api)).status).toBe(401)
  })

  it('the error keeps the OAuth error of the token endpoint, and whether a later request may succeed', async () => {
    const failing = (reason: object): Client => client({ tokens: { refresh_token: 'r' }, refresh: () => Promise.reject(reason) })
    const refused = failing({ status: 401, error: 'invalid_client' })
    expect(await rejection(refused.send(world.api))).toMatchObject({ oauthError: 'invalid_client', retryable: false })
    const down = failing(new Error('made up'))
    expect(await rejection(down.send(world.api))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable: true })
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
    const error = await rejection(send(world.api))
    expect(error).toMatchObject({
      code: 'OAUTH_ORIGIN_UNKNOWN',
      message:
        'Tell which origins may get the token: by the option origins of oauthFetch, such as ["https://api.example.com"]. ' +
        'Plain http is for loopback only, unless dangerouslyAllowInsecureHttp is set. See docs/errors.md#oauth_origin_unknown',
    })
    expect(error).not.toHaveProperty('response')
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
    expect(error.message).toBe(
      'The request was rejected, and its body is a stream that has been read. Send it again, or pass oauth: { body: () => stream }. See docs/errors.md#oauth_not_replayable',
    )
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
    expect((await send(world.api, { method: 'POST', body: stream(), oauth: { body: stream } })).status).toBe(200)
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

  it('an aborted request does not wait for a token', async () => {
    let sent = 0
    const { send, session } = client({
      tokens: { ...world.tokens, expires_at: 1 },
      fetch: async () => (sent++, new Response()),
    })
    const refreshed = new Promise((done) => session.on('refreshed', done))
    expect((await rejection(send(world.api, { signal: AbortSignal.abort(new Error('early')) }))).message).toBe('early')
    await refreshed
    expect(sent).toBe(0)
  })

  it('a signal that serves many requests keeps no listener of those that have waited', async () => {
    const { signal } = new AbortController()
    const { send } = client({ tokens: { ...world.tokens, expires_at: 1 }, fetch: async () => new Response() })
    await Promise.all([1, 2, 3].map(() => send(world.api, { signal })))
    expect(getEventListeners(signal, 'abort')).toEqual([])
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

  it('resent is not emitted when the body of the second send can not be created', async () => {
    const { session, send } = client()
    world.revokeAccessTokens()
    const events: string[] = []
    session.on('resent', () => void events.push('resent'))
    let calls = 0
    const body = (): string => {
      if (++calls === 2) throw new Error('no such file')
      return 'text'
    }
    await rejection(send(`${world.api}/b`, { method: 'POST', oauth: { body } }))
    expect([calls, world.seen.length, events]).toEqual([2, 1, []])
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
    expect(error.message).toBe(
      'The resource server asks for more than a refresh can give (insufficient_scope). ' +
        'Sign in again with the scope or the acr_values of its challenge, or pass the option stepUp. See docs/errors.md#oauth_step_up_required',
    )
    await server.stop()
  })

  it('a demand that the user declines does not advise the option stepUp, which is set', async () => {
    const server = await strict()
    const send = oauthFetch(client().session, { origins: [server.url], stepUp: stepUp(() => undefined) })
    const error = await rejection<OAuthFetchError>(send(server.url))
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', cause: { message: 'The step-up was declined' } })
    expect(error.message).not.toContain('option stepUp')
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
    const error = await rejection<OAuthFetchError>(declined(server.url, { signal: new AbortController().signal }))
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', cause: expect.any(Error) })
    expect(await error.response?.text()).toBe('')
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
  expect(() => oauthFetch(null as never)).toThrow(/^oauthFetch: session/)
  expect(() => oauthFetch(createSession(httpOnlyCookies({ refresh: () => null })))).toThrow(/^oauthFetch: .* HttpOnly cookies/)
  expect(() => oauthFetch(client().session, { fetch: 1 as never })).toThrow(/^oauthFetch: fetch/)
  expect(() => oauthFetch(client().session, { stepUp: 1 as never })).toThrow(/^oauthFetch: stepUp/)
  expect(() => oauthFetch(client().session, { stepUp: (() => undefined) as never })).toThrow(
    'oauthFetch: stepUp must be the result of the function stepUp(…)',
  )
  expect(() => oauthFetch(client().session, { origin: world.api } as never)).toThrow(/^oauthFetch: origin is unknown/)
  expect(() => oauthFetch(client().session, { dangerouslyAllowInsecureHttp: 1 as never })).toThrow(/true or false$/)
  expect(() => oauthFetch(client().session, { origins: world.api as never })).toThrow(/^oauthFetch: origins must be a list/)
})

it('options that are null, of a request or of all, are like none', async () => {
  const send = oauthFetch(client().session, null as never)
  expect((await rejection(send(world.api, null as never))).message).toMatch(/^Tell which origins/)
  expect((await client().send(world.api, null as never)).status).toBe(200)
  expect((await client().send(world.api, { oauth: undefined })).status).toBe(200)
})

it('a session as the request option oauth is a TypeError that says for whom the request is sent', async () => {
  const { session, send } = client()
  expect(await rejection(send(world.api, { oauth: session as never }))).toEqual(
    new TypeError('oauth must not be a session: this fetch sends for the session of oauthFetch'),
  )
})

it('an error of oauthFetch narrows to a type with the response of fetch', async () => {
  world.revokeAccessTokens()
  const error: unknown = await rejection(
    client().send(world.api, { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as never),
  )
  if (!(error instanceof OAuthFetchError)) throw error
  // @ts-expect-error there is no config as in the errors of axios requests
  expect(error.config).toBeUndefined()
  const response: Response | undefined = error.response
  expect([error.code, response?.headers.get('x-none'), error.challenge]).toEqual(['OAUTH_NOT_REPLAYABLE', null, undefined])
  await response?.body?.cancel()
})

it('a response of a mock without headers is recovered, and no response at all is passed on', async () => {
  const answers = [{ status: 401, ok: false }, { status: 200, ok: true }, undefined]
  const { send } = client({ fetch: async () => answers.shift() as Response })
  expect(await send(world.api)).toEqual({ status: 200, ok: true })
  expect(await send(world.api)).toBeUndefined()
  expect(world.counts.refreshGrants).toBe(1)
})

it.each([
  [{ body: 'abc' }, 'oauth.body must be a function that makes the body'],
  [{ validFor: NaN }, 'oauth.validFor must be a number of milliseconds'],
  [{ recover: 'no' }, 'oauth.recover must be true or false'],
  [{ session: undefined }, 'oauth.session is unknown; known are body, validFor, recover'],
  [null, 'oauth must be false or an object of options'],
  [true, 'oauth must be false or an object of options'],
  [[], 'oauth must be false or an object of options'],
])('the request option oauth: %j is a TypeError', async (oauth, message) => {
  expect(await rejection(client().send(world.api, { oauth: oauth as never }))).toEqual(new TypeError(message))
  expect(world.counts.requests).toBe(0)
})

describe('a request', () => {
  it('with validFor waits for a token that lives as long', async () => {
    const { send } = client({ tokens: { ...world.tokens, expires_in: 100, expires_at: Date.now() / 1000 + 100 } })
    await send(world.api, { oauth: { validFor: 50_000 } })
    expect(world.counts.refreshGrants).toBe(0)
    await send(world.api, { oauth: { validFor: 150_000 } })
    expect(world.counts.refreshGrants).toBe(1)
  })

  it('while the store fails rejects with the typed error, and is not sent', async () => {
    const store = { ...memoryStore(), read: () => Promise.reject(new Error('made up')) }
    const send = oauthFetch(createSession(store, { refresh: world.refresh }), { origins: [world.api] })
    expect(await rejection(send(world.api))).toMatchObject({ name: 'OAuthFetchError', code: 'OAUTH_STORE_FAILED' })
    expect(world.counts.requests).toBe(0)
  })

  it('is named by its events, and by the refresh that it starts', async () => {
    const { send, session } = client({ tokens: { ...world.tokens, expires_at: 1 } })
    const events: object[] = []
    session.on('*', (event) => events.push(event))
    await send(new Request(`${world.api}/me?code=1`, { method: 'PUT' }))
    world.revokeAccessTokens()
    await send(`${world.api}/me`, { method: 'delete' })
    const put = { method: 'PUT', url: `${world.api}/me` }
    const requests = [
      { ...put, requestId: 1 },
      { method: 'DELETE', url: `${world.api}/me`, requestId: 2 },
    ]
    expect(events.filter((event) => 'requestId' in event)).toMatchObject([
      { type: 'queued', because: 'token', ...requests[0] },
      { type: 'released', ...requests[0] },
      { type: 'sent', ...requests[0] },
      { type: 'sent', ...requests[1] },
      { type: 'queued', because: 'rejected', ...requests[1] },
      { type: 'released', ...requests[1] },
      { type: 'resent', ...requests[1] },
    ])
    expect(events.find((event) => 'reason' in event)).toMatchObject({ type: 'refresh_started', startedBy: { method: 'PUT' } })
  })

  it('while signed out has no event of being sent with a token', async () => {
    const { send, session } = client({ tokens: null, refresh: false })
    const events: string[] = []
    session.on('*', (event) => 'method' in event && events.push(`${event.type} ${event.method}`))
    await send(world.api)
    expect(events).toEqual(['queued GET', 'released GET'])
  })
})

describe('what is handed to fetch', () => {
  /** A session whose first token is refused, and what its `fetch` is called with. */
  function recording(refused: () => Response = () => new Response(null, { status: 401 })) {
    const handed: { input: RequestInfo | URL; body: unknown }[] = []
    const made = client({
      fetch: async (input, init) => {
        handed.push({ input, body: init?.body })
        const token = new Headers(init?.headers).get('authorization')
        return token === `Bearer ${world.tokens.access_token}` ? refused() : new Response('yes')
      },
    })
    return { ...made, handed }
  }

  it('is the Request itself where no second send is possible, and a copy before', async () => {
    const { send, handed } = recording()
    const post = (url: string): Request => new Request(url, { method: 'POST', body: 'text' })
    const [elsewhere, own] = [post('https://elsewhere.example/'), post(world.api)]
    await send(elsewhere)
    expect(await (await send(own)).text()).toBe('yes')
    expect(handed.map(({ input }) => [elsewhere, own].indexOf(input as Request))).toEqual([0, -1, 1])
  })

  it('is the Request itself where it has no body, or gets no token', async () => {
    const { send, session, handed } = recording()
    const bare = new Request(world.api)
    await send(bare)
    await session.signOut()
    const post = new Request(world.api, { method: 'POST', body: 'text' })
    await send(post)
    expect(handed.map(({ input }) => input)).toEqual([bare, bare, post])
    expect([bare, bare, post].every((input, i) => input === handed[i]!.input)).toBe(true)
  })

  it('may go to another machine over plain http where that is allowed', async () => {
    const sent: unknown[] = []
    const plain = oauthFetch(client().session, {
      origins: ['http://api.example.com'],
      dangerouslyAllowInsecureHttp: true,
      fetch: async (_input, init) => (sent.push(new Headers(init?.headers).get('authorization')), new Response()),
    })
    await plain('http://api.example.com/')
    expect(sent).toEqual([`Bearer ${world.tokens.access_token}`])
  })

  it('is a body that the caller’s later changes do not reach', async () => {
    const bytes = new Uint8Array([1, 2])
    const form = new FormData()
    form.append('a', '1')
    const parameters = new URLSearchParams({ a: '1' })
    const { send, handed } = recording()
    for (const body of [bytes.buffer, form, parameters]) {
      const sending = send(world.api, { method: 'POST', body })
      bytes.fill(0)
      form.append('b', '2')
      parameters.append('b', '2')
      await sending
    }
    const [buffer, sentForm, sentParameters] = [handed[0], handed[2], handed[3]].map((one) => one?.body)
    expect([...new Uint8Array(buffer as ArrayBuffer)]).toEqual([1, 2])
    expect([...(sentForm as FormData).keys()]).toEqual(['a', 'b'])
    expect(String(sentParameters)).toBe('a=1&b=2&b=2')
  })

  it('is a stream of another kind once', async () => {
    const { send, session, handed } = recording()
    const refreshed = new Promise((done) => session.on('refreshed', done))
    const stream = { getReader: () => undefined } as never
    expect(await rejection(send(world.api, { method: 'POST', body: stream }))).toMatchObject({ code: 'OAUTH_NOT_REPLAYABLE' })
    expect(handed).toHaveLength(1)
    await refreshed
  })

  it('ends the transfer of the refused response when the caller aborts meanwhile', async () => {
    const cancelled = deferred()
    const controller = new AbortController()
    const { send, session } = recording(
      () => new Response(new ReadableStream({ cancel: () => cancelled.resolve() }), { status: 401 }),
    )
    const refreshed = new Promise((done) => session.on('refreshed', done))
    session.on('refresh_started', () => queueMicrotask(() => controller.abort(new Error('enough'))))
    expect((await rejection(send(world.api, { signal: controller.signal }))).message).toBe('enough')
    await Promise.all([cancelled.promise, refreshed])
  })
})

describe('in a page', () => {
  const { env } = process
  afterEach(() => {
    process.env = env
    for (const name of ['location', 'document']) Reflect.deleteProperty(globalThis, name)
  })
  const open = (page: string): void => void Object.assign(globalThis, { location: { href: page }, document: { baseURI: page } })

  /** The tokens with which requests without the option origins are sent. */
  async function tokensTo(...urls: string[]): Promise<unknown[]> {
    const sent: unknown[] = []
    const send = oauthFetch(client().session, {
      fetch: async (_input, init) => {
        sent.push(new Headers(init?.headers).get('authorization'))
        return new Response()
      },
    })
    for (const url of urls) await send(url)
    return sent
  }

  it('its own server gets the token', async () => {
    open('https://app.example.com/start')
    const token = `Bearer ${world.tokens.access_token}`
    expect(await tokensTo('/me', 'https://app.example.com/me', 'https://other.example.com')).toEqual([token, token, null])
  })

  it('with a <base> of another origin gets no token for a relative address', async () => {
    open('https://app.example.com/')
    Object.assign(globalThis, { document: { baseURI: 'https://other.example/' } })
    expect(await rejection(tokensTo('/me'))).toMatchObject({ code: 'OAUTH_ORIGIN_UNKNOWN' })
  })

  it('or elsewhere, a proxy that fetch uses gets no token over plain http', async () => {
    open('http://localhost:3000/')
    process.env = { HTTP_PROXY: 'http://proxy.example' }
    expect(await tokensTo('/me')).toEqual([`Bearer ${world.tokens.access_token}`])
    process.env = { HTTP_PROXY: 'http://proxy.example', NODE_USE_ENV_PROXY: '1' }
    for (const url of ['/me', 'http://localhost:3000/me'])
      expect(await rejection(tokensTo(url))).toMatchObject({ code: 'OAUTH_INSECURE_PROXY' })
    expect(await tokensTo('http://other.example')).toEqual([null])
  })
})
