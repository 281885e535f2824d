import {
  AxiosHeaders,
  CanceledError,
  getAdapter,
  isAxiosError,
  type AxiosInstance,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import { renewBody } from './body.js'
import { repeatParams } from './params.js'

type ResponseTransform = (this: InternalAxiosRequestConfig, data: unknown, headers: unknown, status: number) => unknown

/** What `dispatchRequest` does with an answer, since the second one doesn't pass there. */
function transform(config: InternalAxiosRequestConfig, response: AxiosResponse): AxiosResponse {
  const headers = AxiosHeaders.from(response.headers as never)
  // Where a transform that throws looks for the answer that it choked on.
  const carrier = config as { response?: AxiosResponse }
  carrier.response = response
  try {
    for (const step of [config.transformResponse ?? []].flat() as ResponseTransform[])
      response.data = step.call(config, response.data, headers.normalize(false), response.status)
  } finally {
    delete carrier.response
  }
  headers.normalize(false)
  response.headers = headers
  return response
}

/** Has the caller left? As `dispatchRequest` asks, before and after each sending. */
function throwIfCancelled(config: InternalAxiosRequestConfig): void {
  config.cancelToken?.throwIfRequested()
  if (config.signal?.aborted) throw new CanceledError(undefined, config)
}

/**
 * Sends a request again, below every interceptor and every request transform: what was sent the first time is sent the second time. `left` is what
 * remains of its time limit.
 */
export async function sendAgain(
  instance: AxiosInstance,
  config: InternalAxiosRequestConfig,
  left: number | undefined,
): Promise<AxiosResponse> {
  renewBody(config)
  throwIfCancelled(config)
  const adapter = getAdapter(config.adapter ?? instance.defaults.adapter, config)
  const startedAt = performance.now()
  const finish = (response: AxiosResponse): AxiosResponse => {
    throwIfCancelled(config)
    ;(response as { duration?: number }).duration = Math.round(performance.now() - startedAt)
    return transform(config, response)
  }
  const { timeout = 0 } = config
  config.timeout = left ?? timeout
  const done = repeatParams(config)
  return adapter(config)
    .then(finish, (error: { response?: AxiosResponse } | undefined) => {
      if (error?.response) finish(error.response)
      throwIfCancelled(config)
      // The caller has set the whole limit, of which this sending had the rest.
      if (isAxiosError(error) && error.message.startsWith('timeout'))
        error.message = error.message.replace(`${config.timeout}`, `${timeout}`)
      throw error
    })
    .finally(() => {
      done()
      config.timeout = timeout
    })
}

/** Frees the connection of an answer that nobody will read. */
export function discard({ data }: AxiosResponse): void {
  if (typeof data?.destroy === 'function') data.destroy()
  else if (typeof data?.cancel === 'function') Promise.resolve(data.cancel()).catch(() => undefined)
}
