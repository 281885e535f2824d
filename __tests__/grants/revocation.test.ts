import axios from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { clientCredentials, refreshToken, TokenEndpointError, type GrantOptions } from '../../src/grants/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { fakeFetch, noAnswer, revoke, stored, type Sent } from '../helpers/token-endpoint.js'

const options = {
  tokenEndpoint: 'https://login.example.com/token',
  revocationEndpoint: 'https://login.example.com/revoke',
  clientId: 'app',
}
const done = (): Response => new Response(null)
const hints = (sent: readonly Sent[]): unknown[] => sent.map(({ body }) => [body.get('token_type_hint'), body.get('token')])

describe('revoking (RFC 7009)', () => {
  it.each([
    ['refreshToken', refreshToken],
    ['clientCredentials', clientCredentials],
  ])('comes with %s: the refresh token first, then the access token, each with its hint', async (_name, grant) => {
    const { fetch, sent } = fakeFetch(done)
    const { signal } = new AbortController()
    await revoke(grant({ ...options, fetch }), stored, signal)
    expect(hints(sent)).toEqual([
      ['refresh_token', stored.refresh_token],
      ['access_token', stored.access_token],
    ])
    for (const request of sent) {
      expect(request).toMatchObject({ url: options.revocationEndpoint, method: 'POST', redirect: 'manual' })
      expect(request.body.get('client_id')).toBe('app')
      expect(request.signal).toBe(signal)
    }
  })

  it('authenticates the client as a token request does', async () => {
    const { fetch, sent } = fakeFetch(done)
    await revoke(refreshToken({ ...options, fetch, clientSecret: 'secret' }))
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(Array(2).fill(`Basic ${btoa('app:secret')}`))
  })

  it('leaves out the refresh token that there is not', async () => {
    const { fetch, sent } = fakeFetch(done)
    await revoke(clientCredentials({ ...options, fetch }), { access_token: 'made-up', token_type: 'Bearer' })
    expect(hints(sent)).toEqual([['access_token', 'made-up']])
  })

  it.each<[string, Partial<GrantOptions>, Record<string, string>, string | undefined]>([
    ['what discovery says', {}, { revocation_endpoint: 'https://login.example.com/discovered' }, '/discovered'],
    ['what is given beside the token endpoint', options, {}, '/revoke'],
    [
      'what is given rather than what discovery says',
      { revocationEndpoint: options.revocationEndpoint },
      { revocation_endpoint: 'https://login.example.com/discovered' },
      '/revoke',
    ],
    ['what is given where discovery says nothing', { revocationEndpoint: options.revocationEndpoint }, {}, '/revoke'],
    ['nothing where discovery says nothing', {}, {}, undefined],
    ['nothing where nothing is given', { tokenEndpoint: options.tokenEndpoint }, {}, undefined],
  ])('asks %s', async (_what, given, discovered, path) => {
    const issuer = 'https://login.example.com'
    const asked: string[] = []
    const { fetch } = fakeFetch(({ url }) => {
      const { pathname } = new URL(url)
      if (pathname.startsWith('/.well-known')) return Response.json({ issuer, token_endpoint: `${issuer}/token`, ...discovered })
      asked.push(pathname)
      return done()
    })
    const place = given.tokenEndpoint === undefined ? { issuer } : {}
    const outcome = revoke(refreshToken({ clientId: 'app', ...place, ...given, fetch }))
    if (path === undefined) {
      const error = await rejection(outcome)
      expect(error).toBeInstanceOf(TokenEndpointError)
      expect(error.message).toBe('No revocation endpoint is known: pass revocationEndpoint.')
    } else await outcome
    expect(asked).toEqual(path === undefined ? [] : [path, path])
  })

  it.each<[string, () => Response | Promise<Response>, RegExp]>([
    [
      'refused',
      () => Response.json({ error: 'invalid_client' }, { status: 400 }),
      /answered 400 with the error invalid_client\.$/,
    ],
    ['answered with null', () => new Response('null', { status: 400 }), /answered 400\.$/],
    [
      'answered with too much',
      () => new Response('x', { status: 400, headers: { 'content-length': '1000001' } }),
      /^The revocation endpoint sent more than 1 MB; the rest of the answer was not read\.$/,
    ],
    ['refused in a form', () => new Response('error=invalid_client', { status: 400 }), /with the error invalid_client\.$/],
    ['answered with a page', () => new Response('<html>', { status: 503 }), /answered 503\.$/],
    ['answered with a token for an error', () => Response.json({ error: 'made up' }, { status: 400 }), /answered 400\.$/],
    [
      'redirected',
      () => new Response(null, { status: 307, headers: { location: 'https://elsewhere.example' } }),
      /redirects, which is not followed: use its final address\.$/,
    ],
    ['lost', () => Promise.reject(new TypeError('made-up-stored-refresh')), /could not be reached, or the connection broke\.$/],
  ])(
    'tries the access token as well, and rejects with the first failure, when a revocation is %s',
    async (_how, answer, message) => {
      const { fetch, sent } = fakeFetch(answer)
      const error = await rejection(revoke(refreshToken({ ...options, fetch })))
      expect(error).toBeInstanceOf(TokenEndpointError)
      expect(error.message).toMatch(message)
      expect(error.message).not.toMatch(/made.up/)
      expect(sent).toHaveLength(2)
      const second = fakeFetch(({ body }) => (body.get('token_type_hint') === 'access_token' ? answer() : done()))
      expect((await rejection(revoke(refreshToken({ ...options, fetch: second.fetch })))).message).toMatch(message)
      expect(second.sent).toHaveLength(2)
    },
  )

  describe('of a server that answers unsupported_token_type for access tokens (RFC 7009 §2.2.1)', () => {
    const unsupported = (): Response => Response.json({ error: 'unsupported_token_type' }, { status: 400 })
    const revokeAt = (answer: () => Response, tokens = stored): Promise<void> =>
      revoke(
        refreshToken({
          ...options,
          fetch: fakeFetch(({ body }) => (body.get('token_type_hint') === 'access_token' ? unsupported() : answer())).fetch,
        }),
        tokens,
      )

    it('is done when the refresh token was revoked', async () => {
      await expect(revokeAt(done)).resolves.toBeUndefined()
    })

    it('fails when the refresh token was not revoked, or there is none', async () => {
      expect(await rejection(revokeAt(() => new Response('', { status: 503 })))).toMatchObject({ status: 503 })
      expect(await rejection(revokeAt(unsupported))).toMatchObject({
        message: expect.stringMatching(/^The refresh_token could not be revoked: .* unsupported_token_type\.$/) as string,
      })
      const { refresh_token: _none, ...accessTokenOnly } = stored
      expect(await rejection(revokeAt(done, accessTokenOnly))).toMatchObject({ error: 'unsupported_token_type' })
    })
  })

  it.each([200, 201, 202, 204, 299])('is done when the server answers %d, whatever the body', async (status) => {
    const { fetch, sent } = fakeFetch(() => new Response(status === 204 ? null : 'OK', { status }))
    await revoke(refreshToken({ ...options, fetch }))
    expect(sent).toHaveLength(2)
  })

  it('goes over plain http on this machine', async () => {
    const { fetch, sent } = fakeFetch(done)
    const revocationEndpoint = 'http://localhost:3000/revoke'
    await revoke(refreshToken({ ...options, revocationEndpoint, fetch }))
    expect(sent.map(({ url }) => url)).toEqual([revocationEndpoint, revocationEndpoint])
  })

  it('tells why it could not reach the server', async () => {
    const { fetch } = fakeFetch(() => Promise.reject(Object.assign(new Error('made up'), { code: 'ECONNRESET' })))
    expect(await rejection(revoke(refreshToken({ ...options, fetch })))).toMatchObject({ code: 'ECONNRESET' })
  })

  it('ends when it is aborted', async () => {
    const controller = new AbortController()
    const { promise: asked, resolve: onAsked } = deferred()
    const { fetch, sent } = fakeFetch((one) => {
      onAsked()
      return noAnswer(one)
    })
    const leaving = rejection(revoke(refreshToken({ ...options, fetch }), stored, controller.signal))
    await asked
    controller.abort()
    expect(await leaving).toBeInstanceOf(TokenEndpointError)
    expect(sent).toHaveLength(1)
  })

  it.each([
    [200, true],
    [503, false],
  ])('is done on signing out, which happens all the same (status %d)', async (status, revoked) => {
    const { fetch, sent } = fakeFetch(() => new Response(null, { status }))
    const store = memoryStore(stored)
    const session = attachOAuth(axios.create({ baseURL: 'https://api.example.com' }), store, {
      refresh: refreshToken({ ...options, fetch }),
    })
    expect(await session.signOut({ revoke: true })).toMatchObject({ revoked })
    expect(sent).toHaveLength(2)
    expect(await store.read()).toBeUndefined()
  })
})
