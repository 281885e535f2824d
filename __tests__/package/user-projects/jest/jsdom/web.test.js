const axios = require('axios')
const nock = require('nock')
const { attachOAuth } = require('axios-attach-oauth')
const { webStore } = require('axios-attach-oauth/web')
const { keepAlive } = require('axios-attach-oauth/keep-alive')
const { mapTokens } = require('axios-attach-oauth/map-tokens')

// nock changes the http module of the whole process.
beforeAll(() => nock.isActive() || nock.activate())
afterAll(() => nock.restore())

test('tokens in localStorage are refreshed and stored, and the channel of the tabs keeps no process alive', async () => {
  localStorage.clear()
  const api = axios.create({ baseURL: '/api' })
  const refresh = mapTokens().refresh(async () => ({ accessToken: 'new', refreshToken: 'r2', expiresIn: 3600 }))
  const session = attachOAuth(api, webStore(), { refresh, keepAlive: keepAlive() })
  const seen = []
  session.subscribe(() => seen.push(session.getSnapshot().status))
  await session.signIn({ access_token: 'old', refresh_token: 'r1', expires_in: 3600 })
  nock('https://api.example.com', { reqheaders: { authorization: 'Bearer old' } })
    .get('/api/me')
    .reply(401)
  nock('https://api.example.com', { reqheaders: { authorization: 'Bearer new' } })
    .get('/api/me')
    .reply(200, { name: 'Ada' })
  expect((await api.get('/me')).data).toEqual({ name: 'Ada' })
  expect(JSON.stringify(localStorage)).toContain('r2')
  expect(seen).toContain('signed_in')
})
