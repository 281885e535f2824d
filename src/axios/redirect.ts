import type { AxiosRequestConfig, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { isOnSocket, nodeHeaderReader } from '../node-only.js'
import type { NodeRequest } from './node-request.js'

/**
 * Makes the fetch adapter reject a redirect, unless the caller says otherwise (`fetchOptions.redirect`, `maxRedirects: 0`): on a
 * redirect to another origin the platform removes only `Authorization`. Needed for a token in another header. Other adapters
 * ignore the option.
 */
export function refuseFetchRedirects(config: InternalAxiosRequestConfig): void {
  if (config.maxRedirects === 0 || config.fetchOptions?.redirect !== undefined) return
  config.fetchOptions = { ...config.fetchOptions, redirect: 'error' }
}

/** A header that carries the token; `value` is `undefined` when the request went without a token. */
export interface SentHeader {
  readonly lowerName: string
  readonly value: string | undefined
}

/** The members in which requests of Node, browsers and fetch report what was sent. */
interface LastRequest extends NodeRequest {
  /** fetch. */
  readonly headers?: { get?(name: string): string | null }
  /** XMLHttpRequest; a mock may report a relative address. */
  readonly responseURL?: string
  /** `follow-redirects`. */
  readonly res?: { readonly responseUrl?: string }
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
export function carries(config: AxiosRequestConfig, sent: readonly SentHeader[]): boolean {
  return sent.every(({ lowerName, value }) => headerOf(config, lowerName) === value)
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
  const { headers } = last
  const read = nodeHeaderReader(last) ?? (typeof headers?.get === 'function' ? headers.get.bind(headers) : undefined)
  if (!carries(config, sent)) return false
  if (read && !sent.every(({ lowerName, value }) => (read(lowerName) ?? undefined) === value)) return false
  const landed = last.responseURL || last.res?.responseUrl
  return !landed || isOnSocket(config, landed) || isAllowed({ ...config, url: landed, allowAbsoluteUrls: true })
}
