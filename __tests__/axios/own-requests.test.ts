import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, createSession, memoryStore, originalCause, type RefreshFunction } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

/** An application's own backend: it serves the API and issues tokens, on one origin. */
function backend(): { api: AxiosInstance; seen: string[] } {
  const seen: string[] = []
  const adapter = async (config: InternalAxiosRequestConfig): Promise<never> => {
    await null
    const authorization = (config.headers.Authorization as string | undefined) ?? 'nothing'
    seen.push(`${config.url} with ${authorization}`)
    const isFine = config.url === '/token' || authorization === 'Bearer new'
    const data = JSON.stringify(config.url === '/token' ? { access_token: 'new', refresh_token: 'r2', expires_in: 60 } : {})
    const response = { status: isFine ? 200 : 401, statusText: '', data, headers: {}, config, request: null }
    if (isFine) return response as never
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
  return { api: axios.create({ baseURL: 'https://app.example.com', adapter }), seen }
}

const ways: [string, (api: AxiosInstance) => RefreshFunction][] = [
  ['synchronously', (api) => () => api.post('/token').then(({ data }) => data)],
  [
    'after other work, with the signal of its context',
    (api) =>
      async (_tokens, { signal }) => {
        await new Promise((resolve) => setImmediate(resolve))
        return (await api.post('/token', undefined, { signal })).data
      },
  ],
  [
    'after other work, without the signal, told by the async context of the platform',
    (api) => async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return (await api.post('/token')).data
    },
  ],
]

describe.each(ways)('a refresh function that uses the attached instance %s', (_how, refreshWith) => {
  it.each([
    ['no other interceptor', () => undefined],
    [
      'an asynchronous interceptor of the application',
      (api: AxiosInstance) => api.interceptors.request.use(async (config) => config),
    ],
  ])('sends its request without a token and without waiting for itself, beside %s', async (_others, register) => {
    const { api, seen } = backend()
    register(api)
    attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r1', expires_at: 1 }), { refresh: refreshWith(api) })
    const answers = await Promise.all([api.get('/me'), api.get('/you')])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(seen).toEqual(['/token with nothing', '/me with Bearer new', '/you with Bearer new'])
  })

  it('gets the 401 of its server: the session ends, since the token has expired, and the waiting request is not sent', async () => {
    const { api, seen } = backend()
    const refused = { post: (_url: string, data: unknown, config: object) => api.post('/nowhere', data, config) }
    const refresh = refreshWith(refused as never)
    attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r1', expires_at: 1 }), { refresh })
    const error = await rejection(api.get('/me'))
    expect(error).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(originalCause(error)).toMatchObject({ response: { status: 401 } })
    expect(seen).toEqual(['/nowhere with nothing'])
  })

  it('of another session sends the token of the attached one', async () => {
    const { api, seen } = backend()
    attachOAuth(api, memoryStore({ access_token: 'new' }), { refresh: false })
    const session = createSession(memoryStore({ access_token: 'old', refresh_token: 'r1', expires_at: 1 }), {
      refresh: refreshWith(api),
    })
    expect((await api.get('/me', { oauth: session })).status).toBe(200)
    expect(seen).toEqual(['/token with Bearer new', '/me with Bearer new'])
  })
})

it.each([undefined, {}])('a request with oauth: %j, which names no session, belongs to the attached session', async (oauth) => {
  const { api, seen } = backend()
  attachOAuth(api, memoryStore({ access_token: 'new' }), { refresh: false })
  await api.get('/me', { oauth: oauth as never })
  expect(seen).toEqual(['/me with Bearer new'])
})

it.each([
  ['synchronously', () => undefined],
  ['after other work', () => new Promise((resolve) => setImmediate(resolve))],
])('requests of listeners carry the new token when the refresh function signs in %s', async (_when, work) => {
  const { api, seen } = backend()
  const tokens = { access_token: 'new', refresh_token: 'r2' }
  const session = attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r1', expires_at: 1 }), {
    refresh: () => {
      const signIn = (): Promise<typeof tokens> => session.signIn(tokens).then(() => tokens)
      const wait = work()
      return wait ? wait.then(signIn) : signIn()
    },
  })
  const answers: Promise<unknown>[] = []
  session.on('signed_in', () => {
    answers.push(
      api.get('/now'),
      Promise.resolve().then(() => api.get('/later')),
    )
  })
  await api.get('/me').catch(() => undefined)
  await Promise.all(answers)
  expect(seen).toEqual(expect.arrayContaining(['/now with Bearer new', '/later with Bearer new']))
  expect(seen).not.toContain('/now with nothing')
})
