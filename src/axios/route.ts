import axios, { getAdapter, type AxiosRequestConfig } from 'axios'
import { isLoopback } from '../loopback.js'
import { fullPath, isPath } from './origin.js'

/** The facts that decide, besides the config, which way a request takes. */
export interface RoutePlatform {
  /** The environment variables; `undefined` where there are none, as in a browser. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined
  /** The release of axios. */
  readonly axiosVersion: string
  /** Do Node's own agents and `fetch` use the proxy variables, as `NODE_USE_ENV_PROXY` makes them? */
  readonly usesEnvProxy: boolean
}

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly execArgv?: readonly string[]
  readonly versions?: Readonly<Record<string, string>>
}

/** The platform that this program runs on. */
export function currentPlatform(): RoutePlatform {
  const { env, execArgv = [], versions = {} } = ((globalThis as { process?: unknown }).process ?? {}) as NodeProcess
  const flags = `${env?.NODE_OPTIONS ?? ''} ${execArgv.join(' ')}`
  const usesEnvProxy =
    flags.includes('--use-env-proxy') || env?.NODE_USE_ENV_PROXY === '1' || 'bun' in versions || 'deno' in versions
  return { env, axiosVersion: axios.VERSION, usesEnvProxy }
}

function isAtLeast(version: string, wanted: readonly [major: number, minor: number, patch: number]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10))
  for (const [i, part] of wanted.entries()) if (part !== parts[i]) return Number(parts[i]) > part
  return true
}

/** From this release on, https goes through a proxy in a tunnel (CONNECT); before, the proxy gets the request itself. */
const tunnelsHttps = (axiosVersion: string): boolean => isAtLeast(axiosVersion, [1, 16, 1])

interface Proxy {
  readonly hostname: string
  readonly isEncrypted: boolean
  /** Where the proxy was named. */
  readonly source: string
}

type Lookup = (name: string) => string | undefined

/** Reads a variable as `proxy-from-env` does: in small letters first. */
const reader =
  (env: NonNullable<RoutePlatform['env']>): Lookup =>
  (name) =>
    env[name] || env[name.toUpperCase()] || undefined

/** Is the host named by `NO_PROXY`? By the rules of `proxy-from-env`, and for this machine those of newer releases of axios. */
function isExcepted(read: Lookup, { hostname, port, protocol }: URL, axiosVersion: string): boolean {
  const isNewer = tunnelsHttps(axiosVersion)
  const list = ((!isNewer && read('npm_config_no_proxy')) || read('no_proxy') || '').toLowerCase()
  const portNumber = Number(port) || (protocol === 'https:' ? 443 : 80)
  if (list === '*') return true
  return list.split(/[,\s]/).some((entry) => {
    if (entry === '127.0.0.0/8' && isAtLeast(axiosVersion, [1, 20, 0])) return hostname.startsWith('127.')
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
  // Without a host Node connects to this machine; without a protocol axios keeps that of the target.
  const name = String(hostname || host || 'localhost').toLowerCase()
  return {
    hostname: name === '::1' ? '[::1]' : name,
    isEncrypted: String(protocol || target.protocol).startsWith('https'),
    source: 'option proxy',
  }
}

type Adapter = NonNullable<Parameters<typeof getAdapter>[0]>

/** The adapter that `name` stands for here; `undefined` where the platform has none. */
function builtIn(name: string, config: AxiosRequestConfig): unknown {
  try {
    return getAdapter(name as Adapter, config as never)
  } catch {
    return undefined
  }
}

/** The name of the adapter that axios will choose. Its fetch adapter bears none itself. */
function adapterName(config: AxiosRequestConfig): string | undefined {
  for (const adapter of [config.adapter ?? ['xhr', 'http', 'fetch']].flat()) {
    if (typeof adapter === 'string' && builtIn(adapter, config)) return adapter
    if (typeof adapter === 'function')
      return (adapter as { adapterName?: string }).adapterName ?? (adapter === builtIn('fetch', config) ? 'fetch' : undefined)
  }
  return undefined
}

/** The proxy that gets the request, if there is one. An adapter without a name may end in axios' own for Node: it is judged as that. */
function proxyFor(config: AxiosRequestConfig, target: URL, platform: RoutePlatform): Proxy | undefined {
  const { proxy, socketPath } = config
  const { usesEnvProxy, axiosVersion } = platform
  const isHttps = target.protocol === 'https:'
  const name = adapterName(config)
  if (socketPath || name === 'xhr') return undefined
  // The platform's own fetch opens a tunnel for https.
  if (name === 'fetch') return usesEnvProxy && !isHttps ? proxyOfEnvironment(target, platform) : undefined
  if (proxy) return proxyOfConfig(proxy, target)
  // Before 1.21 `proxy: false` is not passed on to Node's own agents.
  const isDirect = proxy === false && (isHttps || !usesEnvProxy || isAtLeast(axiosVersion, [1, 21, 0]))
  return isDirect ? undefined : proxyOfEnvironment(target, platform)
}

/**
 * Says why a token must not take the way that the request takes, or `undefined` when it may: no credential travels through a plain-http proxy in the
 * clear. https through a tunnel is safe.
 *
 * `target` is the absolute address that the request is sent to. An agent of the caller's (with `proxy: false`) is the caller's own choice.
 */
export function insecureRoute(
  config: AxiosRequestConfig,
  target: string,
  platform: RoutePlatform = currentPlatform(),
): string | undefined {
  let url: URL
  let proxy: Proxy | undefined
  try {
    url = new URL(target)
    if (url.protocol === 'https:' && tunnelsHttps(platform.axiosVersion)) return undefined
    proxy = proxyFor(config, url, platform)
  } catch {
    // axios can't read the address or the proxy either, and sends nothing.
    return undefined
  }
  const isHttps = url.protocol === 'https:'
  if (!proxy || (isHttps && proxy.isEncrypted)) return undefined
  const way = `The request to ${url.origin} would go through the proxy ${proxy.hostname} (${proxy.source})`
  return isHttps
    ? `${way}, which would get the token without encryption: axios ${platform.axiosVersion} opens no tunnel for https. ` +
        'Update axios to 1.16.1 or later, or pass proxy: false with an httpsAgent that opens one.'
    : `${way}, which would get the token without encryption. Set NO_PROXY=${url.hostname}, or pass proxy: false.`
}

/** Says why the token of this request must not be sent, or `undefined` when it may. */
export type RouteRule = (config: AxiosRequestConfig) => string | undefined

export interface RouteSettings {
  readonly allowInsecureHttp: boolean
  /** The address that the platform resolves relative URLs by, in a page. */
  readonly base: () => string | undefined
}

/**
 * Makes the rule for the requests of one instance; ask it where a token is about to be set. No environment variable is read for https where axios
 * opens a tunnel, and none in a browser: reading them takes microseconds.
 */
export function routeRule({ allowInsecureHttp, base }: RouteSettings, platform: RoutePlatform = currentPlatform()): RouteRule {
  if (allowInsecureHttp || !platform.env) return () => undefined
  const isTunnelled = tunnelsHttps(platform.axiosVersion)
  const read = reader(platform.env)
  /** The last base that is reached through a tunnel in any case. */
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
    // Plain http is left, and mostly no proxy is named for it: that spares reading the address.
    const isDirect = /^https:/i.test(target) || (!config.proxy && !read('http_proxy') && !read('all_proxy'))
    if (isTunnelled && isDirect) return undefined
    try {
      return insecureRoute(config, new URL(target, base()).href, platform)
    } catch {
      return undefined
    }
  }
}
