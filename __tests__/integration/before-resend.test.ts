import { Readable } from 'node:stream'
import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { startWorld, type World } from '../helpers/world.js'
import { attach, rejection } from '../helpers/client.js'
import { refusing, wired } from '../helpers/wired.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
  world.revokeAccessTokens()
})
afterEach(() => world.close())

type Change = (config: InternalAxiosRequestConfig) => void

describe.each(['http', 'fetch'] as const)('beforeResend, with the %s adapter', (adapter) => {
  it.each<[string, unknown, Change, string]>([
    ['a longer text', 'short', (config) => void (config.data = 'a longer text'), 'a longer text'],
    ['a shorter text', 'a longer text', (config) => void (config.data = 'short'), 'short'],
    ['bytes in place of JSON', { a: 1 }, (config) => void (config.data = Buffer.from('bytes')), 'bytes'],
    ['a body where there was none', undefined, (config) => void (config.data = 'text'), 'text'],
    ['no body', 'some text', (config) => void (config.data = undefined), ''],
  ])('may replace the body: %s', async (_name, body, beforeResend, expected) => {
    const { api } = attach(world, { defaults: { adapter }, beforeResend })
    await api.post('/b', body, { timeout: 5000 })
    expect(world.seen.map(({ status }) => status)).toEqual([401, 200])
    expect(world.seen[1]!.body.toString()).toBe(expected)
  })

  it('may replace the body that a factory has created', async () => {
    const { api } = attach(world, { defaults: { adapter }, beforeResend: (config) => void (config.data = 'other') })
    await api.post('/b', undefined, { oauth: { body: () => Readable.from(['stream']) } })
    expect(world.seen.map(({ body }) => body.toString())).toEqual(['stream', 'other'])
  })

  const nonce = (params: unknown): void => void Object.assign(params as object, { nonce: 2 })
  it.each<[string, AxiosRequestConfig, Change, string]>([
    ['flat', { params: { a: 1 } }, ({ params }) => nonce(params), '/b?a=1&nonce=2'],
    ['nested', { params: { a: { b: 1 } } }, ({ params }) => nonce((params as { a: object }).a), '/b?a[b]=1&a[nonce]=2'],
    ['replaced', { params: { a: [1] } }, (config) => void (config.params = { a: [2] }), '/b?a[]=2'],
    ['removed', { params: { a: [1] } }, (config) => void (config.params = undefined), '/b'],
    [
      'URLSearchParams',
      { params: new URLSearchParams('a=1') },
      ({ params }) => (params as URLSearchParams).set('nonce', '2'),
      '/b?a=1&nonce=2',
    ],
    [
      'given to a serializer',
      { params: { a: [1] }, paramsSerializer: { serialize: (params) => `p=${JSON.stringify(params)}` } },
      ({ params }) => nonce(params),
      '/b?p={"a":[1],"nonce":2}',
    ],
  ])('may change the parameters: %s', async (_name, config, beforeResend, expected) => {
    const { api } = attach(world, { defaults: { adapter }, beforeResend })
    await api.get('/b', config)
    expect(decodeURIComponent(world.seen[1]!.url)).toBe(expected)
  })
})

it('parameters that beforeResend leaves alone are not serialized twice', async () => {
  let calls = 0
  const { api } = attach(world, { beforeResend: () => undefined })
  await api.get('/b', { params: { a: [1] }, paramsSerializer: { serialize: () => `n=${++calls}` } })
  expect(world.seen.map(({ url }) => url)).toEqual(['/b?n=1', '/b?n=1'])
})

it('a timeout that beforeResend sets begins with the second send', async () => {
  const { api, sent } = wired({ beforeResend: (config) => void (config.timeout = 200) })
  await api.get('/x')
  expect(sent.map(({ timeout }) => timeout)).toEqual([0, 200])
})

it('a timeout that a request transform sets begins with the wait for the refresh', async () => {
  const { api, sent } = wired()
  const transformRequest = function (this: InternalAxiosRequestConfig): void {
    this.timeout = 200
  }
  await api.post('/x', {}, { transformRequest: transformRequest as never })
  expect(sent.map(({ timeout }) => timeout)).toEqual([200, 200])
})

describe('resent is emitted only when the request is sent again: not', () => {
  it.each<[string, Partial<Parameters<typeof wired>[0]>, AxiosRequestConfig]>([
    ['when beforeResend throws', { beforeResend: () => Promise.reject(new Error('no nonce')) }, {}],
    ['when the body factory throws', {}, { oauth: { body: throwsLater() } }],
  ])('%s', async (_when, options, config) => {
    const { api, session, sent } = wired({ wire: refusing, ...options })
    const events: string[] = []
    session.on('*', ({ type }) => void events.push(type))
    await rejection(api.post('/x', undefined, config))
    expect(sent).toHaveLength(1)
    expect(events).toContain('released')
    expect(events).not.toContain('resent')
  })

  it('when the caller aborts in beforeResend', async () => {
    const abort = new AbortController()
    const { api, session, sent } = wired({ beforeResend: () => abort.abort() })
    const events: string[] = []
    session.on('resent', () => void events.push('resent'))
    expect(await rejection(api.get('/x', { signal: abort.signal }))).toMatchObject({ code: 'ERR_CANCELED' })
    expect([sent.length, events]).toEqual([1, []])
  })
})

it('a listener of resent that signs out keeps the request from being sent again', async () => {
  const { api, session, sent } = wired()
  session.on('resent', () => void session.signOut())
  expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  expect(sent).toHaveLength(1)
})

/** A body factory that throws when it is called for the second send. */
function throwsLater(): () => unknown {
  let calls = 0
  return () => {
    if (++calls > 1) throw new Error('no such file')
    return Readable.from(['bytes'])
  }
}
