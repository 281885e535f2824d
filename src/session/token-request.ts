import { retryDelay, type Failure, type PolicySettings } from '../policy.js'
import type { Environment } from './environment.js'
import type { InFlightRefresh, TokenAnswer } from './in-flight-refresh.js'
import { withTimeLimit } from './time-limit.js'

export interface TokenRequest {
  /** Calls the refresh function. `sentAt`: the present time. */
  readonly send: (sentAt: number) => Promise<unknown>
  readonly classify: (error: unknown) => Failure
  readonly retry: PolicySettings['retry']
  /** Aborted at the time limit. */
  readonly run: Pick<InFlightRefresh, 'signal' | 'abort'>
  /** `true` when a retry is pointless: the refresh is superseded or the lock is lost. */
  readonly isUnwanted: () => boolean
}

/** Calls the refresh function, and retries if the server provably did not process the request (429, 503, no connection). */
async function sendWithRetries(
  environment: Environment,
  { send, classify, retry, run, isUnwanted }: TokenRequest,
): Promise<TokenAnswer> {
  for (let tries = 1; ; tries++) {
    const sentAt = environment.now()
    try {
      return { response: await send(sentAt), sentAt }
    } catch (error) {
      const delay = retryDelay(classify(error), tries, environment.random(), retry)
      if (delay === undefined || run.signal.aborted) throw error
      await new Promise<void>((resolve, reject) => {
        const cancel = environment.after(delay, resolve)
        run.signal.addEventListener('abort', () => (cancel(), reject(error)))
      })
      if (isUnwanted()) throw error
    }
  }
}

/** Requests tokens within the time limit of the refresh. */
export function requestTokens(environment: Environment, timeout: number, request: TokenRequest): Promise<TokenAnswer> {
  const late = `The refresh took longer than ${timeout} ms. Requests that the refresh function sends with the attached instance need context.signal.`
  return withTimeLimit(environment, timeout, () => sendWithRetries(environment, request), late, request.run)
}
