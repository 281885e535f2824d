import axios, { getAdapter, type AxiosRequestConfig } from 'axios'
import { isLoopback } from '../loopback.js'
import { isAtLeast } from '../release.js'
import { fullPath, isPath } from './origin.js'

/** The facts that, besides the config, decide how a request reaches its server. */
export interface RoutePlatform {
  /** The environment variables; `undefined` where there are none, as in a browser. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined
  /** The version of axios. */
  readonly axiosVersion: string
  /** Do Node's own agents and `fetch` use the proxy variables, as with `NODE_USE_ENV_PROXY`? */
  readonly usesEnvProxy: boolean
}

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly execArgv?: readonly string[]
  readonly versions?: Readonly<Record<string, string>>
}

/** The platform that this program runs on, with this version of axios. */
export function currentPlatform(axiosVersion: string): RoutePlatform {
  const { env, execArgv = [], versions = {} } = ((globalThis as { process?: unknown }).process ?? {}) as NodeProcess
  const flags = `${env?.NODE_OPTIONS ?? ''} ${execArgv.join(' ')}`
  const usesEnvProxy =
    flags.includes('--use-env-proxy') || env?.NODE_USE_ENV_PROXY === '1' || 'bun' in versions || 'deno' in versions
  return { env, axiosVersion, usesEnvProxy }
}

/** The signs of releases of axios that differ only in their routes: members of an instance, each with the first release that has it. */
export const laterSigns: readonly (readonly [name: string, release: string])[] = [
  ['encodeBasicAuthUsername', '1.21.0'],
  ['advertiseZstdAcceptEncoding', '1.17.0'],
  ['query', '1.16.0'],
]

/** From this release on, axios sends https through a proxy in a CONNECT tunnel; earlier, the proxy got the request itself. */
const tunnelsHttps = (axiosVersion: string): boolean => isAtLeast(axiosVersion, '1.16.1')

interface Proxy {
  readonly hostname: string
  readonly isEncrypted: boolean
  /** The variable or option that names the proxy. */
  readonly source: string
}

const optionProxy = 'option proxy'

type Lookup = (name: string) => string | undefined

/** Reads a variable as `proxy-from-env` does: the lower-case name first. */
const reader =
  (env: NonNullable<RoutePlatform['env']>): Lookup =>
  (name) =>
    env[name] || env[name.toUpperCase()] || undefined

/** Does `NO_PROXY` name the host? Follows `proxy-from-env`, and newer releases of axios for loopback. */
function isExcepted(read: Lookup, { hostname, port, protocol }: URL, axiosVersion: string): boolean {
  const isNewer = tunnelsHttps(axiosVersion)
  const list = ((!isNewer && read('npm_config_no_proxy')) || read('no_proxy') || '').toLowerCase()
  const portNumber = Number(port) || (protocol === 'https:' ? 443 : 80)
  if (list === '*') return true
  return list.split(/[,\s]/).some((entry) => {
    if (entry === '127.0.0.0/8' && isAtLeast(axiosVersion, '1.20.0')) return hostname.startsWith('127.')
    if (isNewer && /^\[?::1\]?$/.test(entry)) return isLoopback(hostname)
    const [, name = entry, entryPort] = /^(.+):(\d+)$/.exec(entry) ?? []
    if (!name || (Number(entryPort) && Number(entryPort) !== portNumber)) return false
    if (/^[.*]/.test(name)) return hostname.endsWith(name.replace(/^\*/, ''))
    return hostname === name || (isNewer && isLoopback(hostname) && isLoopback(name))
  })
}

function proxyOfEnvironment(target: URL, { env, axiosVersion }: RoutePlatform): Proxy | undefined {
  if (!env) return undefined
  const read = reader(env)
  const isNewer = tunnelsHttps(axiosVersion)
  const scheme = target.protocol.slice(0, -1)
  const names = isNewer
    ? [`${scheme}_proxy`, 'all_proxy']
    : [`npm_config_${scheme}_proxy`, `${scheme}_proxy`, 'npm_config_proxy', 'all_proxy']
  const name = names.find(read)
  const value = name && read(name)
  if (!value || isExcepted(read, target, axiosVersion)) return undefined
  const { protocol, hostname } = new URL(value.includes('://') ? value : `${scheme}://${value}`)
  return { hostname, isEncrypted: protocol === 'https:', source: `environment variable ${name.toUpperCase()}` }
}

function proxyOfConfig(proxy: Exclude<AxiosRequestConfig['proxy'], false | undefined>, target: URL): Proxy {
  const { hostname, host, protocol } = proxy as { hostname?: string; host?: string; protocol?: string }
  // Without a host, Node connects to this machine; without a protocol, axios keeps the target's.
  const name = String(hostname || host || 'localhost').toLowerCase()
  return {
    hostname: name === '::1' ? '[::1]' : name,
    isEncrypted: String(protocol || target.protocol).startsWith('https'),
    source: optionProxy,
  }
}

type Adapter = NonNullable<Parameters<typeof getAdapter>[0]>

/** The built-in adapter called `name`; `undefined` if the platform has none. */
function builtIn(name: string, config: AxiosRequestConfig): unknown {
  try {
    return getAdapter(name as Adapter, config as never)
  } catch {
    return undefined
  }
}

/** The name of the adapter that axios will choose. The fetch adapter itself has no name. */
function adapterName(config: AxiosRequestConfig): string | undefined {
  for (const adapter of [config.adapter ?? ['xhr', 'http', 'fetch']].flat()) {
    if (typeof adapter === 'string' && builtIn(adapter, config)) return adapter
    if (typeof adapter === 'function')
      return (adapter as { adapterName?: string }).adapterName ?? (adapter === builtIn('fetch', config) ? 'fetch' : undefined)
  }
  return undefined
}

/** The proxy of the request, if there is one. An unknown adapter may call axios' http adapter, so it is treated as that. */
function proxyFor(config: AxiosRequestConfig, target: URL, platform: RoutePlatform): Proxy | undefined {
  const { proxy, socketPath } = config
  const { usesEnvProxy, axiosVersion } = platform
  const isHttps = target.protocol === 'https:'
  const name = adapterName(config)
  if (socketPath || name === 'xhr') return undefined
  // The platform's own fetch opens a tunnel for https.
  if (name === 'fetch') return usesEnvProxy && !isHttps ? proxyOfEnvironment(target, platform) : undefined
  if (proxy) return proxyOfConfig(proxy, target)
  // Before 1.21, axios does not pass `proxy: false` on to Node's own agents.
  const isDirect = proxy === false && (isHttps || !usesEnvProxy || isAtLeast(axiosVersion, '1.21.0'))
  return isDirect ? undefined : proxyOfEnvironment(target, platform)
}

/**
 * Returns why the token must not be sent: a plain-http proxy would receive it in the clear. Returns `undefined` when the route is
 * safe; https through a tunnel is.
 *
 * `target` is the absolute address of the request. The caller's own agent (with `proxy: false`) is not checked.
 */
export function insecureRoute(config: AxiosRequestConfig, target: string, platform: RoutePlatform): string | undefined {
  let url: URL
  let proxy: Proxy | undefined
  try {
    url = new URL(target)
    if (url.protocol === 'https:' && tunnelsHttps(platform.axiosVersion)) return undefined
    proxy = proxyFor(config, url, platform)
  } catch {
    // axios can't parse the address or the proxy either, and sends nothing.
    return undefined
  }
  const isHttps = url.protocol === 'https:'
  if (!proxy || (isHttps && proxy.isEncrypted)) return undefined
  // axios applies NO_PROXY only to the proxy of a variable.
  const advice = proxy.source === optionProxy ? 'Pass' : `Set NO_PROXY=${url.hostname}, or pass`
  const way = `The request to ${url.origin} would go through the proxy ${proxy.hostname} (${proxy.source})`
  return isHttps
    ? `${way}, which would get the token without encryption: axios ${platform.axiosVersion} opens no tunnel for https. ` +
        'Update axios to 1.16.1 or later, or pass proxy: false with an httpsAgent that opens one.'
    : `${way}, which would get the token without encryption. ${advice} proxy: false.`
}

/** Returns why the token of this request must not be sent; `undefined` when it may be sent. */
export type RouteRule = (config: AxiosRequestConfig) => string | undefined

export interface RouteSettings {
  readonly allowInsecureHttp: boolean
  /** The address against which a page resolves relative URLs. */
  readonly base: () => string | undefined
  /** The version of axios that sends. Default: that of this package's axios. */
  readonly axiosVersion?: string
}

/**
 * Makes the rule for the requests of one instance, to be called before a token is set. Reading an environment variable takes
 * microseconds, so the rule reads none in a browser, nor for https when axios opens a tunnel.
 */
export function routeRule(
  { allowInsecureHttp, base, axiosVersion = axios.VERSION }: RouteSettings,
  platform: RoutePlatform = currentPlatform(axiosVersion),
): RouteRule {
  if (allowInsecureHttp || !platform.env) return () => undefined
  const isTunnelled = tunnelsHttps(platform.axiosVersion)
  const read = reader(platform.env)
  /** The last https base, whose requests need no check: a proxy could only tunnel them. */
  let tunnelledBase: string | undefined
  return (config) => {
    const { url, baseURL } = config
    if (isTunnelled && baseURL !== undefined && (url === undefined || (typeof url === 'string' && isPath(url)))) {
      if (baseURL === tunnelledBase) return undefined
      if (baseURL.startsWith('https://')) {
        tunnelledBase = baseURL
        return undefined
      }
    }
    const target = fullPath(config)
    // Usually no proxy is set for plain http, and the address need not be parsed.
    const isDirect = /^https:/i.test(target) || (!config.proxy && !read('http_proxy') && !read('all_proxy'))
    if (isTunnelled && isDirect) return undefined
    try {
      return insecureRoute(config, new URL(target, base()).href, platform)
    } catch {
      return undefined
    }
  }
}
