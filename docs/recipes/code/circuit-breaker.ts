import { isAxiosError, type AxiosInstance } from 'axios'
import { isOAuthError } from 'axios-attach-oauth'
import {
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel'

/**
 * Counts failures that waiting can fix. An ended session or a wrong setting must
 * not open the circuit for other users.
 */
const isOutage = (error: Error): boolean =>
  isOAuthError(error)
    ? error.retryable
    : isAxiosError(error) && (error.response?.status ?? 500) >= 500

export const createBreaker = (): CircuitBreakerPolicy =>
  circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: 10_000,
    breaker: new ConsecutiveBreaker(5),
  })

export const getThrough = async <Data>(
  breaker: CircuitBreakerPolicy,
  api: AxiosInstance,
  path: string,
): Promise<Data> =>
  (await breaker.execute(({ signal }) => api.get<Data>(path, { signal }))).data
