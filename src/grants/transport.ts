import { getAdapter, AxiosHeaders, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'

/** The part of `fetch` that token requests need. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

export interface FetchInit {
  method: string
  headers: Record<string, string>
  body?: URLSearchParams
  redirect: 'manual'
  signal?: AbortSignal
}

/** Statuses whose answers have no body: `Response` refuses one. */
const bodiless = new Set([204, 205, 304])

/**
 * A `fetch` that sends through the adapter of an axios instance, with its agents, proxy and certificates. It goes below the interceptors, so that a
 * refresh can never wait for itself, and leaves out the instance's own headers: an authorization among them is not meant for the token endpoint.
 */
export function axiosFetch(instance: AxiosInstance): Fetch {
  if (typeof instance?.defaults !== 'object') throw new TypeError('axios: must be an axios instance')
  return async (url, { method, headers, body, signal }) => {
    const { adapter, httpAgent, httpsAgent, proxy, transport, lookup, family, socketPath, fetchOptions, env } =
      instance.defaults as unknown as InternalAxiosRequestConfig
    const given = { adapter, httpAgent, httpsAgent, proxy, transport, lookup, family, socketPath, fetchOptions, env }
    const config = {
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      url,
      method: method.toLowerCase(),
      headers: AxiosHeaders.from(headers),
      data: body?.toString(),
      responseType: 'text',
      maxRedirects: 0,
      timeout: 0,
      validateStatus: null,
      maxContentLength: 1_000_000,
      maxBodyLength: -1,
      ...(signal && { signal }),
    } as unknown as InternalAxiosRequestConfig
    const response: AxiosResponse<unknown> = await getAdapter(adapter, config)(config)
    const text =
      typeof response.data === 'string'
        ? response.data
        : response.data === undefined || response.data === null
          ? ''
          : JSON.stringify(response.data)
    const answer = new Headers()
    for (const [name, value] of Object.entries(AxiosHeaders.from(response.headers as never).toJSON()))
      for (const one of [value].flat()) if (one !== null && one !== undefined) answer.append(name, String(one))
    return new Response(bodiless.has(response.status) ? null : text, { status: response.status, headers: answer })
  }
}
