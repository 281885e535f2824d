import axios, { AxiosError, type AxiosAdapter } from 'axios'
import { Readable } from 'node:stream'
import { attachIn } from '../../src/axios/attach.js'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'

/** A stream that does not end by itself, and whether it was ended. */
const streams: [string, () => { data: unknown; isOver: () => boolean }][] = [
  [
    'a Node stream',
    () => {
      const data = new Readable({ read: () => undefined })
      return { data, isOver: () => data.destroyed }
    },
  ],
  [
    'a web stream',
    () => {
      let cancelled = false
      return { data: new ReadableStream({ cancel: () => void (cancelled = true) }), isOver: () => cancelled }
    },
  ],
  [
    'a web stream that can not be cancelled',
    () => {
      let asked = false
      const data = new ReadableStream({ cancel: () => ((asked = true), Promise.reject(new Error('made up'))) })
      return { data, isOver: () => asked }
    },
  ],
]

it.each(streams)('the stream of a rejected response is destroyed before the request is sent again: %s', async (_name, make) => {
  const refused = make()
  const sent: unknown[] = []
  const adapter: AxiosAdapter = async (config) => {
    sent.push([config.headers.Authorization, refused.isOver()])
    const isFine = config.headers.Authorization === 'Bearer new'
    return { data: isFine ? 'second' : refused.data, status: isFine ? 200 : 401, statusText: '', headers: {}, config }
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh: () => ({ access_token: 'new' }) })
  expect((await api.get('/x', { responseType: 'stream' })).data).toBe('second')
  expect(sent).toEqual([
    ['Bearer old', false],
    ['Bearer new', true],
  ])
})

it.each<[string, Parameters<typeof attachOAuth>[2]]>([
  ['fails', { refresh: () => Promise.reject({ status: 500 }) }],
  ['may not start', { refresh: false }],
])('the stream of a 401 stays readable when the refresh %s', async (_how, options) => {
  const data = Readable.from(['why'])
  const adapter: AxiosAdapter = async (config) => ({ data, status: 401, statusText: '', headers: {}, config })
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), options)
  const response = await api.get('/x', { responseType: 'stream', validateStatus: null })
  expect([response.status, response.data, data.destroyed]).toEqual([401, data, false])
  expect(await data.toArray()).toEqual(['why'])
})

describe('a body factory', () => {
  /** An instance whose adapter answers 200 and keeps the bodies. */
  function recorder(): { api: ReturnType<typeof axios.create>; bodies: unknown[] } {
    const bodies: unknown[] = []
    const adapter: AxiosAdapter = async (config) => {
      bodies.push(config.data)
      return { data: '', status: 200, statusText: '', headers: {}, config }
    }
    const api = axios.create({ baseURL: 'https://api.example.com', adapter })
    attachOAuth(api, memoryStore({ access_token: 'made-up' }), { refresh: false })
    return { api, bodies }
  }

  it.each([
    ['to another origin', 'https://files.example.com/x', {}],
    ['with an authorization of the caller’s own', '/x', { headers: { Authorization: 'Basic made-up' } }],
  ])('creates the body of a request %s, too', async (_name, url, config) => {
    const { api, bodies } = recorder()
    // Before and after the first token is in memory.
    for (let i = 0; i < 2; i++) {
      await api.post(url, undefined, { ...config, oauth: { body: () => 'hello' } })
      await api.get('/y')
    }
    expect(bodies).toStrictEqual(['hello', undefined, 'hello', undefined])
  })

  it('that returns a promise is a TypeError, and nothing is sent', async () => {
    const { api, bodies } = recorder()
    const sent = api.post('/x', undefined, { oauth: { body: async () => 'hello' } })
    await expect(sent).rejects.toThrow(/^oauth\.body must return the body itself/)
    await expect(sent).rejects.toBeInstanceOf(TypeError)
    expect(bodies).toStrictEqual([])
  })
})

it('a 401 to a stream while the session is signed out rejects with OAUTH_SIGNED_OUT and the response as it came', async () => {
  const adapter: AxiosAdapter = async (config) => {
    const response = { data: 'refused', status: 401, statusText: '', headers: {}, config }
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore(), { refresh: false })
  await expect(api.post('/x', Readable.from(['hello']))).rejects.toMatchObject({
    code: 'OAUTH_SIGNED_OUT',
    response: { status: 401, data: 'refused' },
  })
})

it('the config of a response serializes other parameters again, also on an instance that is not attached', async () => {
  const seen: string[] = []
  const adapter: AxiosAdapter = async (config) => {
    seen.push(axios.getUri(config))
    const status = config.headers.Authorization === 'Bearer old' ? 401 : 200
    return { data: '', status, statusText: '', headers: {}, config }
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter })
  attachOAuth(api, memoryStore({ access_token: 'old' }), { refresh: () => ({ access_token: 'new' }) })
  let times = 0
  const serialize = ({ page }: Record<string, unknown>): string => `page=${page as number}&times=${++times}`
  const { config } = await api.get('/x', { params: { page: 1 }, paramsSerializer: { serialize } })
  await axios.request({ ...config, params: { page: 2 } })
  await api.request({ ...config, params: { page: 3 }, oauth: false })
  await api.request({ ...config, params: { page: 4 } })
  expect(seen.map((url) => url.split('?')[1])).toEqual([1, 1, 2, 3, 4].map((page) => `page=${page}&times=${page}`))
})

it('the time left for the second send is rounded up to whole milliseconds: adapters take a fraction for no limit', async () => {
  const environment = new FakeEnvironment()
  const limits: unknown[] = []
  const adapter: AxiosAdapter = async (config) => {
    limits.push(config.timeout)
    return { data: '', status: limits.length === 1 ? 401 : 200, statusText: '', headers: {}, config }
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter, timeout: 100 })
  const refresh = (): { access_token: string } => {
    environment.mono += 99.6
    return { access_token: 'new' }
  }
  attachIn(environment, api, memoryStore({ access_token: 'old' }), { refresh })
  await api.get('/x')
  expect(limits).toEqual([100, 1])
})
