const axios = require('axios')
const { http, HttpResponse } = require('msw')
const { setupServer } = require('msw/node')
const { attachOAuth, memoryStore } = require('axios-attach-oauth')
const { refreshToken } = require('axios-attach-oauth/grants')
const { refreshToken: smallRefreshToken } = require('axios-attach-oauth/refresh-token')

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

describe.each([
  ['grants', refreshToken],
  ['refresh-token', smallRefreshToken],
])('%s', (_name, make) => {
  const options = { tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }
  let api
  let session
  beforeEach(() => {
    api = axios.create({ baseURL: 'https://api.example.com' })
    session = attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r1' }), { refresh: make(options) })
  })

  test('a 401 leads to a refresh with fetch, and the request is sent again', async () => {
    server.use(
      http.get('https://api.example.com/me', ({ request }) =>
        request.headers.get('authorization') === 'Bearer new'
          ? HttpResponse.json({ name: 'Ada' })
          : new HttpResponse(null, { status: 401 }),
      ),
      http.post('https://login.example.com/token', async ({ request }) => {
        const form = new URLSearchParams(await request.text())
        return HttpResponse.json({
          access_token: 'new',
          refresh_token: 'r2',
          token_type: 'Bearer',
          previous: form.get('refresh_token'),
        })
      }),
    )
    const responses = await Promise.all([api.get('/me'), api.get('/me'), api.get('/me')])
    expect(responses.map(({ data }) => data.name)).toEqual(['Ada', 'Ada', 'Ada'])
    expect(await session.tokens()).toMatchObject({ refresh_token: 'r2', previous: 'r1' })
  })

  test('invalid_grant signs out', async () => {
    server.use(
      http.get('https://api.example.com/me', () => new HttpResponse(null, { status: 401 })),
      http.post('https://login.example.com/token', () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })),
    )
    await expect(api.get('/me')).rejects.toMatchObject({ code: 'OAUTH_INVALID_GRANT', retryable: false })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })
})
