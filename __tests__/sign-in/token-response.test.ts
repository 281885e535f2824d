import { inspect } from 'node:util'
import { createSession, memoryStore } from '../../src/index.js'
import { finishSignIn } from '../../src/sign-in/index.js'
import { json } from './helpers/fake-issuer.js'
import { fakeSession } from './helpers/fake-session.js'
import { failureOf, openFlow, type Flow } from './helpers/flow.js'

let flow: Flow
beforeEach(() => {
  flow = openFlow()
})
afterEach(() => flow.page.close())

const tokenRequests = (): number => flow.server.requests.filter(({ path }) => path === '/token').length
const text = (body: string, status = 200, type = 'text/plain'): Response =>
  new Response(body, { status, headers: { 'content-type': type } })

describe('finishSignIn accepts each token response that a refresh accepts', () => {
  it.each<[string, () => Response]>([
    ['without token_type', () => json({ access_token: 'at' })],
    ['with the token_type JWT', () => json({ access_token: 'at', token_type: 'JWT' })],
    ['with the token_type BearerToken', () => json({ access_token: 'at', token_type: 'BearerToken' })],
    ['with expires_in: null', () => json({ access_token: 'at', expires_in: null })],
    ['with refresh_token: null', () => json({ access_token: 'at', refresh_token: null })],
    ['with an empty refresh_token', () => json({ access_token: 'at', refresh_token: '' })],
    ['with a list as scope', () => json({ access_token: 'at', scope: ['a'] })],
    ['with id_token: null', () => json({ access_token: 'at', id_token: null })],
    ['that is a form', () => text('access_token=at&token_type=bearer', 200, 'application/x-www-form-urlencoded')],
    ['with a byte order mark and another content type', () => text('\uFEFF{"access_token":"at"}')],
    ['with status 201', () => json({ access_token: 'at' }, 201)],
    ['with a token beside an error', () => json({ access_token: 'at', error: 'none' })],
  ])('%s', async (_what, answer) => {
    flow.server.token = answer
    await flow.respond()
    const session = createSession(memoryStore(), { refresh: false })
    expect(await finishSignIn(flow.client, session)).toEqual({ returnTo: '/orders' })
    expect(session.getSnapshot().status).toBe('signed_in')
    expect(await session.getAccessToken()).toBe('at')
  })

  it('and keeps members that only the application knows', async () => {
    flow.server.token = () => json({ access_token: 'at', scope: ['a'], tenant: 7 })
    await flow.respond()
    const session = fakeSession()
    await finishSignIn(flow.client, session)
    expect(session.signedIn).toEqual([{ access_token: 'at', scope: ['a'], tenant: 7 }])
  })

  it.each<[unknown, boolean]>([
    ['3600', true],
    [3600, true],
    ['', false],
    [0, false],
    [-1, false],
    [1e12, false],
  ])('and counts expires_in: %j from the token request, if it is a lifetime', async (expires_in, isLifetime) => {
    flow.server.token = () => json({ access_token: 'at', expires_in })
    await flow.respond()
    const session = fakeSession()
    await finishSignIn(flow.client, session)
    expect(session.signedIn[0]!.expires_at).toEqual(isLifetime ? expect.any(Number) : undefined)
  })

  it('and still validates the ID token', async () => {
    flow.page.close()
    flow = openFlow('openid')
    const { token } = flow.server
    flow.server.token = async (body) => json({ ...((await (await token(body)).json()) as object), token_type: 'JWT' }, 201)
    await flow.respond()
    const session = fakeSession()
    await finishSignIn(flow.client, session)
    expect(session.signedIn).toMatchObject([{ access_token: 'at-1', refresh_token: 'rt-1', token_type: 'JWT' }])
    await flow.respond()
    flow.server.claims = { nonce: 'other' }
    expect(await failureOf(finishSignIn(flow.client, session))).toMatchObject({ code: 'SIGN_IN_RESPONSE_INVALID' })
  })
})

describe('finishSignIn refuses a token response', () => {
  it.each(['DPoP', 'mac', 'pop', 'N_A'])('whose token_type needs a proof: %s', async (token_type) => {
    flow.server.token = () => json({ access_token: 'at', token_type })
    await flow.respond()
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({
      code: 'SIGN_IN_RESPONSE_INVALID',
      message: expect.stringMatching('token_type'),
    })
  })

  it.each([
    ['a page', '<html>hello</html>'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('that is %s', async (_what, body) => {
    flow.server.token = () => text(body)
    await flow.respond()
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_RESPONSE_INVALID' })
  })

  it.each([
    ['bad_verification_code', 'SIGN_IN_CODE_REFUSED'],
    ['invalid_grant', 'SIGN_IN_CODE_REFUSED'],
    ['incorrect_client_credentials', 'SIGN_IN_MISCONFIGURED'],
  ])('that names an error with status 200, and keeps its code: %s', async (error, code) => {
    flow.server.token = () => json({ error })
    await flow.respond()
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({ code, oauthError: error, status: 200 })
  })

  it('whose error is in a form', async () => {
    flow.server.token = () => text('error=invalid_client', 401)
    await flow.respond()
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({
      code: 'SIGN_IN_MISCONFIGURED',
      oauthError: 'invalid_client',
      status: 401,
    })
  })
})

describe('finishSignIn tells an invalid authorization response from a token endpoint that is down', () => {
  it.each(['code=a&code=b', 'code=', 'error='])('%s is invalid, and no token request is sent', async (response) => {
    await flow.respond(response)
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({
      code: 'SIGN_IN_RESPONSE_INVALID',
      retryable: false,
    })
    expect(tokenRequests()).toBe(0)
  })

  it('a stored verifier that other code has changed is no outage', async () => {
    await flow.respond()
    for (const [key, value] of flow.page.storage) flow.page.storage.set(key, value.replace('"verifier"', '"other"'))
    expect(await failureOf(finishSignIn(flow.client, fakeSession()))).toMatchObject({ code: 'SIGN_IN_RESPONSE_INVALID' })
    expect(tokenRequests()).toBe(0)
  })

  it.each<[string, () => Response | Promise<Response>, object]>([
    [
      'has a bug',
      () => {
        throw new TypeError('secret-code.y is not a function')
      },
      { name: 'TypeError' },
    ],
    ['resolves with something else', () => ({ ok: true }) as Response, { name: 'TypeError' }],
    [
      'gets no connection',
      () => Promise.reject(Object.assign(new TypeError('secret-code'), { cause: { code: 'ECONNREFUSED', body: 'secret-code' } })),
      { name: 'TypeError', cause: { code: 'ECONNREFUSED' } },
    ],
    [
      'loses the connection in the body',
      () => new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError('secret-code')) })),
      { name: 'TypeError' },
    ],
  ])('a fetch that %s keeps a cause without secrets', async (_what, answer, cause) => {
    flow.server.token = answer
    await flow.respond()
    const error = await failureOf(finishSignIn(flow.client, fakeSession()))
    expect(error).toMatchObject({ code: 'SIGN_IN_UNAVAILABLE', retryable: true })
    expect(error.cause).toEqual(cause)
    expect(inspect(error, { depth: 9, showHidden: true, customInspect: false })).not.toMatch(/secret-code/)
  })

  it('an issuer that cannot be reached keeps a cause too', async () => {
    flow.client.fetch = () => Promise.reject(new RangeError('made up'))
    expect(await failureOf(flow.respond())).toMatchObject({ code: 'SIGN_IN_UNAVAILABLE', cause: { name: 'RangeError' } })
  })
})
