import axios, { AxiosError, type AxiosInstance } from 'axios'
import axiosRetry, { isNetworkOrIdempotentRequestError, type IAxiosRetryConfig } from 'axios-retry'
import { OAuthError, OAuthRequestError, attachOAuth, isOAuthError, memoryStore, type TokenJSON } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

interface Retrying {
  api: AxiosInstance
  /** How often something was sent, and how often the refresh function was called. */
  counts: { sent: number; refreshes: number; exhausted: number }
}

const onlyRefreshToken: TokenJSON = { refresh_token: 'r' }

function retrying(
  failure: unknown,
  options: IAxiosRetryConfig = {},
  order: 'before' | 'after' = 'after',
  tokens = onlyRefreshToken,
): Retrying {
  const counts = { sent: 0, refreshes: 0, exhausted: 0 }
  const api = axios.create({
    baseURL: 'https://api.example.com',
    adapter(config) {
      counts.sent++
      // A request with the token is rejected; one that is opted out finds no server.
      if (!config.headers.has('Authorization')) return Promise.reject(new AxiosError('made up', 'ECONNRESET', config))
      const response = { status: 401, statusText: '', data: '', headers: {}, config }
      return Promise.reject(new AxiosError('rejected', AxiosError.ERR_BAD_REQUEST, config, null, response))
    },
  })
  const add = (): unknown => axiosRetry(api, { onMaxRetryTimesExceeded: () => void counts.exhausted++, ...options })
  if (order === 'before') add()
  attachOAuth(api, memoryStore(tokens), {
    refresh: () => {
      counts.refreshes++
      throw failure
    },
  })
  if (order === 'after') add()
  return { api, counts }
}

const final = new OAuthError('OAUTH_CLIENT_REFUSED', 'The client is unknown.')

describe.each(['before', 'after'] as const)('axios-retry that was added %s', (order) => {
  it.each([
    ['before the request is sent', onlyRefreshToken, 0],
    ['after its 401', { ...onlyRefreshToken, access_token: 'old' }, 1],
  ])('does not retry an error that is not retryable, %s: the first cause is the caller’s', async (_when, tokens, sent) => {
    const { api, counts } = retrying(final, {}, order, tokens)
    const error = await rejection(api.get('/x'))
    expect(error).toBeInstanceOf(OAuthRequestError)
    expect(error).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED', retryable: false, cause: final })
    expect(counts).toEqual({ sent, refreshes: 1, exhausted: 0 })
  })

  it('retries one that is', async () => {
    const transient = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'Try again later.')
    const retried: unknown[] = []
    const { api } = retrying(transient, { retryDelay: () => 0, onRetry: (_count, { code }) => void retried.push(code) }, order)
    expect(await rejection(api.get('/x'))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable: true })
    expect(retried).toEqual(Array(3).fill('OAUTH_REFRESH_UNAVAILABLE'))
  })

  it('retries what is no error of this package, as without it', async () => {
    const { api, counts } = retrying(final, { retryDelay: () => 0 }, order)
    await rejection(api.get('/x', { oauth: false }))
    expect(counts).toEqual({ sent: 4, refreshes: 0, exhausted: 1 })
  })
})

describe('the condition of axios-retry', () => {
  it('that is the caller’s own decides about all other errors', async () => {
    const asked: unknown[] = []
    const retryCondition = (error: AxiosError): boolean => (asked.push(error.code), isNetworkOrIdempotentRequestError(error))
    const { api, counts } = retrying(final, { retryCondition })
    await rejection(api.get('/x'))
    expect([asked, counts.refreshes]).toEqual([[], 1])
    await rejection(api.get('/x', { oauth: false }))
    expect(asked).toEqual(Array(3).fill('ECONNRESET'))
  })

  it('is as before for a config that comes back, and does not pile up', async () => {
    const { api, counts } = retrying(final, { retryDelay: () => 0 })
    const first = await rejection<OAuthRequestError>(api.get('/x'))
    const conditionOf = (error: OAuthRequestError): unknown =>
      (error.config as never as Record<string, IAxiosRetryConfig>)['axios-retry']!.retryCondition
    const second = await rejection<OAuthRequestError>(api.request(first.config!))
    expect(conditionOf(second)).toBe(conditionOf(first))
    await rejection(api.request({ ...second.config!, oauth: false }))
    expect(counts.sent).toBe(4)
  })

  it('is looked for only where there is one', () => {
    for (const config of [undefined, {}, { 'axios-retry': undefined }, { 'axios-retry': { retries: 1 } }]) {
      const before = structuredClone(config)
      expect(isOAuthError(new OAuthRequestError('OAUTH_SIGNED_OUT', 'made up', config as never))).toBe(true)
      expect(config).toEqual(before)
    }
  })
})
