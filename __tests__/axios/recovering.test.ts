import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import axios, { AxiosError, type AxiosHeaders, type AxiosInstance } from 'axios'
import { attachOAuth, createSession, memoryStore } from '../../src/index.js'
import { stepUp } from '../../src/step-up.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'
import { refusing, wired, type Answer } from '../helpers/wired.js'

const oldest = axios.VERSION === '1.7.0'
const reversed = { transitional: { legacyInterceptorReqResOrdering: false } as object }

describe('a response that a refresh can not help against is the caller’s', () => {
  it.each<[string, Answer]>([
    ['403', { status: 403 }],
    ['403 with another challenge', { status: 403, headers: { 'www-authenticate': 'Bearer realm="made up"' } }],
    ['400', { status: 400 }],
    ['400 with invalid_request', { status: 400, headers: { 'www-authenticate': 'Bearer error="invalid_request"' } }],
    ['400 with insufficient_scope', { status: 400, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }],
    ['404 with invalid_token', { status: 404, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }],
    ['500', { status: 500 }],
    ['500 with insufficient_scope', { status: 500, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }],
  ])('%s', async (_name, answer) => {
    const { api, sent, refreshes } = wired({ wire: () => ({ data: 'made up', ...answer }) })
    expect(await rejection(api.get('/x'))).toMatchObject({ response: { status: answer.status, data: 'made up' } })
    expect((await api.get('/x', { validateStatus: null })).status).toBe(answer.status)
    await settle()
    expect([sent.length, refreshes()]).toEqual([2, 0])
  })

  it('with a typed error that names the challenge, when the server asks for another scope', async () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="write"' }
    const { api } = wired({ wire: () => ({ status: 403, headers }) })
    const error = await rejection(api.get('/x'))
    expect(error.message).toMatch(/insufficient_scope.*sign in again/i)
    expect(error).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', challenge: { parameters: { scope: 'write' } } })
  })
})

describe('a challenge with invalid_token', () => {
  it.each([400, 401, 403])('is recovered with status %d', async (status) => {
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
    const { api, sent, refreshes } = wired({
      wire: (config, sending) => (sending === 1 ? { status, headers } : refusing(config, sending)),
    })
    expect((await api.get('/x')).status).toBe(200)
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
    expect(refreshes()).toBe(1)
  })

  it('is the caller’s answer the second time', async () => {
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' }
    const { api, sent } = wired({ wire: () => ({ status: 403, headers }) })
    expect(await rejection(api.get('/x'))).toMatchObject({ response: { status: 403 } })
    expect(sent).toHaveLength(2)
  })
})

describe('a request that was sent without a token', () => {
  const sendSignIn = {
    code: 'OAUTH_SIGNED_OUT',
    message: expect.stringContaining('Call signIn(tokens)'),
    response: { status: 401 },
  }

  it('and rejected tells its caller to sign in', async () => {
    const { api, session, sent, refreshes } = wired()
    await session.signOut()
    expect(await rejection(api.get('/x'))).toMatchObject(sendSignIn)
    expect([sent.length, refreshes()]).toEqual([1, 0])
    expect((await api.get('/x', { validateStatus: null })).status).toBe(401)
  })

  it('and rejected for its scope tells its caller so', async () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope"' }
    const { api, session } = wired({ wire: () => ({ status: 403, headers }) })
    await session.signOut()
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED' })
  })

  it('since another interceptor has chosen a session without a user tells its caller to sign in', async () => {
    const { api, session, sent } = wired()
    await session.tokens()
    const other = createSession(memoryStore(), { refresh: false })
    api.interceptors.request.use((config) => Object.assign(config, { oauth: other }), null, { synchronous: true })
    expect(await rejection(api.get('/x'))).toMatchObject(sendSignIn)
    expect((await api.get('/x', { validateStatus: null })).status).toBe(401)
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined, undefined])
  })

  it('is not sent again for a user who has signed in since', async () => {
    const answered = deferred()
    const { api, session, sent } = wired({ wire: () => answered.promise.then(() => ({ status: 401 })) })
    await session.signOut()
    const request = rejection(api.get('/x'))
    await settle()
    await session.signIn({ access_token: 'new' })
    answered.resolve()
    expect(await request).toMatchObject(sendSignIn)
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined])
  })

  it('and rejected after another user has signed in gets no credential of that user', async () => {
    const { api, session, sent } = wired()
    await session.tokens()
    const other = createSession(memoryStore({ access_token: 'a' }), { refresh: false })
    api.interceptors.request.use((config) => Object.assign(config, { oauth: other }), null, { synchronous: true })
    other.on('queued', () => void other.signIn({ access_token: 'b' }))
    const { config } = await rejection<AxiosError>(api.get('/x'))
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual([undefined])
    expect(config?.headers.get('Authorization')).toBeUndefined()
  })
})

// The oldest release doesn't know the option, and refuses it.
if (!oldest)
  describe('a request whose options reverse the order of interceptors', () => {
    it('carries the token when it is sent first', async () => {
      const { api, session, sent } = wired({ tokens: { access_token: 'new' } })
      await session.tokens()
      api.interceptors.request.use((config) => config)
      expect((await api.get('/x', reversed)).status).toBe(200)
      expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer new'])
    })

    it('tells its caller to sign in while the session is signed out', async () => {
      const { api, session, sent } = wired()
      await session.signOut()
      api.interceptors.request.use((config) => config)
      expect(await rejection(api.get('/x', reversed))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
      expect(sent).toHaveLength(1)
    })
  })

it('a 401 to a token that another session has stored again, with a new refresh token, starts a refresh', async () => {
  const answered = deferred()
  const kept = memoryStore({ access_token: 'old', refresh_token: 'r' })
  let notice!: () => void
  const { api, session, sent, refreshes } = wired({
    wire: (config, sending) => answered.promise.then(() => refusing(config, sending)),
    store: { ...kept, subscribe: (listener) => ((notice = listener), () => undefined) },
  })
  await session.tokens()
  const request = api.get('/x')
  await settle()
  await kept.write({ access_token: 'old', refresh_token: 'r2' }, { mode: 'set', replacing: undefined })
  notice()
  await settle()
  answered.resolve()
  expect((await request).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
  expect(refreshes()).toBe(1)
})

it('the origin of a request is judged when it is sent, not when its response arrives', async () => {
  const { api, sent } = wired({
    wire(config, sending) {
      api.defaults.baseURL = 'https://elsewhere.example.com'
      return refusing(config, sending)
    },
  })
  expect((await api.get('/x')).status).toBe(200)
  expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
})

describe('the response to the second send is what axios makes of a response', () => {
  const headers = { 'x-answer': 'made up', ETag: '"1"' }

  it('the headers keep their spelling, for transforms and for the caller', async () => {
    const names: string[][] = []
    const transformResponse = (data: unknown, given: object): unknown => (names.push(Object.keys(given)), data)
    const { api } = wired({ wire: (config, sending) => ({ ...refusing(config, sending), headers }) })
    const response = await api.get('/x', { transformResponse })
    expect([...names, Object.keys(response.headers)]).toEqual(Array(3).fill(['x-answer', 'ETag']))
    expect((response.headers as AxiosHeaders).get('etag')).toBe('"1"')
  })

  it.each([
    ['none', undefined, '{"a":1}'],
    ['one', (data: string) => `${data}!`, '{"a":1}!'],
    ['several', [(data: string) => JSON.parse(data) as unknown, ({ a }: { a: number }) => a], 1],
  ])('the transforms run one after the other: %s', async (_name, transformResponse, data) => {
    const { api } = wired({ wire: async (config, sending) => ({ data: '{"a":1}', ...(await refusing(config, sending)) }) })
    api.defaults.transformResponse = transformResponse as never
    expect((await api.get('/x')).data).toEqual(data)
  })

  it('a transform that throws finds the response where axios puts it, and nothing is left there', async () => {
    const { api } = wired({ wire: (config, sending) => ({ ...refusing(config, sending), data: sending === 1 ? '' : '{' }) })
    const strict = { responseType: 'json', transitional: { silentJSONParsing: false } } as const
    const error = await rejection<AxiosError>(api.get('/x', strict))
    expect(error).toMatchObject({ code: 'ERR_BAD_RESPONSE', response: { status: 200, data: '{' } })
    expect(error.config).not.toHaveProperty('response')
  })

  it('its duration is that of the second send', async () => {
    const real = performance.now
    let now = 1000
    performance.now = () => now
    try {
      const { api } = wired({ wire: (config, sending) => ((now += sending * 100), refusing(config, sending)) })
      expect(await api.get('/x')).toMatchObject({ duration: 200 })
    } finally {
      performance.now = real
    }
  })
})

it('errors of requests that opted out stay as axios made them', async () => {
  const { api } = wired({ wire: () => ({ status: 401 }) })
  const headers = { 'X-Custom': 'kept' }
  const [optedOut, recovered] = [
    await rejection<AxiosError>(api.get('/x', { headers, oauth: false })),
    await rejection<AxiosError>(api.get('/x')),
  ]
  expect(optedOut.toJSON()).toMatchObject({ config: { headers } })
  expect(recovered.toJSON()).not.toHaveProperty('config')
})

it('a failed refresh rejects the request whose validateStatus accepts a 401, unless it may succeed later', async () => {
  const accepting = { validateStatus: null }
  const failing = (reason: object): ReturnType<typeof wired> => wired({ refresh: () => Promise.reject(reason) })
  const ended = failing({ error: 'invalid_grant', status: 400 })
  expect(await rejection(ended.api.get('/x', accepting))).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  expect((await failing(new Error('made up')).api.get('/x', accepting)).status).toBe(401)
})

it('the error of a request keeps the OAuth error of the token endpoint, where there is one', async () => {
  const { api } = wired({ refresh: () => Promise.reject({ error: 'invalid_client', status: 401 }) })
  expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED', oauthError: 'invalid_client' })
  const { api: other, session } = wired()
  await session.signOut()
  expect(await rejection(other.get('/x'))).not.toHaveProperty('oauthError')
})

it('the 401 of another interceptor, for a request that was not sent, reaches the caller as it is', async () => {
  const { api, session, sent, refreshes } = wired()
  await session.tokens()
  const error = new AxiosError('made up')
  api.interceptors.request.use((config) => {
    error.response = { status: 401, statusText: '', data: '', headers: {}, config }
    throw error
  })
  expect(await rejection(api.get('/x'))).toBe(error)
  expect([sent.length, refreshes()]).toEqual([0, 0])
})

it('a rejection of another interceptor reaches the caller as it is', async () => {
  const { api } = wired({ before: (instance) => instance.interceptors.request.use(() => Promise.reject(undefined)) })
  const reason = await api.get('/x').then(
    () => 'resolved',
    (error: unknown) => error,
  )
  expect(reason).toBeUndefined()
})

describe('a status that validateStatus accepts resolves as it came', () => {
  const all = { validateStatus: () => true }

  it('when the server asks for more and there is no step-up handler, or the user declines', async () => {
    const headers = { 'www-authenticate': 'Bearer error="insufficient_scope"' }
    for (const options of [{}, { stepUp: stepUp(() => undefined) }]) {
      const { api, refreshes } = wired({ ...options, wire: () => ({ status: 403, headers }) })
      expect((await api.get('/x', all)).status).toBe(403)
      expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_STEP_UP_REQUIRED', response: { status: 403 } })
      expect(refreshes()).toBe(0)
    }
  })

  it('when the body is a stream that has been read, and the session is refreshed for the next request', async () => {
    const { api, sent, refreshes } = wired()
    expect((await api.post('/x', Readable.from(['made up']), all)).status).toBe(401)
    await settle()
    expect(refreshes()).toBe(1)
    expect((await api.get('/x')).status).toBe(200)
    expect(sent.map(({ authorization }) => authorization)).toStrictEqual(['Bearer old', 'Bearer new'])
  })
})

it('an instance of the class Axios sends again with the adapter of axios', async () => {
  const answers = [401, 200]
  const server = createServer((_request, response) => response.writeHead(answers.shift()!).end())
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  const api = new axios.Axios({ baseURL: `http://localhost:${port}`, validateStatus: (status) => status < 400 })
  attachOAuth(api as AxiosInstance, memoryStore({ access_token: 'old', refresh_token: 'r' }), {
    refresh: () => ({ access_token: 'new' }),
  })
  expect((await api.get('/x')).status).toBe(200)
  server.close()
})

it('an adapter may reject with an error of its own that has the response', async () => {
  const { api, sent } = wired({
    defaults: {
      async adapter(config) {
        sent.push(config as never)
        const status = config.headers.get('Authorization') === 'Bearer new' ? 200 : 401
        const response = { status, statusText: '', data: '', headers: {}, config }
        await null
        if (status === 401) throw Object.assign(new Error('made up'), { response })
        return response
      },
    },
  })
  expect((await api.get('/x')).status).toBe(200)
  expect(sent).toHaveLength(2)
})

it('401s that arrive one after the other, to a token that each refresh brings again, lead to one refresh', async () => {
  const answers = Array.from({ length: 7 }, () => deferred())
  const { api, sent, refreshes } = wired({
    tokens: { access_token: 'same', refresh_token: 'r' },
    refresh: undefined as never,
    wire: async (_config, sending) => (await answers[sending - 1]?.promise, { status: 401 }),
    store: Object.assign(memoryStore({ access_token: 'same', refresh_token: 'r' }), {
      refresh: () => (calls++, { access_token: 'same', refresh_token: 'r2' }),
    }),
  })
  let calls = 0
  const requests = answers.map(() => rejection(api.get('/x')))
  for (const { resolve } of answers) {
    await settle()
    resolve()
  }
  await Promise.all(requests)
  expect([calls, refreshes(), sent.length]).toEqual([1, 0, 14])
})
