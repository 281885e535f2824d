// A wire that needs no network: settles as a real adapter does, and refuses what doesn't carry the present token.
import axios from 'axios'

export const baseURL = 'https://api.example.com'
export const farAway = Math.floor(Date.now() / 1000) + 36_000

export function adapter(accepts) {
  return async (config) => {
    await null
    const status = accepts(config) ? 200 : 401
    const headers = { 'content-type': 'application/json' }
    const response = { data: '{"ok":true}', status, statusText: '', headers, config, request: null }
    if (config.validateStatus(status)) return response
    throw new axios.AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }
}

export const carriesNew = (config) => config.headers.Authorization === 'Bearer new'

/** Sends `n` requests at once; how many were answered. */
export async function all(api, n) {
  const outcomes = await Promise.all(
    Array.from({ length: n }, (_, i) =>
      api.get(`/item/${i}`).then(
        () => 1,
        () => 0,
      ),
    ),
  )
  return outcomes.reduce((sum, one) => sum + one, 0)
}
