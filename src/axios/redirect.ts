import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'

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
