import { Readable } from 'node:stream'
import axios, { type InternalAxiosRequestConfig } from 'axios'
import { waitFor } from '../../src/axios/wait.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { taker } from '../helpers/taker.js'

/** Waits for a promise that is held in the hand. */
function waiting(config: object, startedAt = 1000) {
  const environment = new FakeEnvironment()
  const { promise, resolve, reject } = deferred()
  const waited = waitFor(promise, config as InternalAxiosRequestConfig, startedAt, environment)
  return { environment, waited, resolve, reject }
}

/** A signal that counts who listens to it. */
function countedSignal(): { signal: object; abort: () => void; listeners: () => number } {
  const all = new Set<() => void>()
  const signal = {
    aborted: false,
    addEventListener: (type: string, listener: () => void) => void (type === 'abort' && all.add(listener)),
    removeEventListener: (type: string, listener: () => void) => void (type === 'abort' && all.delete(listener)),
  }
  return { signal, abort: () => all.forEach((listener) => listener()), listeners: () => all.size }
}

describe('waiting leaves nothing behind', () => {
  it.each<[string, string, (end: { resolve(): void; reject(reason: unknown): void; abort(): void }) => void]>([
    ['when it has what it waited for', 'it', ({ resolve }) => resolve()],
    ['when that fails', 'made up', ({ reject }) => reject(new Error('made up'))],
    ['when the caller leaves', 'canceled', ({ abort }) => abort()],
  ])('%s', async (_name, told, end) => {
    const { signal, abort, listeners } = countedSignal()
    const source = axios.CancelToken.source()
    const { environment, waited, resolve, reject } = waiting({ signal, cancelToken: source.token, timeout: 500 })
    const settled = waited.then(
      () => 'it',
      (error: Error) => error.message,
    )
    expect([listeners(), environment.timers]).toEqual([1, 1])
    end({ resolve, reject, abort })
    expect(await settled).toBe(told)
    expect([listeners(), environment.timers]).toEqual([0, 0])
    expect((source.token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toStrictEqual([])
  })

  it('and takes no timer where the request has no time limit', () => {
    expect(waiting({ signal: countedSignal().signal, timeout: 0 }).environment.timers).toBe(0)
  })
})

describe('a caller leaves', () => {
  it('at once when the signal was aborted before', async () => {
    expect(axios.isCancel(await rejection(waiting({ signal: AbortSignal.abort() }).waited))).toBe(true)
  })

  it('with the reason of its cancel token', async () => {
    const source = axios.CancelToken.source()
    const { waited } = waiting({ cancelToken: source.token })
    source.cancel('enough')
    expect(await rejection(waited)).toMatchObject({ message: 'enough' })
  })

  it('never, where its signal can tell nothing', async () => {
    const { waited, resolve } = waiting({ signal: { aborted: false } })
    resolve()
    await expect(waited).resolves.toBeUndefined()
  })

  it.each<[string, object, object]>([
    ['the usual', {}, { code: 'ECONNABORTED', message: 'timeout of 500ms exceeded' }],
    ['a clearer code', { transitional: { clarifyTimeoutError: true } }, { code: 'ETIMEDOUT' }],
    ['a text of its own', { timeoutErrorMessage: 'too slow' }, { message: 'too slow' }],
  ])('when what is left of its time is over, with %s', async (_name, config, error) => {
    let failure: unknown
    const { environment, waited } = waiting({ timeout: 500, ...config }, 800)
    waited.catch((reason) => (failure = reason))
    await environment.pass(299)
    expect(failure).toBeUndefined()
    await environment.pass(1)
    expect(failure).toMatchObject(error)
  })

  it('at once, when its time was over before', async () => {
    const { environment, waited } = waiting({ timeout: 500 }, 0)
    const failure = rejection(waited)
    await environment.pass(0)
    expect(await failure).toMatchObject({ code: 'ECONNABORTED' })
  })
})

describe('the time of a request', () => {
  it('runs from when it came in, also while other interceptors take their time', async () => {
    const { api, attach, environment } = taker()
    attach({ refresh: () => new Promise(() => undefined) }, { access_token: 'old', refresh_token: 'r', expires_at: 1 })
    api.interceptors.request.use(async (config) => ((environment.mono += 600), config))
    let failure: unknown
    api.get('/x', { timeout: 1000 }).catch((error) => (failure = error))
    await environment.pass(399)
    expect(failure).toBeUndefined()
    await environment.pass(1)
    expect(failure).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 1000ms exceeded' })
  })

  it('is not what makes a token last: one that others outwait is renewed', async () => {
    const { api, attach, environment, sent } = taker()
    const expires_at = new Date(environment.wall + 100_000).toISOString()
    const session = attach({}, { access_token: 'old', refresh_token: 'r', expires_in: 100, expires_at })
    await session.tokens()
    api.interceptors.request.use(async (config) => (await environment.pass(101_000), config))
    await api.get('/x')
    expect(sent).toEqual(['Bearer new'])
  })
})

it.each([
  ['sent again', 'text', 94_999],
  ['a stream', Readable.from(['text']), 79_999],
])(
  'a token whose time to wait begins while others look at the request is sent all the same, with a body that is %s',
  async (_name, body, age) => {
    const { api, attach, environment, sent } = taker(() => ({ status: 200 }))
    const expires_at = new Date(environment.wall + 100_000).toISOString()
    const session = attach({}, { access_token: 'old', refresh_token: 'r', expires_in: 100, expires_at })
    api.interceptors.request.use((config) => ((environment.wall += 2), (environment.mono += 2), config), null, {
      synchronous: true,
    })
    await session.tokens()
    await environment.pass(age)
    await api.post('/x', body)
    expect(sent).toStrictEqual(['Bearer old'])
  },
)

it.each([
  ['is a stream waits for the next token', () => Readable.from(['text']), ['Bearer new']],
  ['can be sent again goes on with the present one', () => 'text', ['Bearer old']],
])('while a token is refreshed ahead, a body that %s', async (_name, body, expected) => {
  const { api, attach, environment, sent } = taker(() => ({ status: 200 }))
  const expires_at = new Date(environment.wall + 100_000).toISOString()
  const session = attach({}, { access_token: 'old', refresh_token: 'r', expires_in: 100, expires_at })
  await session.tokens()
  await environment.pass(85_000)
  await api.post('/x', body())
  expect(sent).toStrictEqual(expected)
})
