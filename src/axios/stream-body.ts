import { AxiosError, CanceledError, type InternalAxiosRequestConfig } from 'axios'
import { isStream } from './is-stream.js'
import type { Interrupted } from './deadline.js'

/** A stream of Node. */
interface NodeStream {
  readonly destroyed?: boolean
  readonly errored?: Error | null
  on(event: 'error' | 'close', listener: (error: unknown) => void): unknown
  off(event: 'close', listener: () => void): unknown
}

/**
 * Ends a wait when the body is a Node stream that fails or is closed meanwhile, with the error of axios. Without a listener the
 * error would be uncaught, and a closed stream would keep the request from settling.
 */
export function whileReadable<Result>(
  result: Promise<Result>,
  config: InternalAxiosRequestConfig,
): Promise<Result | Interrupted> {
  const { data } = config as { data?: unknown }
  const stream = data as Partial<NodeStream>
  if (!isStream(data) || typeof stream.on !== 'function' || typeof stream.off !== 'function') return result
  const { on, off } = stream as NodeStream
  return new Promise((resolve) => {
    const interrupt = (error: AxiosError): void => finish({ type: 'interrupted', error })
    const onError = (error: unknown): void =>
      interrupt(AxiosError.from(error instanceof Error ? error : new Error('The request stream has failed'), undefined, config))
    const onClose = (): void => interrupt(new CanceledError('Request stream has been aborted', config))
    const finish = (outcome: Result | Interrupted): void => {
      off.call(data, 'close', onClose)
      resolve(outcome)
    }
    // Stays, for an error after the end of the wait.
    on.call(data, 'error', onError)
    if (stream.errored) return onError(stream.errored)
    if (stream.destroyed) return onClose()
    on.call(data, 'close', onClose)
    void result.then(finish)
  })
}
