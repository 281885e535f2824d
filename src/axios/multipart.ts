import axios, { getAdapter, type InternalAxiosRequestConfig } from 'axios'

interface MultipartStream {
  getBuffer(): Uint8Array
  getBoundary(): string
}

type BodyTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: InternalAxiosRequestConfig['headers']) => unknown

/**
 * Sets one boundary for both sends. The http adapter generates a boundary for each send unless the content type names one
 * (without a dot, unlike axios' own). With other adapters the platform chooses the boundary and must not be given one.
 */
function fixBoundary(config: InternalAxiosRequestConfig, headers: InternalAxiosRequestConfig['headers']): void {
  const adapter = getAdapter(config.adapter ?? axios.defaults.adapter, config) as { adapterName?: string }
  if (adapter.adapterName !== 'http' || String(headers.getContentType()).includes('boundary=')) return
  const random = Math.random().toString(36).slice(2)
  headers.setContentType(`multipart/form-data; boundary=form-data-${random}-${Date.now().toString(36)}`)
}

/**
 * Serializes a multipart form without streams to bytes; axios in Node would make a stream of it. Runs after the other transforms,
 * which may have made another body of a form.
 */
const keepForm: BodyTransform = function (data, headers) {
  if (data instanceof FormData) fixBoundary(this, headers)
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

/** Makes axios send a multipart form so that it can be sent again: as bytes instead of a stream, or with a boundary that stays. */
export function keepMultipart(config: InternalAxiosRequestConfig): void {
  const { data, headers } = config as InternalAxiosRequestConfig & { data: object }
  const isForm = data instanceof FormData || 'getBuffer' in data
  if (!isForm && !String(headers['Content-Type'] ?? '').startsWith('multipart/form-data')) return
  const transforms = [config.transformRequest ?? []].flat() as BodyTransform[]
  if (!transforms.includes(keepForm)) config.transformRequest = [...transforms, keepForm] as never
}
