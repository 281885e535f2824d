import axios, { type InternalAxiosRequestConfig } from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'

type Headers = Record<string, unknown>

/** An attached instance, and the configs that went to the wire. */
function attached(): { api: ReturnType<typeof axios.create>; sent: InternalAxiosRequestConfig[] } {
  const sent: InternalAxiosRequestConfig[] = []
  const api = axios.create({
    baseURL: 'https://example.com',
    adapter: async (config) => {
      sent.push(config)
      return { data: '', status: 200, statusText: 'OK', headers: {}, config }
    },
  })
  attachOAuth(api, memoryStore({ access_token: 'made-up' }), { refresh: false })
  return { api, sent }
}

/** What the http adapter does when it is redirected. Returns the headers that go there. */
function redirect(config: InternalAxiosRequestConfig | undefined, href: string, headers: Headers): Headers {
  config!.beforeRedirect!({ href, headers }, { headers: {}, statusCode: 307 }, {} as never)
  return headers
}

describe('after a redirect', () => {
  const others = { accept: '*/*', 'x-authorization': 'kept' }

  it.each(['Authorization', 'authorization', 'AUTHORIZATION'])(
    'to another origin, %s is not sent, and all else is',
    async (name) => {
      const { api, sent } = attached()
      await api.get('/x')
      for (const href of [
        'https://sub.example.com/y',
        'https://evil.example/y',
        'http://example.com/y',
        'https://example.com:444/y',
      ])
        expect(redirect(sent[0], href, { ...others, [name]: 'Bearer made-up' })).toEqual(others)
    },
  )

  it('to an allowed origin, the token is sent', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    const headers = { ...others, Authorization: 'Bearer made-up' }
    expect(redirect(sent[0], 'https://example.com/y', { ...headers })).toEqual(headers)
  })

  it('without any headers, there is nothing to take off', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    expect(() => redirect(sent[0], 'https://evil.example/y', undefined as never)).not.toThrow()
  })

  it('the caller’s own beforeRedirect is called once, with all that axios tells it, and may no longer see the token', async () => {
    const { api, sent } = attached()
    const calls: unknown[] = []
    await api.get('/x', { beforeRedirect: (...details) => calls.push(structuredClone(details)) })
    redirect(sent[0], 'https://evil.example/y', { Authorization: 'Bearer made-up' })
    expect(calls).toEqual([[{ href: 'https://evil.example/y', headers: {} }, { headers: {}, statusCode: 307 }, {}]])
  })

  it('the token is taken off also for a request that comes back', async () => {
    const { api, sent } = attached()
    const { config } = await api.get('/x')
    await api.request(config)
    expect(redirect(sent[1], 'https://evil.example/y', { Authorization: 'Bearer made-up' })).toEqual({})
  })
})

describe('what watches over redirects does not pile up', () => {
  it('requests without a beforeRedirect of their own share one', async () => {
    const { api, sent } = attached()
    await api.get('/x')
    await api.get('/y')
    expect(sent[1]!.beforeRedirect).toBe(sent[0]!.beforeRedirect)
  })

  it('a request that comes back keeps the one that it had', async () => {
    const { api, sent } = attached()
    const { config } = await api.get('/x', { beforeRedirect: () => undefined })
    const first = config.beforeRedirect
    await api.request(config)
    expect(sent[1]!.beforeRedirect).toBe(first)
  })
})
