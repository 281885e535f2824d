import { jest } from '@jest/globals'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { finishSignIn, startSignIn, type SignInClient } from '../../src/sign-in/index.js'
import { json, startIssuer, type FakeIssuer } from './helpers/fake-issuer.js'
import { openPage, type FakePage } from './helpers/fake-page.js'
import { fakeSession } from './helpers/fake-session.js'
import { failureOf } from './helpers/flow.js'

let page: FakePage
let server: FakeIssuer
let client: SignInClient
beforeEach(() => {
  page = openPage('https://app.example/orders?page=2#top')
  server = startIssuer()
  client = {
    issuer: server.issuer,
    clientId: 'spa',
    redirectUri: '/callback',
    scope: 'openid offline_access',
    fetch: server.fetch,
  }
})
afterEach(() => page.close())

/** Starts a sign-in and returns the parameters of the authorization request. */
async function start(options?: Parameters<typeof startSignIn>[1]): Promise<URLSearchParams> {
  await startSignIn(client, options)
  const request = new URL(page.visited.at(-1)!).searchParams
  server.claims = { nonce: request.get('nonce') }
  return request
}

/** Opens the page of the redirect URI with an authorization response. */
function respond(request: URLSearchParams, response: Record<string, string> = {}): void {
  const parameters = { code: 'code-1', state: request.get('state')!, iss: server.issuer, ...response }
  page.open(`/callback?${new URLSearchParams(parameters)}`)
}

const settingsOf = ({ clientId, issuer }: SignInClient): object => ({ clientId, issuer: new URL(issuer).href })

describe('a sign-in', () => {
  it('requests a code with PKCE, a state and a nonce', async () => {
    const request = await start({ loginHint: 'alice', parameters: { audience: 'api' } })
    expect(page.visited[0]).toMatch(`${server.issuer}/authorize?`)
    expect(Object.fromEntries(request)).toMatchObject({
      response_type: 'code',
      client_id: 'spa',
      redirect_uri: 'https://app.example/callback',
      scope: 'openid offline_access',
      code_challenge_method: 'S256',
      login_hint: 'alice',
      audience: 'api',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('exchanges the code with the verifier of its challenge, signs the session in and returns to the page', async () => {
    const session = fakeSession()
    const request = await start()
    respond(request)
    expect(await finishSignIn(client, session)).toEqual({ returnTo: '/orders?page=2#top' })
    const { body } = server.requests.at(-1)!
    expect(createHash('sha256').update(body.get('code_verifier')!).digest('base64url')).toBe(request.get('code_challenge'))
    expect(Object.fromEntries(body)).toMatchObject({
      grant_type: 'authorization_code',
      code: 'code-1',
      client_id: 'spa',
      redirect_uri: 'https://app.example/callback',
    })
    expect(session.signedIn).toMatchObject([{ access_token: 'at-1', refresh_token: 'rt-1' }])
    expect(page.address()).toBe('https://app.example/orders?page=2#top')
  })

  it('discovers the server once', async () => {
    respond(await start())
    await finishSignIn(client, fakeSession())
    expect(server.requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/token'])
  })

  it('leaves no verifier in storage once it is finished', async () => {
    respond(await start())
    await finishSignIn(client, fakeSession())
    expect([...page.storage.values()].join()).not.toMatch(/verifier|nonce/)
  })

  it('counts the lifetime of the token from the token request', async () => {
    const session = fakeSession()
    respond(await start())
    const before = Math.floor(Date.now() / 1000)
    await finishSignIn(client, session)
    const expiry = Number(session.signedIn[0]!.expires_at)
    expect(expiry - 600).toBeGreaterThanOrEqual(before)
    expect(expiry - 600).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('hands the return path to a router instead of changing the address', async () => {
    const paths: string[] = []
    respond(await start({ returnTo: '/inbox' }))
    await finishSignIn(client, fakeSession(), { navigate: (path) => paths.push(path) })
    expect(paths).toEqual(['/inbox'])
    expect(page.address()).toContain('/callback?')
  })

  it('needs no ID token without the scope openid, and then sends no nonce', async () => {
    client.scope = 'read'
    server.token = () => json({ access_token: 'at-2', token_type: 'bearer' })
    const session = fakeSession()
    const request = await start()
    expect(request.has('nonce')).toBe(false)
    respond(request)
    await finishSignIn(client, session)
    expect(session.signedIn).toEqual([{ access_token: 'at-2', token_type: 'bearer' }])
  })

  it('works with given metadata and without discovery', async () => {
    const { authorization_endpoint, token_endpoint } = server.metadata as Record<string, string>
    client.metadata = { authorization_endpoint: authorization_endpoint!, token_endpoint: token_endpoint! }
    respond(await start())
    await finishSignIn(client, fakeSession())
    expect(server.requests.map(({ path }) => path)).toEqual(['/token'])
  })
})

describe('the return path', () => {
  it.each([
    'https://evil.example/',
    '//evil.example/x',
    '/\\evil.example',
    'javascript:alert(1)',
    'https://app.example//evil.example',
    'http://app.example/x',
  ])('refuses %s', async (returnTo) => {
    await expect(startSignIn(client, { returnTo })).rejects.toThrow(
      new TypeError('startSignIn: returnTo must be a path on https://app.example'),
    )
    expect(page.visited).toEqual([])
  })

  it.each([
    ['/a?b=c#d', '/a?b=c#d'],
    ['https://app.example/deep/page', '/deep/page'],
    ['?page=3', '/orders?page=3'],
  ])('accepts %s', async (returnTo, path) => {
    respond(await start({ returnTo }))
    expect(await finishSignIn(client, fakeSession())).toEqual({ returnTo: path })
  })

  it('is the root when the sign-in starts on the page of the redirect URI', async () => {
    page.open('/callback?code=old&state=old')
    respond(await start())
    expect(await finishSignIn(client, fakeSession())).toEqual({ returnTo: '/' })
  })

  it('is checked again when it comes out of storage', async () => {
    const request = await start()
    for (const [key, value] of page.storage) page.storage.set(key, value.replace('/orders?page=2#top', '//evil.example'))
    respond(request)
    expect(await finishSignIn(client, fakeSession())).toEqual({ returnTo: '/' })
  })
})

describe('a response is used once', () => {
  it('two effects of StrictMode share one exchange', async () => {
    const session = fakeSession()
    respond(await start())
    const outcomes = await Promise.all([finishSignIn(client, session), finishSignIn(client, session)])
    expect(outcomes).toEqual([{ returnTo: '/orders?page=2#top' }, { returnTo: '/orders?page=2#top' }])
    expect(server.requests.filter(({ path }) => path === '/token')).toHaveLength(1)
    expect(session.signedIn).toHaveLength(1)
  })

  it('two starts of StrictMode can both be finished', async () => {
    const [first, second] = [await start(), await start()]
    for (const request of [second, first]) {
      server.claims = { nonce: request.get('nonce') }
      respond(request)
      expect(await finishSignIn(client, fakeSession())).toMatchObject({ returnTo: '/orders?page=2#top' })
    }
  })

  it('a response that comes again, after a step back in the history, is out of date', async () => {
    const request = await start()
    respond(request)
    await finishSignIn(client, fakeSession())
    respond(request, { code: 'code-2' })
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_STALE', retryable: false })
    expect(server.requests.filter(({ path }) => path === '/token')).toHaveLength(1)
  })

  it('a failed exchange uses the response too', async () => {
    const request = await start()
    server.token = () => json({ error: 'server_error' }, 500)
    respond(request)
    await failureOf(finishSignIn(client, fakeSession()))
    respond(request, { code: 'code-2' })
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_STALE' })
  })

  it('a sign-in that began more than an hour ago is out of date, and its record is swept by the next start', async () => {
    const request = await start()
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_700_000)
    respond(request)
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_STALE' })
    await start()
    expect(page.storage.size).toBe(1)
    clock.mockRestore()
  })
})

describe('a failed sign-in says what happened and what to show', () => {
  it.each([
    ['access_denied', 'SIGN_IN_DENIED'],
    ['login_required', 'SIGN_IN_INTERACTION_REQUIRED'],
    ['temporarily_unavailable', 'SIGN_IN_UNAVAILABLE'],
    ['invalid_scope', 'SIGN_IN_MISCONFIGURED'],
    ['something_new', 'SIGN_IN_MISCONFIGURED'],
  ])('an authorization response with %s', async (oauthError, code) => {
    const request = await start()
    page.open(`/callback?${new URLSearchParams({ error: oauthError, state: request.get('state')!, iss: server.issuer })}`)
    const error = await failureOf(finishSignIn(client, fakeSession()))
    expect(error).toMatchObject({
      code,
      oauthError,
      retryable: code === 'SIGN_IN_UNAVAILABLE',
      userMessage: expect.stringMatching(/^[A-Z].*\.$/),
    })
    expect(page.address()).toBe('https://app.example/callback')
  })

  it('a response that this browser did not ask for: forged, of another browser, or storage was cleared', async () => {
    respond(await start())
    page.storage.clear()
    const session = fakeSession()
    expect(await failureOf(finishSignIn(client, session))).toMatchObject({ code: 'SIGN_IN_LOST' })
    expect(session.signedIn).toEqual([])
  })

  it.each(['code=c', 'code=c&state=', 'code=c&state=a&state=b', 'error=access_denied'])(
    'a response without exactly one state: %s',
    async (query) => {
      await start()
      page.open(`/callback?${query}`)
      const session = fakeSession()
      expect(await failureOf(finishSignIn(client, session))).toMatchObject({ code: 'SIGN_IN_STATE_MISMATCH' })
      expect(page.address()).toBe('https://app.example/callback')
      expect(session.signedIn).toEqual([])
    },
  )

  it.each(['code=SUMMER20', 'error=x'])('no response: %s while no sign-in of this client waits', async (query) => {
    const request = await start()
    respond(request)
    await finishSignIn(client, fakeSession())
    await startSignIn({ ...client, clientId: 'other' })
    page.storage.set('axios-attach-oauth.sign-in.expired', JSON.stringify({ ...settingsOf(client), expiresAt: 1 }))
    page.open(`/callback?${query}`)
    const session = fakeSession()
    expect(await finishSignIn(client, session)).toBeUndefined()
    expect(page.address()).toBe(`https://app.example/callback?${query}`)
    expect(session.signedIn).toEqual([])
  })

  it('a response with a state for which no sign-in waits', async () => {
    page.open('/callback?code=c&state=NY')
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_LOST' })
    expect(page.address()).toBe('https://app.example/callback')
  })

  it.each([
    ['another issuer (mix-up, RFC 9207)', () => ({ response: { iss: 'https://evil.example' } })],
    ['a nonce of another sign-in', () => ({ claims: { nonce: 'other' } })],
    ['an ID token for another client', () => ({ claims: { aud: 'other' } })],
    ['an ID token of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['an ID token that has expired', () => ({ claims: { exp: 1 } })],
    ['no ID token', () => ({ claims: {}, token: () => json({ access_token: 'a', token_type: 'Bearer' }) })],
    ['no access token', () => ({ claims: {}, token: () => json({ token_type: 'Bearer' }) })],
  ])('a response with %s is invalid, and the session is not signed in', async (_name, change) => {
    const { response, claims, token } = change() as { response?: Record<string, string>; claims?: object; token?: () => Response }
    const request = await start()
    Object.assign(server.claims, claims)
    if (token) server.token = token
    respond(request, response)
    const session = fakeSession()
    expect(await failureOf(finishSignIn(client, session))).toMatchObject({ code: 'SIGN_IN_RESPONSE_INVALID' })
    expect(session.signedIn).toEqual([])
  })

  it.each([
    [400, { error: 'invalid_grant' }, 'SIGN_IN_CODE_REFUSED'],
    [401, { error: 'invalid_client' }, 'SIGN_IN_MISCONFIGURED'],
    [400, { error: 'temporarily_unavailable' }, 'SIGN_IN_UNAVAILABLE'],
    [429, {}, 'SIGN_IN_UNAVAILABLE'],
    [503, {}, 'SIGN_IN_UNAVAILABLE'],
    [404, {}, 'SIGN_IN_MISCONFIGURED'],
  ])('a token endpoint that answers %i %j', async (status, body, code) => {
    server.token = () => json(body, status)
    respond(await start())
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code, status })
  })

  it('a token endpoint that cannot be reached', async () => {
    server.token = () => Promise.reject(new TypeError('Failed to fetch'))
    respond(await start())
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_UNAVAILABLE', retryable: true })
  })

  it('an issuer without metadata, one that is down, and one with an endpoint in the clear', async () => {
    const answers: [() => Promise<Response>, string][] = [
      [async () => json({}, 404), 'SIGN_IN_MISCONFIGURED'],
      [async () => json({}, 502), 'SIGN_IN_UNAVAILABLE'],
      [async () => Promise.reject(new TypeError('Failed to fetch')), 'SIGN_IN_UNAVAILABLE'],
      [
        async () => json({ ...server.metadata, authorization_endpoint: 'http://login.example/authorize' }),
        'SIGN_IN_MISCONFIGURED',
      ],
      [async () => json({ ...server.metadata, authorization_endpoint: 'javascript:alert(1)' }), 'SIGN_IN_MISCONFIGURED'],
      [async () => json({ ...server.metadata, issuer: 'https://evil.example' }), 'SIGN_IN_MISCONFIGURED'],
    ]
    for (const [answer, code] of answers) {
      client.fetch = answer
      expect(await failureOf(startSignIn(client))).toMatchObject({ code })
    }
    client.fetch = server.fetch
    await startSignIn(client)
    expect(page.visited).toHaveLength(1)
  })

  it('an issuer without metadata, and one whose metadata name another issuer, are told apart', async () => {
    client.fetch = async () => json({}, 404)
    expect((await failureOf(startSignIn(client))).message).toContain('has no metadata; is it the exact issuer identifier?')
    client.fetch = async () => json({ ...server.metadata, issuer: 'https://evil.example' })
    const { message } = await failureOf(startSignIn(client))
    expect(message).toContain('has metadata of another issuer; is it the exact issuer identifier?')
    expect(message).not.toContain('evil')
  })

  it('an issuer whose metadata has no authorization endpoint', async () => {
    delete server.metadata.authorization_endpoint
    expect(await failureOf(startSignIn(client))).toMatchObject({ code: 'SIGN_IN_MISCONFIGURED' })
  })

  it('storage that refuses', async () => {
    Object.defineProperty(globalThis, 'localStorage', {
      configurable: true,
      get: () => {
        throw new DOMException('denied', 'SecurityError')
      },
    })
    expect(await failureOf(startSignIn(client))).toMatchObject({ code: 'SIGN_IN_STORAGE_UNAVAILABLE' })
    page.open('/callback?code=c&state=s')
    expect(await failureOf(finishSignIn(client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_STORAGE_UNAVAILABLE' })
  })

  it('an error of the session as it is', async () => {
    const session = { ...fakeSession(), signIn: () => Promise.reject(new Error('store down')) }
    respond(await start())
    await expect(finishSignIn(client, session)).rejects.toThrow('store down')
  })

  it('contains no code, token or verifier, however it is printed', async () => {
    const printed: string[] = []
    let verifier = ''
    for (const token of [
      () => json({ access_token: 'secret-at', token_type: 'mac' }),
      () => json({ error: 'invalid_grant', error_description: 'secret-at', code: 'secret-code' }, 400),
      () => json({ error: 'secret at, not a name' }, 400),
    ]) {
      server.token = (body) => ((verifier = body.get('code_verifier')!), token())
      respond(await start(), { code: 'secret-code' })
      const error = await failureOf(finishSignIn(client, fakeSession()))
      printed.push(
        inspect(error, { depth: 9, showHidden: true, customInspect: false }),
        JSON.stringify(error),
        String(error.stack),
      )
    }
    for (const secret of ['secret-at', 'secret-code', 'secret at', verifier]) expect(printed.join()).not.toContain(secret)
  })
})

describe('an address that is no response for this client', () => {
  it.each(['/orders?code=voucher&state=open', '/callback', '/callback?state=s', '/callback/deeper?code=c&state=s'])(
    '%s is left alone',
    async (address) => {
      page.open(address)
      expect(await finishSignIn(client, fakeSession())).toBeUndefined()
      expect(page.address()).toBe(`https://app.example${address}`)
    },
  )

  it('a response for another client of the page waits for that client, also under StrictMode', async () => {
    const other = { ...client, clientId: 'admin' }
    server.token = () => json({ access_token: 'at', token_type: 'Bearer' })
    client.scope = other.scope = 'read'
    respond(await start())
    const sessions = [fakeSession(), fakeSession()] as const
    const finishBoth = (): Promise<unknown>[] => [finishSignIn(other, sessions[0]), finishSignIn(client, sessions[1])]
    expect(await Promise.all([...finishBoth(), ...finishBoth()])).toEqual([
      undefined,
      { returnTo: '/orders?page=2#top' },
      undefined,
      { returnTo: '/orders?page=2#top' },
    ])
    expect(sessions.map(({ signedIn }) => signedIn.length)).toEqual([0, 1])
  })

  it('a rendering server has none', async () => {
    page.close()
    expect(await finishSignIn(client, fakeSession())).toBeUndefined()
  })
})

describe('misuse names the function and the option', () => {
  it.each([
    [{ clientId: '' }, 'startSignIn: clientId must be a non-empty string'],
    [{ scope: undefined }, 'startSignIn: scope must be a non-empty string'],
    [{ issuer: 'login.example' }, 'startSignIn: issuer must be an https URL; plain http is for loopback only'],
    [{ issuer: 'http://login.example' }, 'startSignIn: issuer must be an https URL; plain http is for loopback only'],
    [
      { redirectUri: 'https://other.example/callback' },
      'startSignIn: redirectUri must be a page of https://app.example, not of https://other.example',
    ],
  ])('%j', async (change, message) => {
    await expect(startSignIn({ ...client, ...change } as SignInClient)).rejects.toThrow(new TypeError(message))
  })

  it('a parameter that the sign-in sets itself', async () => {
    await expect(startSignIn(client, { parameters: { state: 'mine' } })).rejects.toThrow(
      new TypeError('startSignIn: parameters must not contain state'),
    )
  })

  it('no client, no session', async () => {
    await expect(startSignIn(undefined as never)).rejects.toThrow(new TypeError('startSignIn: client must be an object'))
    page.open('/callback?code=c&state=s')
    await expect(finishSignIn(client, undefined as never)).rejects.toThrow(
      new TypeError('finishSignIn: session must be a session'),
    )
  })
})
