import axios, { type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import { memoizeParams, reuseParams } from '../../src/axios/serialized-params.js'
import { attach } from '../helpers/client.js'
import { refusing, wired } from '../helpers/wired.js'
import { startWorld } from '../helpers/world.js'

class Filter {
  constructor(public value: string) {}
}

interface Row {
  params: unknown
  change: () => void
  more?: AxiosRequestConfig
}

const rows: [string, () => Row][] = [
  [
    'plain values',
    () => {
      const params: Record<string, unknown> = { a: 1, b: 'x y', c: null, d: undefined }
      return { params, change: () => void (params.a = 2) }
    },
  ],
  [
    'a list',
    () => {
      const list = [1, 2]
      return { params: { list }, change: () => void list.push(3) }
    },
  ],
  [
    'objects in a list',
    () => {
      const one = { id: 1 }
      return { params: { list: [one] }, change: () => void (one.id = 2) }
    },
  ],
  [
    'an object',
    () => {
      const filter = { by: { name: 'x' } }
      return { params: { filter }, change: () => void (filter.by.name = 'y') }
    },
  ],
  [
    'a date',
    () => {
      const since = new Date(0)
      return { params: { since }, change: () => void since.setFullYear(2020) }
    },
  ],
  [
    'an instance of a class',
    () => {
      const filter = new Filter('x')
      return { params: { filter }, change: () => void (filter.value = 'y') }
    },
  ],
  [
    'URLSearchParams',
    () => {
      const params = new URLSearchParams({ a: '1' })
      return { params, change: () => params.append('b', '2') }
    },
  ],
  [
    'options of the serializer',
    () => {
      const list = [1, 2]
      return { params: { list }, change: () => void list.push(3), more: { paramsSerializer: { indexes: null } } }
    },
  ],
  [
    'an own encode that counts',
    () => {
      let n = 0
      return { params: { a: 1, b: 2 }, change: () => undefined, more: { paramsSerializer: { encode: () => `n${++n}` } } }
    },
  ],
  [
    'an own serialize that counts',
    () => {
      let n = 0
      return { params: { a: 1 }, change: () => undefined, more: { paramsSerializer: { serialize: () => `n=${++n}` } } }
    },
  ],
  [
    'an own function in place of options',
    () => {
      let n = 0
      return { params: { a: 1 }, change: () => undefined, more: { paramsSerializer: (() => `n=${++n}`) as never } }
    },
  ],
]

describe.each(['http', 'fetch'] as const)(
  'params that the caller changes after the first sending, with the %s adapter',
  (adapter) => {
    it.each(rows)('are sent as they were: %s', async (_name, make) => {
      const world = await startWorld()
      try {
        const plain = make()
        await axios.get('/x', { baseURL: world.api, adapter, params: plain.params, ...plain.more, validateStatus: null })
        world.revokeAccessTokens()
        const { params, change, more } = make()
        const { api } = attach(world, { defaults: { adapter } })
        world.resource.faults.once({ instead: () => (change(), { status: 401 }) })
        await api.get('/x', { params, ...more })
        const [expected, ...urls] = world.seen.map(({ url }) => url)
        expect(urls).toEqual([expected, expected])
      } finally {
        await world.close()
      }
    })
  },
)

describe('params', () => {
  it('that an interceptor has put there are kept too', async () => {
    const shared = { page: 1 }
    const urls: string[] = []
    const { api } = wired({
      before: (instance) => instance.interceptors.request.use((config) => Object.assign(config, { params: shared })),
      wire: (config, sending) => {
        urls.push(instanceOf(config))
        shared.page++
        return refusing(config, sending)
      },
    })
    const instanceOf = (config: InternalAxiosRequestConfig): string => api.getUri(config)
    await api.get('/x')
    expect(urls).toEqual(Array(2).fill('https://api.example.com/x?page=1'))
  })

  it('without any, a config gets no serializer', () => {
    for (const params of [undefined, null, {}, { a: 1 }]) {
      const config = { params } as InternalAxiosRequestConfig
      memoizeParams(config)
      expect(config.paramsSerializer).toBeUndefined()
    }
  })

  it('that wait for a token are serialized before, once', () => {
    let calls = 0
    const list = [1]
    const config = {
      params: { list },
      paramsSerializer: { encode: (text: string) => (calls++, text) },
    } as unknown as InternalAxiosRequestConfig
    memoizeParams(config, true)
    list.push(2)
    const after = calls
    // Right before the sending, as for a request that has not waited.
    memoizeParams(config)
    const send = (): string => axios.getUri({ ...config, url: '/x' })
    const first = send()
    const undo = reuseParams(config)
    expect([first, send(), calls]).toEqual(['/x?list[]=1', '/x?list[]=1', after])
    undo?.()
    expect(send()).toBe('/x?list[]=1&list[]=2')
  })

  it('of a config that comes back are serialized again, by the caller’s own options', () => {
    const list = [1]
    const config = { params: { list }, paramsSerializer: { indexes: null } } as unknown as InternalAxiosRequestConfig
    for (let i = 0; i < 3; i++) memoizeParams(config)
    const send = (): string => axios.getUri({ ...config, url: '/x' })
    expect(send()).toBe('/x?list=1')
    list.push(2)
    expect(send()).toBe('/x?list=1&list=2')
  })
})
