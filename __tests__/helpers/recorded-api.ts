import axios, { AxiosError, type AxiosInstance } from 'axios'
import type { TokenJSON } from '../../src/index.js'

/** A made-up token set whose refresh token has the name of its access token. */
export const set = (name: string, more: TokenJSON = {}): TokenJSON => ({
  access_token: name,
  refresh_token: `r-${name}`,
  ...more,
})

/** An instance whose adapter accepts the tokens that the test names, and records what arrives. */
export function recordedApi(accepts: (token: string) => boolean = () => true): { api: AxiosInstance; sent: string[] } {
  const sent: string[] = []
  const api = axios.create({
    baseURL: 'https://api.example.com',
    async adapter(config) {
      const token = String(config.headers.get('Authorization') ?? '').replace('Bearer ', '')
      sent.push(`${config.url} ${token}`.trim())
      await null
      const response = { status: accepts(token) ? 200 : 401, statusText: '', data: '', headers: {}, config, request: null }
      if (response.status === 200 || config.validateStatus?.(401)) return response
      throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
    },
  })
  return { api, sent }
}
