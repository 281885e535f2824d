import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'

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

/**
 * Has the fetch adapter reject a redirect, unless the caller says otherwise (`fetchOptions.redirect`, `maxRedirects: 0`): the platform takes only
 * `Authorization` off on the way to another origin. Call it for a token in another header; other adapters ignore the option.
 */
export function refuseFetchRedirects(config: InternalAxiosRequestConfig): void {
  if (config.maxRedirects === 0 || config.fetchOptions?.redirect !== undefined) return
  config.fetchOptions = { ...config.fetchOptions, redirect: 'error' }
}

/** The header that carries the token, in lower case, and its value; `undefined` when the request went without a token. */
export type SentHeader = readonly [name: string, value: string | undefined]

/** The members by which requests of Node, of browsers and of fetch tell what was sent. */
interface LastRequest {
  getHeader?(name: string): unknown
  /** HTTP/2. */
  readonly sentHeaders?: Readonly<Record<string, unknown>>
  /** fetch. */
  readonly headers?: { get?(name: string): string | null }
  /** XMLHttpRequest; a mock may tell a relative address. */
  readonly responseURL?: string
  /** `follow-redirects`. */
  readonly res?: { readonly responseUrl?: string }
}

/** How the request tells its headers; `undefined` when it doesn't. */
function headerReader(request: LastRequest): ((name: string) => unknown) | undefined {
  const { sentHeaders, headers } = request
  if (typeof request.getHeader === 'function') return request.getHeader.bind(request)
  if (typeof sentHeaders === 'object') return (name) => headerOf({ headers: sentHeaders as never }, name)
  return typeof headers?.get === 'function' ? headers.get.bind(headers) : undefined
}

/** The value of a header of a config; an empty one counts as none. Looking is cheaper than `headers.get`. */
export function headerOf({ headers }: AxiosRequestConfig, name: string): unknown {
  for (const key in headers)
    if (key.length === name.length && key.toLowerCase() === name) return (headers as Record<string, unknown>)[key] || undefined
  return undefined
}

/** Is this still the header that this package has set? A request transform or another interceptor may have set its own. */
export function carriesOwnHeaders(config: AxiosRequestConfig, sent: readonly SentHeader[]): boolean {
  return sent.every(([name, value]) => headerOf(config, name) === value)
}

/**
 * Does this response judge the token? Not when the caller's own header went out instead (set by a request transform, or made of a URL with a password in
 * it), nor when a redirect has led to where the token does not go.
 */
export function answersToken(
  { request, config }: AxiosResponse,
  sent: readonly SentHeader[],
  isAllowed: (config: AxiosRequestConfig) => boolean,
): boolean {
  const last = (request ?? {}) as LastRequest
  const read = headerReader(last)
  if (!carriesOwnHeaders(config, sent)) return false
  if (read && !sent.every(([name, value]) => (read(name) ?? undefined) === value)) return false
  const landed = last.responseURL || last.res?.responseUrl
  return !landed || isAllowed({ ...config, url: landed })
}
