// An adapter without a network: settles as a real adapter does, and answers 401 to requests without the present token.
import axios, { type AxiosAdapter, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'

export const baseURL = 'https://api.example.com'
export const farAway = Math.floor(Date.now() / 1000) + 36_000

export function adapter(accepts: (config: InternalAxiosRequestConfig) => boolean): AxiosAdapter {
  return async (config) => {
    await null
    const status = accepts(config) ? 200 : 401
    const headers = { 'content-type': 'application/json' }
    const response = { data: '{"ok":true}', status, statusText: '', headers, config, request: null }
    if (config.validateStatus?.(status)) return response
    throw new axios.AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
}

export const carriesNew = (config: InternalAxiosRequestConfig): boolean => config.headers.Authorization === 'Bearer new'

/** Sends `n` concurrent requests; resolves with how many were answered. */
export async function all(api: AxiosInstance, n: number): Promise<number> {
  const outcomes = await Promise.all(
    Array.from({ length: n }, (_, i) =>
      api.get(`/item/${i}`).then(
        (): number => 1,
        () => 0,
      ),
    ),
  )
  return outcomes.reduce((sum, one) => sum + one, 0)
}
