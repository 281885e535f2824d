import axios from 'axios'
import { attachOAuth, isOAuthError } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { refreshToken as smallRefreshToken } from 'axios-attach-oauth/refresh-token'
import { webStore } from 'axios-attach-oauth/web'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

const origin = 'https://api.example.com'
const tokenEndpoint = `${origin}/oauth/token`
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const me = http.get(`${origin}/me`, ({ request }) =>
  request.headers.get('authorization') === 'Bearer new'
    ? HttpResponse.json({ name: 'Ada' })
    : new HttpResponse(null, { status: 401 }),
)
const tokens = { access_token: 'new', refresh_token: 'r2', token_type: 'Bearer', expires_in: 3600 }

describe.each([
  ['grants', refreshToken],
  ['refresh-token', smallRefreshToken],
])('%s', (name, make) => {
  let api
  let session
  beforeEach(async () => {
    localStorage.clear()
    api = axios.create({ baseURL: origin })
    // As in many applications, no test detaches or closes the session.
    session = attachOAuth(api, webStore({ key: `tokens-${name}` }), { refresh: make({ tokenEndpoint, clientId: 'app' }) })
    session.subscribe(() => undefined)
    await session.signIn({ access_token: 'old', refresh_token: 'r1', expires_in: 3600 })
  })

  test('after a 401 three requests share one refresh and are sent again', async () => {
    const asked = vi.fn(() => HttpResponse.json(tokens))
    server.use(me, http.post(tokenEndpoint, asked))
    const responses = await Promise.all([api.get('/me'), api.get('/me'), api.get('/me')])
    expect(responses.map(({ data }) => data.name)).toEqual(['Ada', 'Ada', 'Ada'])
    expect(asked).toHaveBeenCalledTimes(1)
    expect(JSON.stringify(Object.entries(localStorage))).toContain('r2')
  })

  test('an expired token is refreshed before the request', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      vi.setSystemTime(Date.now() + 3_600_000)
      server.use(
        me,
        http.post(tokenEndpoint, () => HttpResponse.json(tokens)),
      )
      expect((await api.get('/me')).data).toEqual({ name: 'Ada' })
    } finally {
      vi.useRealTimers()
    }
  })

  test('invalid_grant signs out', async () => {
    server.use(
      me,
      http.post(tokenEndpoint, () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })),
    )
    const error = await api.get('/me').catch((reason) => reason)
    expect(isOAuthError(error) && error.code).toBe('OAUTH_INVALID_GRANT')
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })
})
