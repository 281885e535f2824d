import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { isOnSocket } from './node-request.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>
type RedirectOptions = Parameters<BeforeRedirect>[0]

/** A Node transport, such as `http`, `https` or `follow-redirects`. */
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
  /** Makes a request's `beforeRedirect`, which calls the caller's own. */
  readonly wrap: (callers: BeforeRedirect | undefined) => BeforeRedirect
  /** Guards the caller's own transport. */
  readonly prepareTransport: (config: InternalAxiosRequestConfig) => void
}

/** Where Node connects to. */
const targetOf = ({ protocol, hostname, host, port, href }: RedirectOptions): string =>
  [protocol, hostname, host, port, href].join(' ')

/** Has axios replaced the host by a proxy? Such a proxy receives the request itself: there is no tunnel. */
function goesThroughProxy({ href, hostname }: RedirectOptions): boolean {
  if (typeof hostname !== 'string') return false
  const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '')
  return withoutBrackets(new URL(String(href)).hostname) !== withoutBrackets(hostname)
}

/**
 * Removes the token from redirects to another origin in Node. The http adapter keeps `Authorization` for every subdomain, which
 * is another origin, and keeps other headers for every origin. The caller's own transport is guarded if it calls
 * `beforeRedirect`, as `follow-redirects` does.
 */
export function redirectGuard(settings: RedirectSettings): RedirectGuard {
  const { isAllowed, names, allowInsecureHttp } = settings
  const guards = new WeakSet<object>()

  function mayCarry(options: RedirectOptions): boolean {
    try {
      const url = String(options.href)
      return (isOnSocket(options, url) || isAllowed({ url })) && (allowInsecureHttp || !goesThroughProxy(options))
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
      // The request goes to another address than the one that was checked.
      if (carries && targetOf(options) !== target) stripOurs(options, before)
    }
    guards.add(guarded)
    return guarded
  }

  /** Removes this package's headers. A header that the caller's function has set stays. */
  function stripOurs(options: RedirectOptions, before: Record<string, unknown>): void {
    const headers = (options.headers ?? {}) as Record<string, unknown>
    for (const name in headers)
      if (names.has(name.toLowerCase()) && headers[name] === before[name]) Reflect.deleteProperty(headers, name)
  }

  // axios does not pass `beforeRedirect` to the caller's own transport.
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
