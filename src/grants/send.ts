import { unreachable } from './failures.js'
import type { Fetch, FetchInit, Transport } from './fetch.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** Makes a `fetch` for oauth4webapi that adds the signal, applies `prepare`, and turns a failed connection into a typed error. */
export function sendTo(
  endpoint: string,
  { fetch, hint }: Transport,
  signal: AbortSignal,
  prepare: (init: FetchInit) => FetchInit = (init) => init,
): Fetch {
  return async (url, init) => {
    const request = prepare({ ...init, signal })
    try {
      return await fetch(url, request)
    } catch (error) {
      throw error instanceof TokenEndpointError ? error : unreachable(endpoint, error, hint?.(url))
    }
  }
}
