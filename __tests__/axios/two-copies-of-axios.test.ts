import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import axios, { AxiosError, type AxiosInstance, type AxiosStatic, type CreateAxiosDefaults } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { olderRelease, releaseOf } from '../../src/axios/instance-release.js'
import { isAtLeast } from '../../src/release.js'
import { rejection } from '../helpers/client.js'

const require = createRequire(import.meta.url)
/** Other copies of axios in this process: the CommonJS builds of three releases. */
const copies = ['axios', 'axios-1.13.2', 'axios-1.7.0'].map((name): [string, AxiosStatic] => [name, require(name) as AxiosStatic])

const first = { access_token: 'old', refresh_token: 'r' }
const refresh = async (): Promise<{ access_token: string }> => ({ access_token: 'new' })

function setUp(copy: AxiosStatic, defaults: CreateAxiosDefaults = {}): { api: AxiosInstance; sent: string[] } {
  const sent: string[] = []
  const api = copy.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const { Authorization, 'X-Own': own = '' } = config.headers as Record<string, unknown>
      sent.push(`${String(Authorization)} ${String(own)}`.trim())
      await null
      const response = { status: 200, statusText: '', data: '', headers: {}, config, request: null }
      if (Authorization === 'Bearer new') return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, { ...response, status: 401 })
    },
    ...defaults,
  })
  return { api, sent }
}

describe.each(copies)('an instance of another copy of %s', (name, copy) => {
  describe.each(['before', 'after'] as const)('other interceptors that are registered %s attaching', (when) => {
    it.each([true, false])(
      'run before those of this package and do not see the credential (synchronous: %s)',
      async (synchronous) => {
        const seen: unknown[] = []
        const { api, sent } = setUp(copy)
        const register = (): void =>
          void api.interceptors.request.use(
            (config) => {
              seen.push(config.headers.Authorization)
              config.headers = { 'X-Own': 'own' } as never
              return config
            },
            null,
            { synchronous },
          )
        if (when === 'before') register()
        attachOAuth(api, memoryStore(first), { refresh })
        if (when === 'after') register()
        expect((await api.post('/me', { a: 1 })).status).toBe(200)
        expect(seen).toEqual([undefined])
        expect(sent).toEqual(['Bearer old own', 'Bearer new own'])
      },
    )
  })

  it('sends a first request whose opting out another interceptor takes back', async () => {
    const { api, sent } = setUp(copy)
    api.interceptors.request.use((config) => Object.assign(config, { oauth: undefined, headers: { 'X-Own': 'own' } }))
    attachOAuth(api, memoryStore(first), { refresh })
    expect((await api.get('/me', { oauth: false })).status).toBe(200)
    expect(sent.at(-1)).toBe('Bearer new own')
  })

  it('sends a header that is left out neither time', async () => {
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      seen.push([request.headers['user-agent'], request.headers.authorization])
      response.writeHead(request.headers.authorization === 'Bearer new' ? 200 : 401).end()
    })
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const { port } = server.address() as AddressInfo
    const api = copy.create({ baseURL: `http://localhost:${port}`, adapter: 'http', headers: { 'User-Agent': false } as object })
    attachOAuth(api, memoryStore(first), { refresh })
    expect((await api.get('/me')).status).toBe(200)
    expect(seen).toEqual([
      [undefined, 'Bearer old'],
      [undefined, 'Bearer new'],
    ])
    server.close()
  })

  it('sends no token to another origin because of allowAbsoluteUrls', async () => {
    const { api, sent } = setUp(copy, { allowAbsoluteUrls: false } as object)
    attachOAuth(api, memoryStore(first), { refresh })
    await api.get('https://other.example/me').catch(() => undefined)
    // A release that may ignore the option sends to the other origin.
    expect(sent[0]).toBe(isAtLeast(olderRelease(api), '1.9.0') ? 'Bearer old' : 'undefined')
  })

  it('sends no token through a plain proxy unless the release is known to open a tunnel', async () => {
    const received: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      received.push(request.headers.authorization)
      response.end()
    })
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const api = copy.create({
      baseURL: 'https://api.example.com',
      adapter: 'http',
      proxy: { protocol: 'http', host: '127.0.0.1', port },
    })
    attachOAuth(api, memoryStore(first), { refresh })
    const { code } = (await rejection(api.get('/me'))) as { code?: string }
    expect(received).toEqual([])
    const tunnels = name === 'axios' && axios.VERSION !== '1.7.0'
    expect(code === 'OAUTH_INSECURE_PROXY').toBe(!tunnels)
    await new Promise((resolve) => proxy.close(resolve))
  })
})

it('the release of an instance is known for this copy, and what another copy proves otherwise', () => {
  expect(releaseOf(axios.create())).toBe(axios.VERSION)
  const proven = copies.map(([, { VERSION }]) => (isAtLeast(VERSION, '1.21.0') ? '1.21.0' : '1.7.0'))
  expect(copies.map(([, copy]) => releaseOf(copy.create()))).toEqual(proven)
})

it('the older release counts where either copy may send', () => {
  expect(copies.map(([, copy]) => olderRelease(copy.create()))).toEqual(
    axios.VERSION === '1.7.0' ? ['1.7.0', '1.7.0', '1.7.0'] : ['1.21.0', '1.7.0', '1.7.0'],
  )
})

it('a method query of the application proves no release', () => {
  for (const [, copy] of copies) {
    const instance = Object.assign(copy.create(), {
      query: Object.defineProperty((text: string) => text, 'name', { value: copy.create().post.name }),
    })
    expect(releaseOf(instance)).toBe(releaseOf(copy.create()))
  }
})
