import type { Provided } from './client-authentication.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/**
 * Resolves with the checked value, or with the checked result of the function. `check` throws a `TypeError`. Rejects with a
 * `TokenEndpointError` that names the option when the function fails or its result is invalid.
 */
export async function provide<Value, Checked>(
  provided: Provided<Value>,
  option: string,
  check: (given: unknown) => Checked,
): Promise<Checked> {
  let given: unknown = provided
  try {
    if (typeof provided === 'function') given = await (provided as () => Value | PromiseLike<Value>)()
  } catch (cause) {
    throw new TokenEndpointError(`The function ${option} failed; no token request was sent.`, { cause })
  }
  try {
    return check(given)
  } catch (error) {
    throw new TokenEndpointError((error as TypeError).message, { isMisconfigured: true })
  }
}
