import { getAdapter, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'

interface MultipartStream {
  getBuffer(): Uint8Array
  getBoundary(): string
}

type BodyTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: InternalAxiosRequestConfig['headers']) => unknown

/** In Node axios makes a stream of a multipart form; a form without streams in it can be had as bytes. */
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

/** Has a multipart form sent as bytes, which can be sent again, where it is or becomes a stream. */
export function keepMultipart(config: InternalAxiosRequestConfig): void {
  if (!('getBuffer' in config.data) && !String(config.headers['Content-Type'] ?? '').startsWith('multipart/form-data')) return
  const transforms = [config.transformRequest ?? []].flat() as BodyTransform[]
  if (!transforms.includes(keepForm)) config.transformRequest = [...transforms, keepForm] as never
}

/**
 * The http adapter draws a boundary for each sending unless the content type names one (and it takes none with a dot, such as its own). Other adapters
 * leave that to the platform, which must not be told.
 */
export function fixBoundary(config: InternalAxiosRequestConfig, fallback: AxiosRequestConfig['adapter']): void {
  const adapter = getAdapter(config.adapter ?? fallback, config) as { adapterName?: string }
  if (adapter.adapterName !== 'http' || String(config.headers['Content-Type'] ?? '').includes('boundary=')) return
  const random = Math.random().toString(36).slice(2)
  config.headers['Content-Type'] = `multipart/form-data; boundary=form-data-${random}-${Date.now().toString(36)}`
}
