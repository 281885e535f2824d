import { networkCode } from '../reduce-cause.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** The error of a request that got no answer or an incomplete one. */
export function unreachable(endpoint: string, cause: unknown, hint?: string): TokenEndpointError {
  const code = networkCode(cause)
  const reason = code === undefined ? '' : ` (${code})`
  const message = `The ${endpoint} could not be reached, or the connection broke${reason}.`
  return new TokenEndpointError(hint === undefined ? message : `${message} ${hint}`, { cause })
}

/** The error of an answer whose body exceeds the limit. */
export function tooLarge(endpoint: string, status?: number): TokenEndpointError {
  return new TokenEndpointError(`The ${endpoint} sent more than 1 MB; the rest of the answer was not read.`, { status })
}
