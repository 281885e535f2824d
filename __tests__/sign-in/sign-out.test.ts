import { signOut, type SignInClient } from '../../src/sign-in/index.js'
import { startIssuer, type FakeIssuer } from './helpers/fake-issuer.js'
import { openPage, type FakePage } from './helpers/fake-page.js'
import { fakeSession } from './helpers/fake-session.js'

let page: FakePage
let server: FakeIssuer
let client: SignInClient
beforeEach(() => {
  page = openPage('https://app.example/')
  server = startIssuer()
  client = { issuer: server.issuer, clientId: 'spa', redirectUri: '/callback', scope: 'openid', fetch: server.fetch }
})
afterEach(() => page.close())

describe('a sign-out', () => {
  it('signs the session out, revokes, and goes to the end_session_endpoint', async () => {
    const session = fakeSession({ id_token: 'id-1' })
    expect(await signOut({ ...client, postLogoutRedirectUri: '/bye' }, session)).toEqual({ revoked: true, redirecting: true })
    expect(session.signedOut).toEqual([{ revoke: true }])
    const url = new URL(page.visited[0]!)
    expect(url.origin + url.pathname).toBe(`${server.issuer}/logout`)
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'spa',
      id_token_hint: 'id-1',
      post_logout_redirect_uri: 'https://app.example/bye',
    })
  })

  it('stays on the page where the issuer has no end_session_endpoint', async () => {
    delete server.metadata.end_session_endpoint
    expect(await signOut(client, fakeSession(), { revoke: false })).toEqual({ revoked: false, redirecting: false })
    expect(page.visited).toEqual([])
  })

  it('signs the session out even if the issuer is down, and reports it', async () => {
    client.fetch = () => Promise.reject(new TypeError('Failed to fetch'))
    const session = fakeSession()
    expect(await signOut(client, session)).toMatchObject({
      revoked: true,
      redirecting: false,
      error: { code: 'SIGN_IN_UNAVAILABLE' },
    })
    expect(session.signedOut).toHaveLength(1)
  })

  it.each([
    [{ postLogoutRedirectUri: '' }, 'signOut: postLogoutRedirectUri must be an https URL; plain http is for loopback only'],
    [{ clientSecret: 'x' }, 'signOut: clientSecret is unknown'],
  ])('signs the session out also with a wrong client, and names the setting: %j', async (change, message) => {
    const session = fakeSession()
    await expect(signOut({ ...client, ...change }, session)).rejects.toThrow(message)
    expect([session.signedOut, page.visited]).toEqual([[{ revoke: true }], []])
  })

  it('signs the session out also on a platform without a page, and says what is missing', async () => {
    page.close()
    const session = fakeSession()
    await expect(signOut(client, session, { revoke: false })).rejects.toThrow(
      new TypeError('signOut: there is no page: a server and React Native have no location'),
    )
    expect(session.signedOut).toEqual([{ revoke: false }])
  })

  it('works where the stored tokens cannot be read', async () => {
    const session = { ...fakeSession(), tokens: () => Promise.reject(new Error('garbage')) }
    expect(await signOut(client, session)).toMatchObject({ redirecting: true })
  })
})
