import { createHmac, randomUUID } from 'node:crypto'
import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import {
  attachOAuth,
  type RefreshFunction,
  type TokenStore,
} from 'axios-attach-oauth'

/** Signs what is sent, with a nonce that the API accepts once. */
function sign(config: InternalAxiosRequestConfig, key: string): void {
  const nonce = randomUUID()
  const body =
    typeof config.data === 'string'
      ? config.data
      : JSON.stringify(config.data ?? '')
  const text = [config.method?.toUpperCase(), config.url, nonce, body].join('\n')
  config.headers.set({
    'X-Nonce': nonce,
    'X-Signature': createHmac('sha256', key).update(text).digest('base64'),
  })
}

export function signedApi(
  store: TokenStore,
  refresh: RefreshFunction,
  key: string,
): AxiosInstance {
  const api = axios.create({ baseURL: 'https://api.example.com' })
  api.interceptors.request.use((config) => {
    sign(config, key)
    return config
  })
  // The interceptor runs once. The second send needs a nonce of its own.
  attachOAuth(api, store, { refresh, beforeResend: (config) => sign(config, key) })
  return api
}
