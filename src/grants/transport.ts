import axios, { getAdapter, AxiosHeaders, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { isAtLeast } from '../release.js'
import { tooLarge } from './failures.js'
import type { Fetch, Transport } from './fetch.js'
import { exemptFromProxy, insecureRoute } from './insecure-route.js'
import { ignoredProxy, refuseProxiedHttp } from './platform-fetch.js'
import { environmentVariables, nodeUsesProxyVariables } from './process-environment.js'
import { proxyInEnvironment, proxyInOption, readsInTheClear, type Proxy } from './proxy.js'
import { MAX_BODY } from './read-body.js'

/** Statuses for which `Response` refuses a body. */
const bodiless = new Set([204, 205, 304])

type Adapter = ReturnType<typeof getAdapter>

/** Does the http adapter send https through a CONNECT tunnel? Earlier releases send it to the proxy in the clear. */
const tunnels = isAtLeast(axios.VERSION, '1.16.1')
/** Earlier releases also read the proxy variables that npm sets for scripts. */
const readsNpmConfig = !isAtLeast(axios.VERSION, '1.14.0')

function named(name: 'http' | 'fetch' | 'xhr', config: InternalAxiosRequestConfig): Adapter | undefined {
  try {
    // Newer releases have a second parameter: they make the fetch adapter for `config.env`.
    return (getAdapter as (adapter: unknown, config: unknown) => Adapter)(name, config)
  } catch {
    return undefined
  }
}

const adapterFor = (config: InternalAxiosRequestConfig): Adapter =>
  (getAdapter as (adapter: unknown, config: unknown) => Adapter)(config.adapter, config)

/** The proxy of a request: from the option, else from the environment, as axios and Node's own agents choose it. */
function proxyOf(url: URL, option: unknown): Proxy | undefined {
  if (option) return proxyInOption(url, option)
  // Node's own agents use a proxy even with `proxy: false`.
  const isDirect = option === false && !(url.protocol === 'http:' && nodeUsesProxyVariables())
  return isDirect ? undefined : proxyInEnvironment(url, environmentVariables(), readsNpmConfig)
}

/** The `proxy` option to send with. Throws when a proxy would receive the request in the clear. */
function secureProxy(url: URL, option: unknown): unknown {
  const proxy = proxyOf(url, option)
  // Releases of axios read NO_PROXY differently, so an exempt address is passed on as `proxy: false`.
  if (!proxy || proxy.exempt) return proxy ? false : option
  if (!readsInTheClear(url, proxy, tunnels)) return option
  const advice =
    url.protocol === 'http:'
      ? `${exemptFromProxy(url)} Or set proxy: false on the axios instance.`
      : `axios ${axios.VERSION} opens no tunnel for https: update axios to 1.16.1 or later, or create the instance with proxy: false and ` +
        'httpsAgent: new HttpsProxyAgent(…) of https-proxy-agent.'
  throw insecureRoute(proxy.source, advice)
}

/**
 * Makes a `fetch` that sends through the adapter of an axios instance, with its agents, proxy and certificates. The requests
 * bypass the interceptors, so that a refresh never waits for itself, and omit the instance's own headers, whose authorization is
 * not meant for the token endpoint.
 */
export function axiosFetch(instance: AxiosInstance, allowInsecureHttp = false): Fetch {
  return async (url, init) => {
    const { method, headers, body, signal } = init
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
      // The fetch adapter of older releases reads only this option.
      fetchOptions: { ...fetchOptions, redirect: 'manual' },
      timeout: 0,
      validateStatus: null,
      maxContentLength: MAX_BODY,
      maxBodyLength: -1,
      signal,
    } as unknown as InternalAxiosRequestConfig
    const send = adapterFor(config)
    // XMLHttpRequest would follow a redirect with the refresh token in the body.
    if (send === named('xhr', config) && typeof globalThis.fetch === 'function') return globalThis.fetch(url, init)
    if (send === named('fetch', config)) {
      if (!allowInsecureHttp) refuseProxiedHttp(url)
      // The fetch adapter of older releases has no size limit, so `readText` applies one to the stream.
      Object.assign(config, { responseType: 'stream', maxContentLength: -1 })
    } else if (!allowInsecureHttp && !socketPath) config.proxy = secureProxy(new URL(url), proxy) as never
    return toResponse(await send(config).catch(reportSize))
  }
}

/** Throws the typed error of an answer over the limit, which the http adapter reports only in its message. */
function reportSize(error: unknown): never {
  const { message, response } = error as { message?: unknown; response?: { status?: number } }
  throw /^maxContentLength size/.test(String(message)) ? tooLarge('server', response?.status) : error
}

function toResponse({ status, data, headers }: AxiosResponse<unknown>): Response {
  // A browser shows a redirect that it does not follow as status 0.
  if (status === 0) return Response.error()
  const given = new Headers()
  for (const [name, value] of Object.entries(AxiosHeaders.from(headers as never).toJSON()))
    for (const each of [value].flat()) given.append(name, String(each))
  const isBody = typeof data === 'string' || data instanceof ReadableStream
  const body = isBody ? data : JSON.stringify(data)
  return new Response(bodiless.has(status) ? null : body, { status, headers: given })
}

/** Sends through an axios instance. */
export function axiosTransport(instance: AxiosInstance, allowInsecureHttp: boolean): Transport {
  return {
    fetch: axiosFetch(instance, allowInsecureHttp),
    // Only the fetch adapter ignores proxy variables.
    hint: (url) => {
      const config = { ...instance.defaults } as unknown as InternalAxiosRequestConfig
      return adapterFor(config) === named('fetch', config) ? ignoredProxy(url) : undefined
    },
  }
}
