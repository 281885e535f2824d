import axios from 'axios'
import type { RefreshFunction } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { refreshToken as smallRefreshToken } from 'axios-attach-oauth/refresh-token'
import type { Provider, Way } from './provider.js'

const formOf = (refreshToken: string | undefined): URLSearchParams =>
  new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '', client_id: 'app' })

/** The refresh function of an application with axios. */
const withAxios =
  (tokenEndpoint: string): RefreshFunction =>
  async (tokens, { signal }) =>
    (await axios.post(tokenEndpoint, formOf(tokens?.refresh_token), { signal })).data

/** The refresh function of an application with fetch. */
const withFetch =
  (tokenEndpoint: string): RefreshFunction =>
  async (tokens, { signal }) => {
    const response = await fetch(tokenEndpoint, { method: 'POST', body: formOf(tokens?.refresh_token), signal })
    const body = await response.text()
    if (!response.ok)
      throw Object.assign(new Error('refresh failed'), { status: response.status, headers: response.headers, body })
    return JSON.parse(body)
  }

/** The refresh function for one way. */
export function refreshFunction(
  way: Way,
  tokenEndpoint: string,
  { grant, wrap = (refresh) => refresh }: Provider,
): RefreshFunction {
  const make: Record<Way, () => RefreshFunction> = {
    grants: () => refreshToken({ tokenEndpoint, clientId: 'app', ...grant }),
    'refresh-token': () => smallRefreshToken({ tokenEndpoint, clientId: 'app' }),
    'own axios': () => withAxios(tokenEndpoint),
    'own fetch': () => withFetch(tokenEndpoint),
  }
  return wrap(make[way]())
}
