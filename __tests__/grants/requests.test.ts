import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { clientCredentials, refreshToken, TokenEndpointError, type GrantOptions } from '../../src/grants/index.js'
import axios from 'axios'
import { rejection } from '../helpers/client.js'
import { call, fakeFetch, issued, stored } from '../helpers/token-endpoint.js'

const tokenEndpoint = 'https://login.example.com/token?tenant=one'
const options = (more: Partial<GrantOptions> = {}): GrantOptions => ({ tokenEndpoint, clientId: 'app', ...more })

describe('a token request', () => {
  it('that refreshes is a form that is posted to the token endpoint (RFC 6749 §6), with the refresh token of the store', async () => {
    const { fetch, sent } = fakeFetch()
    const { signal } = new AbortController()
    await call(refreshToken(options({ fetch })), { signal })
    expect(sent).toHaveLength(1)
    const [{ url, method, headers, body, redirect, signal: given }] = sent as [(typeof sent)[0]]
    expect({ url, method, redirect }).toEqual({ url: tokenEndpoint, method: 'POST', redirect: 'manual' })
    expect(headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    })
    expect(headers).not.toHaveProperty('authorization')
    expect(Object.fromEntries(body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: stored.refresh_token,
      client_id: 'app',
    })
    expect(given).toBe(signal)
  })

  it('for the client itself (RFC 6749 §4.4) has none of the stored tokens in it, and needs none', async () => {
    const { fetch, sent } = fakeFetch()
    const { signal } = new AbortController()
    const refresh = clientCredentials(options({ fetch }))
    await refresh(undefined, { signal, reason: 'missing', reportDate: () => undefined })
    await call(refresh, { signal })
    for (const request of sent) {
      expect(request).toMatchObject({ url: tokenEndpoint, method: 'POST', redirect: 'manual' })
      expect(Object.fromEntries(request.body)).toEqual({ grant_type: 'client_credentials', client_id: 'app' })
      expect(request.signal).toBe(signal)
    }
    expect(sent).toHaveLength(2)
  })

  it('says whether it can do without a refresh token', () => {
    expect(refreshToken(options()).needsRefreshToken).toBe(true)
    expect(clientCredentials(options()).needsRefreshToken).toBe(false)
  })

  it('for the client itself is marked as one that never ends a session', () => {
    expect(clientCredentials(options())).toHaveProperty('neverEnds', true)
    expect(refreshToken(options())).not.toHaveProperty('neverEnds')
  })

  it('that would need a refresh token is not sent without one', async () => {
    const { fetch, sent } = fakeFetch()
    const { signal } = new AbortController()
    const refresh = refreshToken(options({ fetch }))
    const context = { signal, reason: 'missing', reportDate: () => undefined } as const
    const bearer = { access_token: 'made-up', token_type: 'Bearer' }
    for (const tokens of [undefined, bearer, { ...bearer, refresh_token: '' }])
      expect(await rejection(Promise.resolve(refresh(tokens, context)))).toMatchObject({
        name: 'TokenEndpointError',
        message: 'refreshToken: the token set has no refresh token. The scope offline_access may be needed to get one.',
      })
    expect(sent).toEqual([])
  })

  it.each([
    ['refreshToken', refreshToken],
    ['clientCredentials', clientCredentials],
  ])('of %s carries scope, audience, every resource and the caller’s own parameters', async (_name, grant) => {
    const { fetch, sent } = fakeFetch()
    const more = { scope: 'read write', audience: 'api', parameters: { tenant: 'one & only', prompt: 'none' } }
    await call(grant(options({ fetch, ...more, resource: ['https://a.example', 'https://b.example'] })))
    await call(grant(options({ fetch, resource: 'https://a.example' })))
    expect([...sent[0]!.body].filter(([name]) => !/^(grant_type|client_id|refresh_token)$/.test(name))).toEqual([
      ['scope', 'read write'],
      ['audience', 'api'],
      ['resource', 'https://a.example'],
      ['resource', 'https://b.example'],
      ['tenant', 'one & only'],
      ['prompt', 'none'],
    ])
    expect(sent[1]!.body.getAll('resource')).toEqual(['https://a.example'])
    expect(sent[1]!.body.has('scope') || sent[1]!.body.has('audience')).toBe(false)
  })

  it('goes through the platform’s fetch of that moment when no other way is given', async () => {
    const platform = globalThis.fetch
    const refresh = refreshToken(options())
    const { fetch, sent } = fakeFetch()
    globalThis.fetch = fetch as never
    try {
      await call(refresh)
    } finally {
      globalThis.fetch = platform
    }
    expect(sent.map(({ url, method }) => [url, method])).toEqual([[tokenEndpoint, 'POST']])
  })

  it('prefers the fetch that is given to the axios instance that is given', async () => {
    const { fetch, sent } = fakeFetch()
    const instance = axios.create({ adapter: () => Promise.reject(new Error('not this way')) })
    await call(refreshToken(options({ fetch, axios: instance })))
    expect(sent).toHaveLength(1)
  })

  it('gets the first token for a session with an empty store', async () => {
    const { fetch, sent } = fakeFetch()
    const seen: unknown[] = []
    const api = axios.create({
      baseURL: 'https://api.example.com',
      adapter: async (config) => {
        seen.push(config.headers.Authorization)
        return { data: '', status: 200, statusText: '', headers: {}, config }
      },
    })
    const store = memoryStore()
    attachOAuth(api, store, { refresh: clientCredentials(options({ fetch, clientSecret: 'made-up-secret' })) })
    await Promise.all(Array.from({ length: 10 }, (_, i) => api.get(`/${i}`)))
    expect(sent).toHaveLength(1)
    expect(seen).toEqual(Array(10).fill('Bearer made-up-access'))
    expect(await store.read()).toMatchObject({ access_token: 'made-up-access' })
  })
})

describe('the answer of the token endpoint', () => {
  const answered = (response: () => Response): Promise<unknown> =>
    call(refreshToken(options({ fetch: fakeFetch(response).fetch })))
  const refused = (response: () => Response): Promise<TokenEndpointError> => rejection<TokenEndpointError>(answered(response))

  it('is handed on whole', async () => {
    const members = { access_token: 'made-up', expires_in: '3600', scope: 'read', ext: { any: ['thing'] } }
    expect(await answered(() => Response.json(members))).toEqual(members)
    expect(await answered(() => new Response(JSON.stringify(members), { status: 201 }))).toEqual(members)
  })

  it('tells the time of the server, refused or not', async () => {
    const dates: unknown[] = []
    const date = 'Fri, 02 Jan 2026 00:00:00 GMT'
    let status = 200
    const { fetch } = fakeFetch(() => new Response('{"access_token":"made-up"}', { status, headers: { date } }))
    const refresh = refreshToken(options({ fetch }))
    const reportDate = (given: unknown): void => void dates.push(given)
    await call(refresh, { reportDate })
    status = 503
    await rejection(call(refresh, { reportDate }))
    await call(refreshToken(options({ fetch: fakeFetch().fetch })), { reportDate })
    expect(dates).toEqual([date, date, null])
  })

  it.each([
    ['{"error":"invalid_grant","error_description":"made-up-description"}', 400, 'invalid_grant'],
    ['{"error":"invalid_client"}', 401, 'invalid_client'],
    ['{"error":"temporarily_unavailable"}', 503, 'temporarily_unavailable'],
    ['{"error":"my.own-code_1"}', 400, 'my.own-code_1'],
    // Some servers answer 200 with an error in the body.
    ['{"error":"invalid_grant"}', 200, 'invalid_grant'],
    ['{"error":"invalid_grant","access_token":null}', 200, 'invalid_grant'],
    ['{"error":"invalid_grant","access_token":"made-up-token"}', 400, 'invalid_grant'],
  ])('%s with status %d is refused with its error code', async (body, status, error) => {
    const failure = await refused(() => new Response(body, { status }))
    expect(failure).toMatchObject({
      name: 'TokenEndpointError',
      message: `The token endpoint answered ${status} with the error ${error}.`,
      status,
      error,
    })
  })

  it.each(['', 'two words', 'made-up-token'.repeat(5), '<b>'])('with an error code such as %j is not quoted', async (error) => {
    const failure = await refused(() => Response.json({ error }, { status: 400 }))
    expect(failure).toMatchObject({
      message: 'The token endpoint answered 400 with an error code that is not well-formed.',
      status: 400,
      body: { error },
    })
    expect(failure.error).toBeUndefined()
  })

  it.each([
    ['a form (GitHub)', 'access_token=made-up&expires_in=28800&scope=', 'application/x-www-form-urlencoded; charset=utf-8'],
    ['a form that is called text', 'access_token=made-up&expires_in=28800&scope=', 'text/plain'],
    ['JSON that is called text', '{"access_token":"made-up","expires_in":"28800","scope":""}', 'text/plain'],
    ['JSON that is called HTML', ' {"access_token":"made-up","expires_in":"28800","scope":""}\n', 'text/html'],
    ['JSON behind a byte order mark', '\uFEFF{"access_token":"made-up","expires_in":"28800","scope":""}', 'application/json'],
    ['JSON behind two byte order marks', '\uFEFF\uFEFF{"access_token":"made-up","expires_in":"28800","scope":""}', ''],
  ])('is read when it is %s', async (_what, body, type) => {
    const headers = { 'content-type': type }
    expect(await answered(() => new Response(body, { headers }))).toEqual({
      access_token: 'made-up',
      expires_in: '28800',
      scope: '',
    })
  })

  it.each([
    ['a form (GitHub)', 200, 'error=bad_refresh_token&error_description=made+up', 'bad_refresh_token'],
    ['JSON with ok: false (Slack)', 200, '{"ok":false,"error":"invalid_refresh_token"}', 'invalid_refresh_token'],
    ['JSON behind a byte order mark', 400, '\uFEFF{"error":"invalid_grant"}', 'invalid_grant'],
  ])('is refused with its error code when it is %s', async (_what, status, body, error) => {
    expect(await refused(() => new Response(body, { status }))).toMatchObject({ status, error })
  })

  it.each([
    ['Facebook', 400, { error: { code: 190, type: 'OAuthException' } }],
    ['Strava', 400, { message: 'Bad Request', errors: [{ resource: 'RefreshToken', code: 'invalid' }] }],
    ['an own backend', 401, { statusCode: 401, message: 'Unauthorized' }],
  ])('carries its members for those who classify it, unseen by printers (%s)', async (_who, status, body) => {
    const failure = await refused(() => Response.json(body, { status }))
    expect(failure.body).toEqual(body)
    expect(Object.keys(failure)).toEqual(['status'])
    expect(failure.isTokenEndpointError).toBe(true)
  })

  it('carries its description, unseen by printers', async () => {
    const body = { error: 'invalid_request', error_description: 'The refresh token made-up-token is invalid.' }
    const failure = await refused(() => Response.json(body, { status: 401 }))
    expect(failure.error_description).toBe(body.error_description)
    expect(Object.keys(failure)).toEqual(['status', 'error'])
    const other = await refused(() => Response.json({ ...body, error_description: 5 }, { status: 401 }))
    expect('error_description' in other).toBe(false)
  })

  it('of exactly 1 MB is read', async () => {
    const text = '{"access_token":"made-up"}'.padEnd(1_000_000)
    for (const headers of [{}, { 'content-length': '1000000' }])
      expect(await answered(() => new Response(text, { headers }))).toEqual({ access_token: 'made-up' })
    const whole = { status: 200, ok: true, headers: new Headers(), text: async () => text } as unknown as Response
    expect(await answered(() => whole)).toEqual({ access_token: 'made-up' })
  })

  it('with a new refresh token goes to the session, which stores it although the access token is missing', async () => {
    const members = { refresh_token: 'made-up-successor' }
    expect(await answered(() => Response.json(members))).toEqual(members)
    expect(await refused(() => Response.json({ ...members, error: 'invalid_scope' }))).toMatchObject({ error: 'invalid_scope' })
  })

  it('with a token is one, whatever else is in it', async () => {
    const members = { access_token: 'made-up', error: '' }
    expect(await answered(() => Response.json(members))).toEqual(members)
  })

  it.each([
    ['error=invalid_grant <html>', 400, 'The token endpoint answered 400 without an OAuth error.'],
    ['{"error":["invalid_grant"]}', 400, 'The token endpoint answered 400 without an OAuth error.'],
    ['{"access_token":"made-up-token"}', 500, 'The token endpoint answered 500 without an OAuth error.'],
    ['<html>busy</html>', 503, 'The token endpoint answered 503 without an OAuth error.'],
    ['<html>sign in</html>', 200, 'The token endpoint answered 200 without JSON: is this its address?'],
    ['{"access_token":"made-up-tok', 200, 'The token endpoint answered 200 without JSON: is this its address?'],
    ['', 200, 'The token endpoint answered 200 without JSON: is this its address?'],
    ['null', 200, 'The token endpoint answered 200 without JSON: is this its address?'],
    ['"made-up-token"', 200, 'The token endpoint answered 200 without JSON: is this its address?'],
    ['[]', 200, 'The token endpoint answered 200 without an access_token.'],
    ['{}', 200, 'The token endpoint answered 200 without an access_token.'],
    ['{"access_token":5}', 200, 'The token endpoint answered 200 without an access_token.'],
  ])('%s with status %d is refused, without an error code', async (body, status, message) => {
    const failure = await refused(() => new Response(body, { status }))
    expect(failure).toBeInstanceOf(TokenEndpointError)
    expect(failure).toMatchObject({ message, status })
    expect(Object.keys(failure)).toEqual(['status'])
  })

  it('without a body is refused like any other', async () => {
    expect(await refused(() => new Response(null, { status: 204 }))).toMatchObject({
      status: 204,
      message: 'The token endpoint answered 204 without JSON: is this its address?',
    })
  })

  it.each([
    [300, new Response('{"access_token":"made-up"}', { status: 300 })],
    [302, new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } })],
    [399, new Response(null, { status: 399 })],
    // A browser shows a redirect that it does not follow as an error response.
    [0, Response.error()],
  ])('that redirects (status %d) is refused', async (status, response) => {
    expect(await refused(() => response)).toMatchObject({
      status,
      message: 'The token endpoint redirects, which is not followed: use its final address.',
    })
  })

  it.each(['120', 'Fri, 02 Jan 2026 00:00:00 GMT'])('carries its Retry-After as it came: %s', async (retryAfter) => {
    const headers = { 'retry-after': retryAfter }
    expect(await refused(() => new Response('', { status: 429, headers }))).toMatchObject({ status: 429, retryAfter })
    expect(await refused(() => Response.json({ error: 'slow_down' }, { status: 400, headers }))).toMatchObject({
      error: 'slow_down',
      retryAfter,
    })
  })

  it('has its headers, for a classify function and for the clock of the server, and no printer shows them', async () => {
    const headers = { date: 'Fri, 02 Jan 2026 00:00:00 GMT', 'x-reason': 'made-up-secret' }
    const error = await refused(() => new Response('', { status: 503, headers }))
    expect(error.headers).toMatchObject(headers)
    expect(Object.keys(error)).not.toContain('headers')
    expect(inspect(error)).not.toContain('made-up-secret')
  })
})

describe('a token request that gets no answer', () => {
  const lost = 'The token endpoint could not be reached, or the connection broke.'
  const refused = 'The token endpoint could not be reached, or the connection broke (ECONNREFUSED).'
  const failing = (failure: unknown): Promise<TokenEndpointError> =>
    rejection<TokenEndpointError>(call(refreshToken(options({ fetch: () => Promise.reject(failure as Error) }))))
  const withCode = (code: unknown, cause?: unknown): Error => Object.assign(new Error('made up'), { code, cause })

  it.each([
    ['as axios tells it', withCode('ECONNREFUSED')],
    ['as fetch tells it', new TypeError('fetch failed', { cause: withCode('ECONNREFUSED') })],
    ['below a code of axios', withCode('ERR_NETWORK', withCode('ECONNREFUSED'))],
    ['at the bottom', new Error('1', { cause: new Error('2', { cause: new Error('3', { cause: { code: 'ECONNREFUSED' } }) }) })],
  ])('carries the system’s code, %s', async (_where, failure) => {
    expect(await failing(failure)).toMatchObject({ name: 'TokenEndpointError', message: refused, code: 'ECONNREFUSED' })
  })

  it.each([
    ['a number', new DOMException('made up', 'AbortError')],
    ['a list', { code: ['ECONNRESET'] }],
    ['of the protocol’s library', withCode('OAUTH_RESPONSE_IS_NOT_CONFORM')],
    ['not written like one', withCode('made-up-token')],
    ['not all in capitals', withCode('ECONNreset')],
    ['hidden in other text', withCode('ECONNRESET made-up-token')],
    ['behind other text', withCode('made-up-token ECONNRESET')],
    ['of another name', { kode: 'ECONNRESET' }],
    ['missing from a text', 'ECONNRESET'],
    ['missing from nothing', null],
    ['too deep', [1, 2, 3, 4].reduce<unknown>((cause) => ({ cause }), { code: 'ECONNRESET' })],
  ])('carries no code that is %s', async (_what, failure) => {
    const error = await failing(failure)
    expect(error.message).toBe(lost)
    expect(Object.keys(error)).toEqual([])
  })

  it('ends when the chain of its causes goes in a circle', async () => {
    const circle: { cause?: unknown; errors?: unknown[] } = {}
    circle.cause = circle
    circle.errors = [circle, circle]
    expect((await failing(circle)).code).toBeUndefined()
  })

  it('keeps of its cause what tells whether the server was reached, and nothing else', async () => {
    const secret = 'made-up-token'
    const part = (syscall: string): Error => Object.assign(new Error(secret), { code: 'ENETUNREACH', syscall, address: secret })
    const aggregate = Object.assign(new AggregateError([part('connect'), part('connect')], secret), { code: 'ENETUNREACH' })
    const failure = Object.assign(new TypeError(secret, { cause: aggregate }), { config: secret, status: 502 })
    expect((await failing(failure)).cause).toEqual({
      name: 'TypeError',
      status: 502,
      cause: {
        name: 'AggregateError',
        code: 'ENETUNREACH',
        errors: Array(2).fill({ name: 'Error', code: 'ENETUNREACH', syscall: 'connect' }),
      },
    })
    expect((await failing({ errors: Array(9).fill(part('connect')) })).cause).toEqual({
      errors: Array(8).fill(expect.anything()),
    })
    expect((await failing(null)).cause).toBeUndefined()
    expect((await failing({ status: '502', code: 'MADE_UP' })).cause).toEqual({ code: 'MADE_UP' })
    expect((await failing({ name: 'made up: token', code: 'MADE_UP', syscall: 'made/up' })).cause).toEqual({ code: 'MADE_UP' })
  })

  it('is told as such when the connection breaks in the middle of the body', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"access_token":')),
      pull: (controller) => controller.error(withCode('ECONNRESET')),
    })
    const { fetch } = fakeFetch(() => new Response(body))
    expect(await rejection(call(refreshToken(options({ fetch }))))).toMatchObject({
      message: 'The token endpoint could not be reached, or the connection broke (ECONNRESET).',
      code: 'ECONNRESET',
    })
  })

  it('ends when it is aborted in the middle of the body, whatever fetch does', async () => {
    const controller = new AbortController()
    let cancelled: unknown
    const body = new ReadableStream({
      pull: () => void setImmediate(() => controller.abort()),
      cancel: () => void (cancelled = true),
    })
    const refresh = refreshToken(options({ fetch: fakeFetch(() => new Response(body)).fetch }))
    expect(await rejection(call(refresh, { signal: controller.signal }))).toMatchObject({ message: lost })
    expect(cancelled).toBe(true)
  })

  it('leaves no listener at the signal of one that was answered', async () => {
    const { signal } = new AbortController()
    await call(refreshToken(options({ fetch: fakeFetch().fetch })), { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('reports a bug or a missing function of the platform as what it is', async () => {
    const { fetch } = fakeFetch()
    const failed = new RangeError('made up')
    const failing = refreshToken(options({ fetch, clientSecret: 'secret' }))
    const encoder = globalThis.TextEncoder
    globalThis.TextEncoder = function () {
      throw failed
    } as never
    try {
      expect(await rejection(call(failing))).toBe(failed)
    } finally {
      globalThis.TextEncoder = encoder
    }
  })
})

describe('TokenEndpointError', () => {
  it.each<[string, () => Response | Promise<Response>]>([
    ['refused', () => Response.json({ error: 'invalid_grant', error_description: 'made-up-stored-refresh' }, { status: 400 })],
    ['answered with half a token', () => new Response('{"access_token":"made-up-access')],
    ['answered with a token and a status that says no', () => new Response('{"access_token":"made-up-access"}', { status: 500 })],
    ['answered with the token for an error', () => Response.json({ error: 'made-up-secret made-up-access' })],
    [
      'broken off, with the whole request hung on the failure',
      () => Promise.reject(Object.assign(new Error('made-up-secret'), { config: { data: 'made-up-stored-refresh' } })),
    ],
  ])('prints no token and no secret when the request was %s', async (_how, answer) => {
    const { fetch, sent } = fakeFetch(answer)
    const refresh = refreshToken(options({ fetch, clientSecret: 'made-up-secret', clientAuthentication: 'client_secret_post' }))
    const error = await rejection(call(refresh))
    expect(sent[0]!.body.get('client_secret')).toBe('made-up-secret')
    const printed = [error.message, String(error), error.stack, JSON.stringify(error), JSON.stringify({ ...error })]
    for (const customInspect of [true, false])
      printed.push(inspect(error, { customInspect, depth: 10 }), inspect({ nested: [error] }, { customInspect, depth: 10 }))
    expect(printed.join('\n')).not.toMatch(/made-up/)
  })

  it('carries what is known, and no more', () => {
    expect({ ...new TokenEndpointError('made up', { status: 429, error: 'slow_down', retryAfter: '5' }) }).toEqual({
      status: 429,
      error: 'slow_down',
      retryAfter: '5',
    })
    expect(JSON.stringify(new TokenEndpointError('made up'))).toBe('{}')
    expect(new TokenEndpointError('made up').name).toBe('TokenEndpointError')
  })

  it('is printed with its stack', () => {
    const error = new TokenEndpointError('made up')
    expect(inspect(error)).toBe(error.stack)
    expect(error.stack).toMatch(/^TokenEndpointError: made up\n/)
  })

  it('tells a session whether to sign out, to try again or to give up', async () => {
    const outcomes: unknown[] = []
    for (const response of [
      () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
      () => Response.json({ error: 'invalid_client' }, { status: 401 }),
      () => new Response('<html>', { status: 502 }),
    ]) {
      const { fetch } = fakeFetch(response)
      const api = axios.create({ baseURL: 'https://api.example.com' })
      const session = attachOAuth(api, memoryStore(stored), { refresh: refreshToken(options({ fetch })) })
      const { code } = await rejection(session.refresh())
      outcomes.push([code, session.getSnapshot().status])
    }
    expect(outcomes).toEqual([
      ['OAUTH_INVALID_GRANT', 'signed_out'],
      ['OAUTH_CLIENT_REFUSED', 'signed_in'],
      ['OAUTH_REFRESH_UNAVAILABLE', 'signed_in'],
    ])
  })

  it('lets a session try again what was not processed', async () => {
    let tries = 0
    const { fetch } = fakeFetch(() =>
      ++tries === 1 ? new Response('', { status: 503, headers: { 'retry-after': '0' } }) : issued(),
    )
    const api = axios.create({ baseURL: 'https://api.example.com' })
    const session = attachOAuth(api, memoryStore(stored), { refresh: refreshToken(options({ fetch })) })
    expect((await session.refresh()).access_token).toBe('made-up-access')
    expect(tries).toBe(2)
  })
})
