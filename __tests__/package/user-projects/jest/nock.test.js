const axios = require('axios')
const nock = require('nock')
const { attachOAuth, isOAuthError, memoryStore } = require('axios-attach-oauth')

// nock changes the http module of the whole process.
beforeAll(() => nock.isActive() || nock.activate())
afterAll(() => nock.restore())

const now = () => Math.floor(Date.now() / 1000)
const expired = () => ({ access_token: 'old', refresh_token: 'r1', expires_at: now() - 60 })
const valid = () => ({ access_token: 'old', refresh_token: 'r1', expires_at: now() + 3600 })
const bearer = (token) => ({ reqheaders: { authorization: `Bearer ${token}` } })
const origin = 'https://api.example.com'

let refresh
beforeEach(() => {
  refresh = jest.fn(async () => ({ access_token: 'new', refresh_token: 'r2', expires_in: 3600 }))
})
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([])
  nock.cleanAll()
})

function start(tokens) {
  const api = axios.create({ baseURL: origin })
  // As in many applications, no test detaches or closes the session.
  const session = attachOAuth(api, memoryStore(tokens), { refresh })
  return { api, session }
}

test('a request carries the token', async () => {
  nock(origin, bearer('old')).get('/me').reply(200, { name: 'Ada' })
  const { api } = start(valid())
  expect((await api.get('/me')).data).toEqual({ name: 'Ada' })
  expect(refresh).not.toHaveBeenCalled()
})

test('an expired token is refreshed once for two requests', async () => {
  nock(origin, bearer('new')).get('/me').twice().reply(200, {})
  const { api, session } = start(expired())
  await Promise.all([api.get('/me'), api.get('/me')])
  expect(refresh).toHaveBeenCalledTimes(1)
  expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: true })
})

test('after a 401 the request is sent again', async () => {
  nock(origin, bearer('old')).post('/notes', { text: 'x' }).reply(401)
  nock(origin, bearer('new')).post('/notes', { text: 'x' }).reply(201, { id: 1 })
  const { api } = start(valid())
  expect((await api.post('/notes', { text: 'x' })).data).toEqual({ id: 1 })
  expect(refresh).toHaveBeenCalledWith(expect.objectContaining({ refresh_token: 'r1' }), expect.anything())
})

test('the end of the session is an error with a code', async () => {
  refresh.mockResolvedValue(null)
  const { api, session } = start(expired())
  const signedOut = jest.fn()
  session.on('signed_out', signedOut)
  const error = await api.get('/me').catch((reason) => reason)
  expect(isOAuthError(error) && error.code).toBe('OAUTH_INVALID_GRANT')
  expect(axios.isAxiosError(error)).toBe(true)
  expect(signedOut).toHaveBeenCalledTimes(1)
})

describe('with fake timers', () => {
  beforeEach(() => jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) }))
  afterEach(() => jest.useRealTimers())

  test('a token expires when the clock moves', async () => {
    const api = axios.create({ baseURL: origin, adapter: echo })
    attachOAuth(api, memoryStore(valid()), { refresh })
    expect((await api.get('/me')).data).toBe('Bearer old')
    jest.setSystemTime(Date.now() + 3_590_000)
    expect((await api.get('/me')).data).toBe('Bearer new')
  })

  test('a busy token endpoint is asked again when the timers run', async () => {
    refresh.mockRejectedValueOnce(Object.assign(new Error('busy'), { status: 503 }))
    const api = axios.create({ baseURL: origin, adapter: echo })
    attachOAuth(api, memoryStore(expired()), { refresh })
    const response = api.get('/me')
    await jest.advanceTimersByTimeAsync(2000)
    expect((await response).data).toBe('Bearer new')
    expect(refresh).toHaveBeenCalledTimes(2)
  })
})

const echo = async (config) => ({
  data: config.headers.get('Authorization'),
  status: 200,
  statusText: 'OK',
  headers: {},
  config,
})
