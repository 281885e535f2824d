import { AxiosError, CanceledError, type InternalAxiosRequestConfig } from 'axios'
import type { Environment } from '../session/environment.js'

/** How much of the request's `timeout` is left, in milliseconds; `undefined` when it has none. */
export function timeLeft(config: InternalAxiosRequestConfig, startedAt: number, environment: Environment): number | undefined {
  const { timeout } = config
  // Whole ones: adapters take a part of one for no limit at all.
  return timeout ? Math.ceil(timeout - (environment.monotonic() - startedAt)) : undefined
}

export function timeoutError(config: InternalAxiosRequestConfig): AxiosError {
  const message = config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`
  const code = config.transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED
  return new AxiosError(message, code, config)
}

/**
 * Waits for `promise` as long as the caller does: an abort and the request's own time limit end the waiting at once, with the errors that
 * axios itself would give. What is waited for goes on.
 */
export function waitWithin<Result>(
  promise: Promise<Result>,
  config: InternalAxiosRequestConfig,
  startedAt: number,
  environment: Environment,
): Promise<Result> {
  const { signal, cancelToken } = config
  const left = timeLeft(config, startedAt, environment)
  if (!signal && !cancelToken && left === undefined) return promise
  return new Promise<Result>((resolve, reject) => {
    const onAbort = (): void => finish(() => reject(new CanceledError(undefined, config)))
    const onCancel = (reason: unknown): void => finish(() => reject(reason))
    const cancelTimer =
      left === undefined ? undefined : environment.after(Math.max(0, left), () => finish(() => reject(timeoutError(config))))
    const finish = (settle: () => void): void => {
      cancelTimer?.()
      signal?.removeEventListener?.('abort', onAbort)
      token?.unsubscribe(onCancel)
      settle()
    }
    // Their types leave out what has been there since 0.22.
    const token = cancelToken as unknown as
      { subscribe(listener: (reason: unknown) => void): void; unsubscribe(listener: (reason: unknown) => void): void } | undefined
    promise.then(
      (result) => finish(() => resolve(result)),
      (error: unknown) => finish(() => reject(error)),
    )
    if (signal?.aborted) return onAbort()
    signal?.addEventListener?.('abort', onAbort)
    token?.subscribe(onCancel)
  })
}
