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
  if (typeof instance.defaults !== 'object') throw new TypeError('axios: must be an axios instance')
  return async (url, { method, headers, body, signal }) => {
    const { adapter, httpAgent, httpsAgent, proxy, transport, lookup, family, socketPath, fetchOptions, env } =
      instance.defaults as unknown as InternalAxiosRequestConfig
    const config = {
      adapter,
      httpAgent,
      httpsAgent,
      proxy,
      transport,
      lookup,
      family,
      socketPath,
      env,
      url,
      method: method.toLowerCase(),
      headers: AxiosHeaders.from(headers),
      data: body?.toString(),
      responseType: 'text',
      maxRedirects: 0,
      // The fetch adapter of older releases looks only here.
      fetchOptions: { ...fetchOptions, redirect: 'manual' },
      timeout: 0,
      validateStatus: null,
      maxContentLength: 1_000_000,
      maxBodyLength: -1,
      signal,
    } as unknown as InternalAxiosRequestConfig
    const { status, data, headers: answered }: AxiosResponse<unknown> = await getAdapter(adapter, config)(config)
    // What a browser makes of a redirect that it must not follow.
    if (status === 0) return Response.error()
    const given = new Headers()
    for (const [name, value] of Object.entries(AxiosHeaders.from(answered as never).toJSON()))
      for (const one of [value].flat()) given.append(name, String(one))
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    return new Response(bodiless.has(status) ? null : text, { status, headers: given })
  }
}
