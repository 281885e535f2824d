import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>
type RedirectOptions = Parameters<BeforeRedirect>[0]

/** A transport of Node, as `http`, `https` and `follow-redirects` are. */
interface Transport {
  request(options: RedirectOptions, ...rest: unknown[]): unknown
}

export interface RedirectSettings {
  /** May the token go to this address? */
  readonly isAllowed: (config: AxiosRequestConfig) => boolean
  /** The names of the headers that carry the token, in lower case; read at each redirect. */
  readonly names: ReadonlySet<string>
  /** Is plain http to other machines accepted, proxies included? */
  readonly allowInsecureHttp: boolean
}

export interface RedirectGuard {
  /** Makes the `beforeRedirect` of a request out of the caller's own. */
  readonly wrap: (callers: BeforeRedirect | undefined) => BeforeRedirect
  /** Guards a transport of the caller's own. */
  readonly prepareTransport: (config: InternalAxiosRequestConfig) => void
}

/** Where Node connects to. */
const targetOf = ({ protocol, hostname, host, port, href }: RedirectOptions): string =>
  [protocol, hostname, host, port, href].join(' ')

/** axios has put a proxy in the place of the host, and the proxy gets the request as it is: that is no tunnel. */
function goesThroughProxy({ href, hostname }: RedirectOptions): boolean {
  if (typeof hostname !== 'string') return false
  const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '')
  return withoutBrackets(new URL(String(href)).hostname) !== withoutBrackets(hostname)
}

/**
 * Keeps the token from following a redirect in Node. The http adapter leaves `Authorization` on for every name below the present one, which is another
 * origin all the same, and other headers on for every origin. A transport of the caller's own is guarded where it calls `beforeRedirect`, as
 * `follow-redirects` does.
 */
export function redirectGuard(settings: RedirectSettings): RedirectGuard {
  const { isAllowed, names, allowInsecureHttp } = settings
  const guards = new WeakSet<object>()

  function mayCarry(options: RedirectOptions): boolean {
    try {
      return isAllowed({ url: String(options.href) }) && (allowInsecureHttp || !goesThroughProxy(options))
    } catch {
      return false
    }
  }

  function strip(options: RedirectOptions): void {
    const headers = (options.headers ?? {}) as Record<string, unknown>
    for (const name in headers) if (names.has(name.toLowerCase())) Reflect.deleteProperty(headers, name)
  }

  const guard = (callers: BeforeRedirect | undefined): BeforeRedirect => {
    const guarded: BeforeRedirect = (options, ...details) => {
      const carries = mayCarry(options)
      if (!carries) strip(options)
      if (!callers) return
      const target = targetOf(options)
      const before = { ...(options.headers as Record<string, unknown> | undefined) }
      callers(options, ...details)
      // Sent elsewhere than to the address that was judged.
      if (carries && targetOf(options) !== target) stripOurs(options, before)
    }
    guards.add(guarded)
    return guarded
  }

  /** A header that the caller's function has set is the caller's. */
  function stripOurs(options: RedirectOptions, before: Record<string, unknown>): void {
    const headers = (options.headers ?? {}) as Record<string, unknown>
    for (const name in headers)
      if (names.has(name.toLowerCase()) && headers[name] === before[name]) Reflect.deleteProperty(headers, name)
  }

  // axios does not hand `beforeRedirect` to a transport of the caller's own.
  const guardTransport = (transport: Transport): Transport => {
    const guarded = Object.create(transport, {
      request: {
        value: (options: RedirectOptions, ...rest: unknown[]) => {
          const { beforeRedirect } = options as { beforeRedirect?: BeforeRedirect }
          options.beforeRedirect = beforeRedirect && guards.has(beforeRedirect) ? beforeRedirect : guard(beforeRedirect)
          return transport.request(options, ...rest)
        },
      },
    }) as Transport
    guards.add(guarded)
    return guarded
  }

  return {
    wrap: guard,
    prepareTransport(config) {
      const { transport } = config as { transport?: Transport }
      if (transport && !guards.has(transport) && typeof transport.request === 'function')
        config.transport = guardTransport(transport)
    },
  }
}
