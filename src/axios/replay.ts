import axios, {
  AxiosHeaders,
  CanceledError,
  getAdapter,
  isAxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { toHeaders } from './final-config.js'
import { transformBody } from './response-transforms.js'
import { reuseParams } from './serialized-params.js'

/** Transforms the second response as axios' `dispatchRequest` would, since it does not pass through there. */
function transform(config: InternalAxiosRequestConfig, response: AxiosResponse): AxiosResponse {
  const headers = AxiosHeaders.from(response.headers as never)
  // axios sets this member too, for a transform that throws.
  const carrier = config as { response?: AxiosResponse }
  carrier.response = response
  try {
    response.data = transformBody(config, response.data, headers.normalize(false), response.status)
  } finally {
    delete carrier.response
  }
  headers.normalize(false)
  response.headers = headers
  return response
}

/** Throws if the request was aborted, as `dispatchRequest` does before and after each send. */
function throwIfCancelled(config: InternalAxiosRequestConfig): void {
  config.cancelToken?.throwIfRequested()
  if (config.signal?.aborted) throw new CanceledError(undefined, config)
}

/**
 * Sends a request again, without running interceptors or request transforms: the second send equals the first one. `left` is the
 * rest of its time limit. `beforeSending` runs right before it; `rethrow` gets the error with which the promise rejects.
 */
export function resend(
  instance: AxiosInstance,
  config: InternalAxiosRequestConfig,
  left: number | undefined,
  rethrow: (error: unknown) => never,
  beforeSending: () => void,
): Promise<AxiosResponse> {
  throwIfCancelled(config)
  // As axios does: an instance of the class `Axios` has no adapter in its defaults.
  const adapter = getAdapter(config.adapter || instance.defaults.adapter || axios.defaults.adapter, config)
  beforeSending()
  const startedAt = performance.now()
  const undo = prepare(config, left)
  const finish = (response: AxiosResponse): AxiosResponse => {
    throwIfCancelled(config)
    ;(response as { duration?: number }).duration = Math.round(performance.now() - startedAt)
    return transform(config, response)
  }
  return adapter(config).then(
    (response) => {
      undo?.()
      try {
        return finish(response)
      } catch (failure) {
        return rethrow(failure)
      }
    },
    (error: { response?: AxiosResponse } | undefined) => {
      undo?.(error)
      try {
        if (error?.response) finish(error.response)
        throwIfCancelled(config)
      } catch (failure) {
        return rethrow(failure)
      }
      return rethrow(error)
    },
  )
}

/**
 * Gives the adapter the rest of the time limit, the parameters of the first send, and headers of its own copy of axios. Returns
 * the undo, if there is anything to undo.
 */
function prepare(config: InternalAxiosRequestConfig, left: number | undefined): ((error?: unknown) => void) | undefined {
  const forgetParams = reuseParams(config)
  const { timeout, headers } = config
  config.headers = toHeaders(headers)
  if (left === undefined && headers === config.headers) return forgetParams
  if (left !== undefined) config.timeout = left
  return (error) => {
    forgetParams?.()
    config.headers = headers
    if (left === undefined) return
    config.timeout = timeout as number
    // The message must name the time limit that the caller has set.
    if (isAxiosError(error) && error.message.startsWith('timeout')) error.message = error.message.replace(`${left}`, `${timeout}`)
  }
}

/** Frees the connection of a response that is not read. */
export function discard({ data }: AxiosResponse): void {
  if (typeof data?.destroy === 'function') data.destroy()
  else if (typeof data?.cancel === 'function') Promise.resolve(data.cancel()).catch(() => undefined)
}
