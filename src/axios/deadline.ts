import { AxiosError, CanceledError, type InternalAxiosRequestConfig } from 'axios'
import type { Environment } from '../session/environment.js'

/**
 * The remaining part of the request's `timeout`, in milliseconds; `undefined` when the request has none. `startedAt` is 0 when it
 * had none at its start: a time limit set later begins now.
 */
export function timeLeft(config: InternalAxiosRequestConfig, startedAt: number, environment: Environment): number | undefined {
  const { timeout } = config
  // Rounded up, because adapters treat a fraction of a millisecond as no limit.
  return timeout ? Math.ceil(timeout - (startedAt && environment.monotonic() - startedAt)) : undefined
}

export function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const message = config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`
  const code = config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED
  return new AxiosError(message, code, config)
}

/** The result of a wait that ended by an abort or by the request's time limit. */
export interface Interrupted {
  readonly type: 'interrupted'
  readonly error: unknown
}

/**
 * Waits for `result`, which never rejects. An abort or the request's time limit ends the wait with axios' own error; the work
 * behind `result` continues.
 */
export function waitWithin<Result>(
  result: Promise<Result>,
  config: InternalAxiosRequestConfig,
  startedAt: number,
  environment: Environment,
): Promise<Result | Interrupted> {
  const { signal, cancelToken } = config
  const left = timeLeft(config, startedAt, environment)
  if (!signal && !cancelToken && left === undefined) return result
  return new Promise((resolve) => {
    const interrupt = (error: unknown): void => finish({ type: 'interrupted', error })
    const onAbort = (): void => interrupt(new CanceledError(undefined, config))
    const cancelTimer =
      left === undefined ? undefined : environment.after(Math.max(0, left), () => interrupt(timeoutError(config)))
    const finish = (outcome: Result | Interrupted): void => {
      cancelTimer?.()
      signal?.removeEventListener?.('abort', onAbort)
      token?.unsubscribe(interrupt)
      resolve(outcome)
    }
    // axios' types omit these functions, which exist since 0.22.
    const token = cancelToken as unknown as
      { subscribe(listener: (reason: unknown) => void): void; unsubscribe(listener: (reason: unknown) => void): void } | undefined
    void result.then(finish)
    if (signal?.aborted) return onAbort()
    signal?.addEventListener?.('abort', onAbort)
    token?.subscribe(interrupt)
  })
}
