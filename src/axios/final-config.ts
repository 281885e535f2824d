import { AxiosHeaders, type InternalAxiosRequestConfig } from 'axios'

/** The class of the headers that axios creates for a request; another copy of axios has its own. */
export type HeadersClass = typeof AxiosHeaders

/** Returns the headers if they are of this class and writable, otherwise a copy that is. `AxiosHeaders` reads no object of another copy. */
export function toHeaders(given: unknown, Headers: HeadersClass = AxiosHeaders): AxiosHeaders {
  if (given instanceof Headers && Object.isExtensible(given)) return given
  const { normalize } = Object(given) as Partial<AxiosHeaders>
  // A spread copy keeps the value `false`, by which axios leaves a header out.
  return new Headers((typeof normalize === 'function' ? { ...(given as object) } : given) as never)
}

/** Makes a config that other interceptors have returned writable: it may be frozen, or have headers of another kind. */
export function finalConfig(given: InternalAxiosRequestConfig, Headers: HeadersClass): InternalAxiosRequestConfig {
  const config = Object.isExtensible(given) ? given : { ...given }
  const headers = toHeaders(config.headers, Headers)
  if (headers !== config.headers) config.headers = headers
  return config
}
