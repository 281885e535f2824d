import axios, { AxiosError, type AxiosAdapter, type AxiosRequestConfig, type AxiosResponse } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { wired, type Wire } from '../helpers/wired.js'

/** The API's gateway refuses a token with a page in HTML. */
const html: Wire = ({ headers }) =>
  headers.get('Authorization') === 'Bearer new' ? { data: '{"items":[1]}' } : { status: 401, data: '<html>' }

const configs: [string, AxiosRequestConfig][] = [
  ['parses JSON', { transformResponse: (text: string) => JSON.parse(text) as unknown }],
  [
    'reads a member that the body lacks',
    { transformResponse: [(text: string) => text.at(0), ({ items }: { items: string[] }) => items.map(Number)] },
  ],
  ['is axios’ own without silentJSONParsing', { responseType: 'json', transitional: { silentJSONParsing: false } }],
]

describe('a response transform that throws for the body of a 401 does not keep the request from being recovered', () => {
  it.each(configs.slice(0, 1).concat(configs.slice(2)))('it %s', async (_what, config) => {
    const { api, sent, refreshes } = wired({ wire: html })
    expect((await api.get('/x', config)).data).toEqual({ items: [1] })
    expect([sent.length, refreshes()]).toEqual([2, 1])
  })

  it.each(configs)('it %s, and validateStatus accepts every status', async (_what, config) => {
    const { api, sent } = wired({ wire: html })
    await api.get('/x', { ...config, validateStatus: null }).catch(() => undefined)
    expect(sent).toHaveLength(2)
  })

  it('many requests at once share one refresh, and each gets its own response', async () => {
    const wire: Wire = (config) => ({
      ...html(config, 0),
      ...(config.headers.get('Authorization') === 'Bearer new' && { data: `"${config.url}"` }),
    })
    const { api, refreshes } = wired({ wire })
    const responses = await Promise.all(['/a', '/b', '/c'].map((url) => api.get<string>(url, configs[0]![1])))
    expect([responses.map(({ data }) => data), refreshes()]).toEqual([['/a', '/b', '/c'], 1])
  })

  it('isExpired gets the body as it came', async () => {
    const seen: unknown[] = []
    const { api } = wired({
      wire: (config) => ({ ...html(config, 0), status: 200 }),
      isExpired: ({ data }) => (seen.push(data), data === '<html>'),
    })
    expect((await api.get('/x', configs[0]![1])).data).toEqual({ items: [1] })
    expect(seen).toEqual(['<html>'])
  })
})

describe('the caller gets the error of a response transform that throws', () => {
  const failure = new Error('unexpected body')
  const transformResponse = (): never => {
    throw failure
  }

  it.each([200, 401, 404])('for a response that is not recovered: %i', async (status) => {
    const { api, sent } = wired({ wire: () => ({ status, data: 'text' }) })
    expect(await rejection(api.get('/x', { transformResponse, oauth: { recover: false } }))).toBe(failure)
    expect(sent).toHaveLength(1)
  })

  it('for the second response', async () => {
    const { api, sent } = wired()
    expect(await rejection(api.get('/x', { transformResponse }))).toBe(failure)
    expect(sent).toHaveLength(2)
  })

  it('for responses that share one error: they are not confused', async () => {
    const { api, sent } = wired({ wire: () => ({ status: 401 }) })
    const errors = await Promise.all(['/a', '/b', '/c'].map((url) => rejection(api.get(url, { transformResponse }))))
    expect(errors).toEqual([failure, failure, failure])
    expect(sent).toHaveLength(3)
  })

  it('that is no object', async () => {
    const { api } = wired({ wire: () => ({ status: 401 }) })
    const throwText = (): never => {
      throw 'text'
    }
    expect(await rejection(api.get('/x', { transformResponse: throwText }))).toBe('text')
  })

  it('when the application has removed the interceptors of responses', async () => {
    const { api } = wired()
    api.interceptors.response.clear()
    expect(await rejection(api.get('/x', { transformResponse }))).toBe(failure)
  })
})

it('a refresh that fails rejects with the typed error, which has the 401 with its body as it came', async () => {
  const { api } = wired({ wire: html, refresh: () => Promise.reject({ status: 503 }), retry: { limit: 1 } })
  expect(await rejection(api.get('/x', configs[0]![1]))).toMatchObject({
    code: 'OAUTH_REFRESH_UNAVAILABLE',
    response: { status: 401, data: '<html>' },
  })
})

it('a config keeps its own transforms, also when it is sent again and again without a response', async () => {
  const { transformResponse } = { transformResponse: [(data: unknown) => data] }
  const seen: AxiosResponse[] = []
  let isOffline = true
  const adapter: AxiosAdapter = async (config) => {
    if (isOffline) throw new AxiosError('no connection', 'ERR_NETWORK', config)
    const response = { data: 'text', status: 200, statusText: '', headers: {}, config }
    seen.push(response)
    return response
  }
  const api = axios.create({ baseURL: 'https://api.example.com', adapter, transformResponse })
  attachOAuth(api, memoryStore({ access_token: 'made-up' }), { refresh: false })
  let { config } = await rejection<AxiosError>(api.get('/x'))
  for (let i = 0; i < 3; i++) ({ config } = await rejection<AxiosError>(api.request(config!)))
  isOffline = false
  expect((await api.request(config!)).config.transformResponse).toEqual(transformResponse)
  expect((await api.get('/x')).data).toBe('text')
})
