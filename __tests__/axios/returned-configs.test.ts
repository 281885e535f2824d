import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'

const oldest = axios.VERSION === '1.7.0'

function setUp(): { api: AxiosInstance; sent: string[] } {
  const sent: string[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      sent.push(`${String(config.headers.Authorization)} ${String(config.headers.get('X-Own') ?? '')}`.trim())
      await null
      const response = { status: 200, statusText: '', data: '', headers: {}, config, request: null }
      if (config.headers.Authorization === 'Bearer new') return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, { ...response, status: 401 })
    },
  })
  attachOAuth(api, memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh: async () => ({ access_token: 'new' }) })
  return { api, sent }
}

type Change = (config: InternalAxiosRequestConfig) => InternalAxiosRequestConfig
const withHeaders =
  (headers: unknown): Change =>
  (config) =>
    Object.assign(config, { headers })

const own = { 'X-Own': 'own' }
const changes: [string, Change, string][] = [
  ['no headers', withHeaders(undefined), ''],
  ['null as headers', withHeaders(null), ''],
  ['a plain object', withHeaders({ ...own }), 'own'],
  ['an object without a prototype', withHeaders(Object.assign(Object.create(null) as object, own)), 'own'],
  ['a frozen object', withHeaders(Object.freeze({ ...own })), 'own'],
  ['Headers of fetch', withHeaders(new Headers(own)), 'own'],
  // The oldest release does not read these.
  ...(oldest
    ? []
    : ([
        ['a Map', withHeaders(new Map(Object.entries(own))), 'own'],
        ['pairs', withHeaders(Object.entries(own)), 'own'],
      ] as [string, Change, string][])),
  ['frozen AxiosHeaders', (config) => Object.assign(config, { headers: Object.freeze(config.headers.set(own)) }), 'own'],
  ['a frozen config', (config) => (config.headers.set(own), Object.freeze(config)), 'own'],
  ['a sealed copy of the config', (config) => (config.headers.set(own), Object.seal({ ...config })), 'own'],
]

describe.each([true, false])('another request interceptor (synchronous: %s)', (synchronous) => {
  it.each(changes)('may return %s', async (_name, change, expected) => {
    for (const method of ['get', 'post']) {
      const { api, sent } = setUp()
      api.interceptors.request.use(change, null, { synchronous })
      const { status } = await api.request({ method, url: '/me', ...(method === 'post' && { data: { a: 1 } }) })
      expect(status).toBe(200)
      expect(sent).toEqual([`Bearer old ${expected}`.trim(), `Bearer new ${expected}`.trim()])
    }
  })
})
