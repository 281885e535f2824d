const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const axios = require('axios')
const nock = require('nock')
const { attachOAuth } = require('axios-attach-oauth')
const { fileStore } = require('axios-attach-oauth/file')
const { refreshToken, TokenEndpointError } = require('axios-attach-oauth/grants')
const { refreshToken: smallRefreshToken } = require('axios-attach-oauth/refresh-token')

// nock changes the http module of the whole process.
beforeAll(() => nock.isActive() || nock.activate())
afterAll(() => nock.restore())

const directory = mkdtempSync(join(tmpdir(), 'user-project-'))
afterAll(() => rmSync(directory, { recursive: true }))

const options = { tokenEndpoint: 'https://login.example.com/token', clientId: 'app' }
const viaAxios = { adapter: 'http' }
const ofAxios = async (url, { method, headers, body, signal }) => {
  const sent = { url, method, headers, data: String(body), signal, responseType: 'text', transformResponse: (data) => data }
  const { status, data, headers: received } = await axios.request({ ...viaAxios, ...sent, validateStatus: null })
  return new Response(data, { status, headers: new Headers(Object.entries(received)) })
}

test.each([
  ['grants', refreshToken],
  ['refresh-token', smallRefreshToken],
])('a token file is refreshed by %s', async (name, make) => {
  const path = join(directory, `${name}.json`)
  writeFileSync(path, JSON.stringify({ access_token: 'old', refresh_token: 'r1', expires_at: 1_700_000_000 }))
  nock('https://login.example.com')
    .post('/token', /refresh_token=r1/)
    .reply(200, { access_token: 'new', refresh_token: 'r2', token_type: 'Bearer', expires_in: 3600 })
  nock('https://api.example.com', { reqheaders: { authorization: 'Bearer new' } })
    .get('/me')
    .reply(200, 'ok')
  const api = axios.create({ baseURL: 'https://api.example.com' })
  const session = attachOAuth(api, fileStore(path), { refresh: make({ ...options, fetch: ofAxios }) })
  expect((await api.get('/me')).data).toBe('ok')
  expect((await session.tokens()).refresh_token).toBe('r2')
})

test('the error of the token endpoint is an Error of this realm', () => {
  expect(new TokenEndpointError('x')).toBeInstanceOf(Error)
})
