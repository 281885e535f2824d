import type { Provided } from './client-authentication.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/**
 * Resolves with the value, or with the function's result. Rejects with a `TokenEndpointError` that names the option when the
 * function fails.
 */
export async function provide<Value>(provided: Provided<Value>, option: string): Promise<Value> {
  if (typeof provided !== 'function') return provided
  try {
    return await (provided as () => Value | PromiseLike<Value>)()
  } catch (cause) {
    throw new TokenEndpointError(`The function ${option} failed; no token request was sent.`, { cause })
  }
}
