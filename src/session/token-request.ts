import { brandAsSafe } from '../errors.js'
import { retryDelay, type Failure, type PolicySettings } from '../policy.js'
import type { Environment } from './environment.js'
import { withTimeLimit } from './time-limit.js'

export interface TokenRequest {
  /** Calls the refresh function. */
  readonly send: () => Promise<unknown>
  readonly classify: (error: unknown) => Failure
  readonly retry: PolicySettings['retry']
  /** Aborted at the time limit. */
  readonly signal: AbortSignal
  /** `true` when a retry is pointless: the refresh is superseded or the lock is lost. */
  readonly isUnwanted: () => boolean
}

/** Calls the refresh function, and retries if the server provably did not process the request (429, 503, no connection). */
async function sendWithRetries(
  environment: Environment,
  { send, classify, retry, signal, isUnwanted }: TokenRequest,
): Promise<{ response: unknown; sentAt: number }> {
  for (let tries = 1; ; tries++) {
    const sentAt = environment.now()
    try {
      return { response: await send(), sentAt }
    } catch (error) {
      const delay = retryDelay(classify(error), tries, environment.random(), retry)
      if (delay === undefined || signal.aborted) throw error
      await new Promise<void>((resolve, reject) => {
        const cancel = environment.after(delay, resolve)
        signal.addEventListener('abort', () => (cancel(), reject(error)))
      })
      if (isUnwanted()) throw error
    }
  }
}

/** Requests tokens within the time limit of the refresh; calls `abort` when the limit is reached. */
export function requestTokens(
  environment: Environment,
  timeout: number,
  abort: (reason: unknown) => void,
  request: TokenRequest,
): Promise<{ response: unknown; sentAt: number }> {
  return withTimeLimit(
    environment,
    timeout,
    () => sendWithRetries(environment, request),
    () => {
      const late = brandAsSafe(
        new Error(
          `The refresh took longer than ${timeout} ms. Requests that the refresh function sends with the attached instance need context.signal.`,
        ),
      )
      abort(late)
      return late
    },
  )
}
