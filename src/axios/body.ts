import { getAdapter, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import type { OAuthRequestOptions } from './request-options.js'

interface MultipartStream {
  getBuffer(): Uint8Array
  getBoundary(): string
}

type BodyTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: InternalAxiosRequestConfig['headers']) => unknown

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}

/** A body that is gone once it was sent. */
export function isStream(data: unknown): boolean {
  return (
    isObject(data) && (typeof data.pipe === 'function' || typeof data.getReader === 'function' || Symbol.asyncIterator in data)
  )
}

/** What makes the body anew, where the caller has given that. */
export function bodyFactory({ oauth }: AxiosRequestConfig): (() => unknown) | undefined {
  return isObject(oauth) ? (oauth as OAuthRequestOptions).body : undefined
}

/** May the body be sent a second time, as it is or made anew? */
export function isReplayable(config: AxiosRequestConfig): boolean {
  return !isStream(config.data) || bodyFactory(config) !== undefined
}

/** In Node axios makes a stream out of a multipart form; one without files in streams can be had as the bytes that it will be. */
const keepForm: BodyTransform = (data, headers) => {
  const form = data as Partial<MultipartStream> | undefined
  if (typeof form?.getBuffer !== 'function' || typeof form.getBoundary !== 'function') return data
  try {
    const bytes = form.getBuffer()
    headers.setContentType(`multipart/form-data; boundary=${form.getBoundary()}`)
    return bytes
  } catch {
    return data
  }
}

/**
 * The http adapter draws a boundary for each sending unless the content type names one (and it takes none with a dot, such as its own). Other adapters
 * leave that to the platform, which must not be told.
 */
function fixBoundary(config: InternalAxiosRequestConfig, fallback: AxiosRequestConfig['adapter']): void {
  const adapter = getAdapter(config.adapter ?? fallback, config) as { adapterName?: string }
  if (adapter.adapterName !== 'http' || String(config.headers['Content-Type'] ?? '').includes('boundary=')) return
  const random = Math.random().toString(36).slice(2)
  config.headers['Content-Type'] = `multipart/form-data; boundary=form-data-${random}-${Date.now().toString(36)}`
}

/** Has the caller's function make the body, where there is one: also of a request that is none of ours. Throws a `TypeError` when that is a promise. */
export function createBody<Config extends AxiosRequestConfig>(config: Config): Config {
  const make = bodyFactory(config)
  if (!make) return config
  config.data = make()
  if (typeof (config.data as PromiseLike<unknown> | undefined)?.then === 'function')
    throw new TypeError('oauth.body must return the body itself, not a promise of it: wait for it before you send the request')
  return config
}

/** Sees to it, before axios serializes the body, that it can be sent twice where that is possible. */
export function prepareBody(config: InternalAxiosRequestConfig, adapter: AxiosRequestConfig['adapter']): void {
  const { data } = createBody(config)
  if (data instanceof FormData) return fixBoundary(config, adapter)
  if (!isObject(data) || !('getBuffer' in data || String(config.headers['Content-Type'] ?? '').startsWith('multipart/form-data')))
    return
  const transforms = [config.transformRequest ?? []].flat() as BodyTransform[]
  if (!transforms.includes(keepForm)) config.transformRequest = [...transforms, keepForm] as never
}

/** Makes the body of the second sending. */
export function renewBody(config: InternalAxiosRequestConfig): void {
  if (!bodyFactory(config) || !isStream(config.data)) return
  createBody(config)
  // The adapter has written the length of the first one there.
  config.headers.delete('Content-Length')
}
