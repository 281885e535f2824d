import { isLoopback } from '../loopback.js'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A proxy that a request would go through. */
export interface Proxy {
  /** The name of an environment variable, or `the proxy option`; never the address, which may hold a password. */
  readonly source: string
  /** The protocol spoken to the proxy, such as `http:`. */
  readonly protocol: string
  /** NO_PROXY exempts the address from this proxy. */
  readonly exempt: boolean
}

const defaultPorts: Record<string, number> = { 'http:': 80, 'https:': 443 }

const isAtLoopback = (host: string): boolean => isLoopback(host) || isLoopback(`[${host}]`)

/** Does NO_PROXY exempt this address? Entries are hosts, with a port or a leading `.` or `*`; `*` alone exempts all. */
export function isExempt({ protocol, hostname, port }: URL, noProxy: string): boolean {
  const ownPort = Number(port) || defaultPorts[protocol]
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      const [, host = entry, entryPort] = /^(\[.*\]|[^:]+):(\d+)$/.exec(entry) ?? []
      if (entryPort !== undefined && Number(entryPort) !== ownPort) return false
      if (host.startsWith('*')) return hostname.endsWith(host.slice(1))
      if (host.startsWith('.')) return hostname.endsWith(host)
      // Names of loopback are equivalent: NO_PROXY=localhost also covers 127.0.0.1, and 127.0.0.0/8 covers localhost.
      return host === hostname || (isLoopback(hostname) && isAtLoopback(host.replace(/\/\d+$/, '')))
    })
}

/**
 * The proxy that the environment names for this address, exempt or not. `npm`: also reads the variables that npm sets for
 * scripts.
 */
export function proxyInEnvironment(url: URL, env: Environment, npm: boolean): Proxy | undefined {
  const find = (name: string): string | undefined => [name, name.toUpperCase()].find((each) => env[each])
  const scheme = `${url.protocol.slice(0, -1)}_proxy`
  const [source] = [...(npm ? [`npm_config_${scheme}`] : []), scheme, ...(npm ? ['npm_config_proxy'] : []), 'all_proxy']
    .map(find)
    .filter((name) => name !== undefined)
  if (source === undefined) return undefined
  const [, protocol = url.protocol] = /^([a-z][\w+.-]*:)\/\//i.exec(env[source] ?? '') ?? []
  const exceptions = [...(npm ? ['npm_config_no_proxy'] : []), 'no_proxy'].map(find).find((name) => name !== undefined)
  const exempt = exceptions !== undefined && isExempt(url, env[exceptions] ?? '')
  return { source, protocol: protocol.toLowerCase(), exempt }
}

/** The proxy that the `proxy` option of axios names; `undefined` when it names none. */
export function proxyInOption(url: URL, option: unknown): Proxy | undefined {
  if (typeof option !== 'object' || option === null) return undefined
  const { protocol } = option as { protocol?: unknown }
  const given = typeof protocol === 'string' && protocol !== '' ? protocol.toLowerCase() : url.protocol
  return { source: 'the proxy option', protocol: given.endsWith(':') ? given : `${given}:`, exempt: false }
}

/** Would this proxy receive the request in the clear? `tunnels`: https uses a CONNECT tunnel. */
export function readsInTheClear({ protocol }: URL, proxy: Proxy, tunnels: boolean): boolean {
  if (protocol === 'http:') return true
  return !tunnels && proxy.protocol === 'http:'
}
