import { getAdapter, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'

interface MultipartStream {
  getBuffer(): Uint8Array
  getBoundary(): string
}

type BodyTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: InternalAxiosRequestConfig['headers']) => unknown

/** Serializes a multipart form without streams to bytes; axios in Node would make a stream of it. */
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

/** Makes axios send a multipart form as bytes, which can be sent again, instead of as a stream. */
export function keepMultipart(config: InternalAxiosRequestConfig): void {
  if (!('getBuffer' in config.data) && !String(config.headers['Content-Type'] ?? '').startsWith('multipart/form-data')) return
  const transforms = [config.transformRequest ?? []].flat() as BodyTransform[]
  if (!transforms.includes(keepForm)) config.transformRequest = [...transforms, keepForm] as never
}

/**
 * Sets one boundary for both sends. The http adapter generates a boundary for each send unless the content type names one
 * (without a dot, unlike axios' own). With other adapters the platform chooses the boundary and must not be given one.
 */
export function fixBoundary(config: InternalAxiosRequestConfig, fallback: AxiosRequestConfig['adapter']): void {
  const adapter = getAdapter(config.adapter ?? fallback, config) as { adapterName?: string }
  if (adapter.adapterName !== 'http' || String(config.headers['Content-Type'] ?? '').includes('boundary=')) return
  const random = Math.random().toString(36).slice(2)
  config.headers['Content-Type'] = `multipart/form-data; boundary=form-data-${random}-${Date.now().toString(36)}`
}
