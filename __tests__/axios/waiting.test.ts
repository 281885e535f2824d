import { getEventListeners } from 'node:events'
import { PassThrough } from 'node:stream'
import axios, { AxiosError } from 'axios'
import { deferred, rejection } from '../helpers/client.js'
import { settle, type FakeEnvironment } from '../helpers/fake-environment.js'
import { refusing, wired } from '../helpers/wired.js'

const expired = { access_token: 'old', refresh_token: 'r', expires_at: 1 }

describe('the time limit of a request', () => {
  it('covers the waiting and both sends: the second send gets what is left', async () => {
    const [hold, answered] = [deferred(), deferred()]
    const { api, environment, sent } = wired({
      hold: hold.promise,
      wire: async (config, sending) => (sending === 1 && (await answered.promise), refusing(config, sending)),
    })
    const request = api.get('/x', { timeout: 5000 })
    await environment.pass(1000)
    answered.resolve()
    await environment.pass(1500)
    hold.resolve()
    await request
    expect(sent.map(({ timeout }) => timeout)).toEqual([5000, 2500])
  })

  it.each([
    ['an expired token', expired, []],
    ['a rejected token', undefined, ['Bearer old']],
  ])('ends the waiting for the refresh of %s to the millisecond', async (_name, tokens, wanted) => {
    const hold = deferred()
    const { api, environment, sent } = wired({ hold: hold.promise, ...(tokens && { tokens }) })
    let error: unknown
    api.get('/x', { timeout: 5000 }).catch((reason: unknown) => (error = reason))
    await environment.pass(4999)
    expect(error).toBeUndefined()
    await environment.pass(1)
    expect(error).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 5000ms exceeded' })
    hold.resolve()
    await settle()
    expect(sent.map(({ authorization }) => authorization)).toEqual(wanted)
  })

  it.each([
    [4999, 1],
    [5000, undefined],
    [6000, undefined],
  ])('is checked again before the second send, since a timer may be late: after %i ms of 5000', async (ms, left) => {
    const hold = deferred()
    const { api, environment, sent } = wired({ hold: hold.promise })
    const request = api.get('/x', { timeout: 5000 }).catch((error: unknown) => error)
    await settle()
    environment.mono += ms
    hold.resolve()
    expect(await request).toMatchObject(left ? { status: 200 } : { code: 'ECONNABORTED', message: 'timeout of 5000ms exceeded' })
    expect(sent.slice(1).map(({ timeout }) => timeout)).toEqual(left ? [left] : [])
  })

  it.each([
    ['no option', {}, 'ECONNABORTED', 'timeout of 5ms exceeded'],
    ['no transitional options', { transitional: undefined }, 'ECONNABORTED', 'timeout of 5ms exceeded'],
    ['clarifyTimeoutError', { transitional: { clarifyTimeoutError: true } }, 'ETIMEDOUT', 'timeout of 5ms exceeded'],
    ['timeoutErrorMessage', { timeoutErrorMessage: 'too late' }, 'ECONNABORTED', 'too late'],
  ])('ends with the error of axios, with %s', async (_name, defaults, code, message) => {
    const { api, environment } = wired({ hold: new Promise(() => undefined), tokens: expired })
    Object.assign(api.defaults, defaults)
    const request = rejection(api.get('/x', { timeout: 5 }))
    await environment.pass(5)
    expect(await request).toMatchObject({ code, message, config: { url: '/x' }, isAxiosError: true })
  })
})

describe('a request that is sent again', () => {
  it.each([[5000], [0]])('shows the time limit of its caller in its response and its error: %i ms', async (timeout) => {
    const { api, environment } = wired({ wire: (...sending) => ((environment.mono += 1000), refusing(...sending)) })
    expect((await api.get('/x', { timeout })).config.timeout).toBe(timeout)
    const refused = wired({ wire: () => ((refused.environment.mono += 1000), { status: 401, data: '{"made":"up"}' }) })
    const response = { status: 401, data: { made: 'up' } }
    expect(await rejection(refused.api.get('/x', { timeout }))).toMatchObject({ config: { timeout }, response })
  })

  it.each([
    ['timeout of 4000ms exceeded', 'timeout of 5000ms exceeded'],
    ['timeout 4000 of ms exceeded', 'timeout 5000 of ms exceeded'],
    ['made up: 4000 things', 'made up: 4000 things'],
  ])('names the time limit of its caller when the rest of it runs out: “%s”', async (message, expected) => {
    const { api, environment } = wired({
      wire: async (config, sending) => {
        if (sending === 1) return ((environment.mono += 1000), refusing(config, sending))
        throw new AxiosError(message, 'ECONNABORTED', config)
      },
    })
    expect(await rejection(api.get('/x', { timeout: 5000 }))).toMatchObject({ message: expected })
  })

  describe.each([[5000], [0]])('with a time limit of %i ms', (timeout) => {
    it.each([
      ['an error without a response', new AxiosError('Network Error of undefined things')],
      ['an error that can not be changed', Object.freeze(new Error('timeout of 5000ms exceeded'))],
      ['a text', 'refused'],
      ['nothing', undefined],
    ])('rejects with what its adapter rejects with: %s', async (_name, reason) => {
      const { api } = wired({
        wire(_config, sending) {
          if (sending === 1) return { status: 401 }
          throw reason
        },
      })
      const message = (reason as Error | undefined)?.message
      const caught = await api.get('/x', { timeout }).then(
        () => 'resolved',
        (error: unknown) => error,
      )
      expect(caught).toBe(reason)
      expect((caught as Error | undefined)?.message).toBe(message)
    })
  })
})

describe('a signal that serves many requests', () => {
  it.each([
    ['get their token', undefined],
    ['go on with the present token after a failed refresh', new Error('made up')],
  ])('keeps no listener of requests that %s', async (_name, reason) => {
    const hold = deferred()
    const { api, environment } = wired({ hold: hold.promise, tokens: expired })
    const [{ signal }, source] = [new AbortController(), axios.CancelToken.source()]
    const requests = [1, 2, 3].map(() => api.get('/x', { signal, cancelToken: source.token, timeout: 5000 }).catch((e) => e))
    await settle()
    expect(getEventListeners(signal, 'abort')).toHaveLength(3)
    if (reason) hold.reject(reason)
    else hold.resolve()
    expect(await Promise.all(requests)).toEqual(
      Array(3).fill(expect.objectContaining(reason ? { code: 'OAUTH_REFRESH_UNAVAILABLE' } : { status: 200 })),
    )
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect((source.token as { _listeners?: unknown[] })._listeners ?? []).toEqual([])
    expect(environment.timers).toBe(0)
  })

  it('sets no time limit', async () => {
    const hold = deferred()
    const { api, environment, sent } = wired({ hold: hold.promise, tokens: expired, refreshTimeout: 2 ** 31 - 1 })
    const request = api.get('/x', { signal: new AbortController().signal })
    await environment.pass(3_600_000)
    hold.resolve()
    expect((await request).status).toBe(200)
    expect(sent.map(({ timeout }) => timeout)).toEqual([0])
  })

  it('may be an object without events', async () => {
    const { api } = wired({ tokens: expired })
    expect((await api.get('/x', { signal: { aborted: false } })).status).toBe(200)
  })
})

it.each([
  ['a signal', { signal: AbortSignal.abort() }],
  ['an object without events', { signal: { aborted: true } }],
])('a request that was aborted before does not wait: %s', async (_name, leaving) => {
  const { api, sent } = wired({ hold: new Promise(() => undefined), tokens: expired })
  expect(axios.isCancel(await rejection(api.get('/x', leaving)))).toBe(true)
  expect(sent).toStrictEqual([])
})

it.each(['before the second send', 'during the second send'])(
  'a request that is aborted %s rejects with a CanceledError, whatever its adapter does',
  async (when) => {
    const controller = new AbortController()
    const { api, session, sent } = wired({
      wire(config, sending) {
        if (sending === 2) controller.abort()
        return refusing(config, sending)
      },
    })
    await session.tokens()
    if (when.startsWith('before')) session.on('released', () => controller.abort())
    expect(axios.isCancel(await rejection(api.get('/x', { signal: controller.signal })))).toBe(true)
    expect(sent).toHaveLength(when.startsWith('before') ? 1 : 2)
  },
)

describe('a stream as the body of a request that waits', () => {
  it.each<[string, (stream: PassThrough) => void, object]>([
    ['fails', (stream) => stream.destroy(new Error('disk unplugged')), { message: 'disk unplugged' }],
    ['is closed', (stream) => stream.destroy(), { code: 'ERR_CANCELED' }],
  ])('that %s ends the wait, and nothing is sent', async (_what, end, expected) => {
    for (const isEarly of [true, false]) {
      const hold = deferred()
      const { api, session, sent } = wired({ hold: hold.promise, tokens: expired })
      const stream = new PassThrough()
      if (isEarly) await session.tokens()
      const request = rejection(api.post('/x', stream))
      if (!isEarly) await settle()
      end(stream)
      const error = await request
      expect(error).toMatchObject(expected)
      expect(axios.isAxiosError(error)).toBe(true)
      hold.resolve()
      await settle()
      expect(sent).toEqual([])
    }
  })

  it.each([undefined, null, 'text'])('that reports the error %p ends the wait with an error of axios', async (reason) => {
    const { api, sent } = wired({ tokens: expired, hold: new Promise(() => undefined) })
    const stream = new PassThrough()
    const request = rejection(api.post('/x', stream))
    await settle()
    stream.emit('error', reason)
    const error = await request
    expect([axios.isAxiosError(error), error.message, sent]).toEqual([true, 'The request stream has failed', []])
  })

  it.each([new Error('disk unplugged'), undefined])('that had ended before with %p is not sent', async (reason) => {
    const { api, sent } = wired({ tokens: expired })
    const stream = new PassThrough().on('error', () => undefined)
    stream.destroy(reason)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await rejection(api.post('/x', stream))).toMatchObject(reason ? { message: reason.message } : { code: 'ERR_CANCELED' })
    expect(sent).toEqual([])
  })

  it('is sent when it stays open, and is no longer watched', async () => {
    const { api, sent } = wired({ tokens: expired })
    const stream = new PassThrough()
    await api.post('/x', stream)
    expect(sent).toMatchObject([{ authorization: 'Bearer new', data: stream }])
    expect(stream.listenerCount('close')).toBe(0)
  })
})

it('search parameters that are changed right after the call are sent as they were', async () => {
  const { api, sent } = wired({ tokens: expired })
  const body = new URLSearchParams({ page: '1' })
  const params = new URLSearchParams({ of: '1' })
  const request = api.post('/x', body, { params })
  body.set('page', '2')
  params.set('of', '2')
  const { config } = await request
  expect(sent).toMatchObject([{ data: 'page=1' }])
  expect(String(config.params)).toBe('of=1')
})

describe('a streamed 401 that no error carries is freed', () => {
  const streamed = (freed: unknown[]) => (): { status: number; data: unknown } => ({
    status: 401,
    data: { pipe: () => undefined, destroy: () => freed.push('freed') },
  })

  it.each<[string, object, (environment: FakeEnvironment, controller: AbortController) => unknown]>([
    ['aborts', {}, (_environment, controller) => controller.abort()],
    ['runs out of time', { timeout: 1000 }, (environment) => environment.pass(1000)],
  ])('when its caller %s while it waits', async (_how, options, leave) => {
    const freed: unknown[] = []
    const controller = new AbortController()
    const { api, environment } = wired({ hold: new Promise(() => undefined), wire: streamed(freed) })
    const request = rejection(api.get('/x', { ...options, signal: controller.signal }))
    await settle()
    expect(freed).toEqual([])
    await leave(environment, controller)
    await request
    expect(freed).toEqual(['freed'])
  })

  it('when beforeResend throws', async () => {
    const freed: unknown[] = []
    const { api } = wired({
      wire: streamed(freed),
      beforeResend() {
        throw new Error('made up')
      },
    })
    expect((await rejection(api.get('/x'))).message).toBe('made up')
    expect(freed).toEqual(['freed'])
  })

  it('but not when the error carries it', async () => {
    const freed: unknown[] = []
    const { api } = wired({ wire: streamed(freed), refresh: () => Promise.reject(new Error('made up')) })
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
    expect(freed).toEqual([])
  })
})
