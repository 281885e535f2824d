import type { AxiosInstance, AxiosRequestConfig } from 'axios'
import { taker } from '../helpers/taker.js'

type Headers = Record<string, string>

/** Sends a request, and follows a redirect as the http adapter does: it hands over where it goes and with which headers. */
async function redirected(
  href: string,
  headers: Headers | undefined,
  config: AxiosRequestConfig = {},
  send = (api: AxiosInstance): Promise<unknown> => api.get('/x', config),
): Promise<Headers | undefined> {
  const { api, attach } = taker((sent) => {
    sent.beforeRedirect?.({ href, ...(headers && { headers }) }, { headers: {}, statusCode: 302 }, {} as never)
    return { status: 200 }
  })
  attach()
  await send(api)
  return headers
}

describe('a redirect', () => {
  it.each(['Authorization', 'authorization', 'AUTHORIZATION'])('to another origin loses %s, and nothing else', async (name) => {
    const headers = { [name]: 'Bearer old', Accept: '*/*', 'X-Authorization': 'kept' }
    expect(await redirected('https://sub.api.example.com/y', headers)).toEqual({ Accept: '*/*', 'X-Authorization': 'kept' })
  })

  it('within the allowed origin keeps it', async () => {
    const headers = { Authorization: 'Bearer old' }
    expect(await redirected('https://api.example.com/y', headers)).toEqual({ Authorization: 'Bearer old' })
  })

  it('that has no headers is followed', async () => {
    expect(await redirected('https://elsewhere.example/y', undefined)).toBeUndefined()
  })

  it('is told to the caller’s own function, once, after the token is gone, also when the config comes back', async () => {
    const told: unknown[] = []
    const beforeRedirect = (...details: unknown[]): void => void told.push(structuredClone(details.slice(0, 2)))
    await redirected('https://elsewhere.example/y', { Authorization: 'Bearer old' }, { beforeRedirect }, async (api) => {
      const { config } = await api.get('/x', { beforeRedirect })
      await api.request(config)
    })
    const details = [
      { href: 'https://elsewhere.example/y', headers: {} },
      { headers: {}, statusCode: 302 },
    ]
    expect(told).toEqual([details, details])
  })
})
