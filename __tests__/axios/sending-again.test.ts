import { Readable } from 'node:stream'
import axios, { type AxiosResponse } from 'axios'
import { rejection } from '../helpers/client.js'
import { taker } from '../helpers/taker.js'

describe('the second sending has what is left of the time limit', () => {
  const timed = (limits: unknown[], second?: () => Promise<never>): ReturnType<typeof taker> => {
    const server = taker((config, sending) => {
      limits.push(config.timeout)
      server.environment.mono += 300
      return sending === 2 && second ? second() : {}
    })
    return server
  }

  it.each([
    [1000, [1000, 700]],
    [0, [0, 0]],
  ])('of %i ms, and its config tells the whole again', async (timeout, expected) => {
    const limits: unknown[] = []
    const { api, attach } = timed(limits)
    attach()
    const { config } = await api.get('/x', { timeout })
    expect([limits, config.timeout]).toEqual([expected, timeout])
  })

  it('and when that is over, its error tells the limit that the caller has set', async () => {
    const { api, attach } = timed([], () => Promise.reject(new axios.AxiosError('timeout of 700ms exceeded', 'ECONNABORTED')))
    attach()
    expect(await rejection(api.get('/x', { timeout: 1000 }))).toMatchObject({ message: 'timeout of 1000ms exceeded' })
  })

  it('nothing is sent when the first one has used it up', async () => {
    const { api, attach, sent } = timed([])
    attach()
    expect(await rejection(api.get('/x', { timeout: 300 }))).toMatchObject({
      code: 'ECONNABORTED',
      message: 'timeout of 300ms exceeded',
    })
    expect(sent).toEqual(['Bearer old'])
  })

  it.each([1000, 0])('whatever it rejects with is the caller’s, with a limit of %i ms', async (timeout) => {
    for (const [reason, told] of [
      [undefined],
      ['text'],
      [{ message: 'undefined is no limit' }, { message: 'undefined is no limit' }],
    ]) {
      const { api, attach } = timed([], () => Promise.reject(reason as Error))
      attach()
      expect(await rejection(api.get('/x', { timeout }))).toEqual(told ?? reason)
    }
  })
})

describe('the second answer', () => {
  it.each([200, 500])('of status %i has its headers, its data and its duration as axios gives them', async (status) => {
    const { api, attach } = taker((_config, sending) =>
      sending === 2 ? { status, data: '{"a":1}', headers: { 'x-answer': 'second' } } : {},
    )
    attach()
    const response: AxiosResponse = await api.get('/x').catch(({ response }) => response)
    expect([response.status, response.data, Object.keys(response.headers)]).toEqual([status, { a: 1 }, ['x-answer']])
    expect((response.headers as { get(name: string): unknown }).get('X-Answer')).toBe('second')
    // No more than the process is old.
    expect((response as unknown as { duration: number }).duration).toBeLessThan(performance.now())
    expect(response.config).not.toHaveProperty('response')
  })

  it('is given to the transforms of the response with the headers as they were named', async () => {
    const names: string[][] = []
    const { api, attach } = taker(() => ({ headers: { 'x-answer': 'a' } }))
    attach()
    await api.get('/x', { transformResponse: (_data, headers) => names.push(Object.keys(headers as object)) })
    expect(names).toStrictEqual([['x-answer'], ['x-answer']])
  })
})

it('a request that is aborted just before its second sending is not sent', async () => {
  const { api, attach, sent } = taker()
  const controller = new AbortController()
  attach().on('resent', () => controller.abort())
  expect(axios.isCancel(await rejection(api.get('/x', { signal: controller.signal })))).toBe(true)
  expect(sent).toEqual(['Bearer old'])
})

describe('what is refused and not sent again', () => {
  it('a 403 without a challenge is the caller’s answer', async () => {
    const { api, attach, sent } = taker(() => ({ status: 403 }))
    attach()
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'ERR_BAD_REQUEST', response: { status: 403 } })
    expect(sent).toEqual(['Bearer old'])
  })

  it.each([
    ['a stream that is used up', /pass oauth: \{ body: \(\) => stream \}/, {}, Readable.from(['made up'])],
    [
      'what no refresh can give',
      /\(insufficient_scope\): sign in again/,
      { 'www-authenticate': 'Bearer error=insufficient_scope' },
      undefined,
    ],
  ])('%s says what to do', async (_name, message, headers, data) => {
    const { api, attach } = taker(() => ({ headers }))
    attach()
    expect((await rejection(api.post('/x', data))).message).toMatch(message)
  })

  it('one that nobody is signed in for says what to do', async () => {
    const { api, attach } = taker()
    const refresh = Object.assign(() => ({ access_token: 'new' }), { needsRefreshToken: true })
    await attach({ refresh }).signOut()
    const error = await rejection(api.get('/x'))
    expect(error.message).toMatch(/Call signIn\(tokens\) first/)
    expect(error.cause).toBeUndefined()
  })

  it('one that was sent while nobody was signed in is not sent for who signs in meanwhile', async () => {
    const { api, attach, sent } = taker(async () => (await session.signIn({ access_token: 'new' }), {}))
    const session = attach()
    await session.signOut()
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT', response: { status: 401 } })
    expect(sent).toStrictEqual([undefined])
  })

  it('one whose caller leaves while it waits rejects as axios does', async () => {
    const { api, attach } = taker()
    const controller = new AbortController()
    attach({ refresh: () => (controller.abort(), new Promise(() => undefined)) })
    expect(axios.isCancel(await rejection(api.get('/x', { signal: controller.signal })))).toBe(true)
  })
})
