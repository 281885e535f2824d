import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'

/**
 * Makes the fetch adapter reject a redirect, unless the caller says otherwise (`fetchOptions.redirect`, `maxRedirects: 0`): on a
 * redirect to another origin the platform removes only `Authorization`. Needed for a token in another header. Other adapters
 * ignore the option.
 */
export function refuseFetchRedirects(config: InternalAxiosRequestConfig): void {
  if (config.maxRedirects === 0 || config.fetchOptions?.redirect !== undefined) return
  config.fetchOptions = { ...config.fetchOptions, redirect: 'error' }
}

/** The header that carries the token, in lower case, and its value; `undefined` when the request went without a token. */
export type SentHeader = readonly [name: string, value: string | undefined]

/** The members in which requests of Node, browsers and fetch report what was sent. */
interface LastRequest {
  getHeader?(name: string): unknown
  /** HTTP/2. */
  readonly sentHeaders?: Readonly<Record<string, unknown>>
  /** fetch. */
  readonly headers?: { get?(name: string): string | null }
  /** XMLHttpRequest; a mock may report a relative address. */
  readonly responseURL?: string
  /** `follow-redirects`. */
  readonly res?: { readonly responseUrl?: string }
}

/** Returns a function that reads the request's headers; `undefined` when the request does not expose them. */
function headerReader(request: LastRequest): ((name: string) => unknown) | undefined {
  const { sentHeaders, headers } = request
  if (typeof request.getHeader === 'function') return request.getHeader.bind(request)
  if (typeof sentHeaders === 'object') return (name) => headerOf({ headers: sentHeaders }, name)
  return typeof headers?.get === 'function' ? headers.get.bind(headers) : undefined
}

/** The value of a header of a config or a response; `undefined` when it is empty. A property read is cheaper than `headers.get`. */
export function headerOf({ headers }: { readonly headers?: unknown }, name: string): unknown {
  for (const key in headers as object)
    if (key.length === name.length && key.toLowerCase() === name) return (headers as Record<string, unknown>)[key] || undefined
  return undefined
}

/**
 * Do the headers still hold the values that this package has set? A request transform or another interceptor may have replaced
 * them.
 */
export function carriesOwnHeaders(config: AxiosRequestConfig, sent: readonly SentHeader[]): boolean {
  return sent.every(([name, value]) => headerOf(config, name) === value)
}

/** Is this address on the socket of the request? Without a host, `follow-redirects` names this machine, or none. */
export function isOnSocket({ socketPath }: { readonly socketPath?: unknown }, url: string): boolean {
  return !!socketPath && /^https?:..(\[::1])?\//.test(url)
}

/**
 * Is this a response to the token? No if the caller's own header was sent instead (set by a request transform, or derived from a
 * URL with a password), and no if a redirect led to an origin that does not get the token.
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
  return !landed || isOnSocket(config, landed) || isAllowed({ ...config, url: landed, allowAbsoluteUrls: true })
}
