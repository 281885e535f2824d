import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi'
import { objectionTo } from './endpoint.js'
import type { GrantSettings } from './options.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** Finds the endpoints. */
export type FindServer = (signal: AbortSignal) => Promise<AuthorizationServer>

function check({ token_endpoint, revocation_endpoint }: AuthorizationServer, allowInsecureHttp: boolean): void {
  if (token_endpoint === undefined)
    throw new TokenEndpointError('The metadata of the issuer name no token_endpoint: pass tokenEndpoint instead.')
  for (const [name, address] of Object.entries({ token_endpoint, revocation_endpoint })) {
    const objection = address === undefined ? undefined : objectionTo(address, allowInsecureHttp)
    if (objection !== undefined) throw new TokenEndpointError(`The metadata of the issuer can't be used: ${name} ${objection}.`)
  }
}

async function discover(
  { fetch, allowInsecureHttp }: GrantSettings,
  issuer: URL,
  signal: AbortSignal,
): Promise<AuthorizationServer> {
  let failure: unknown
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    try {
      // Whether the issuer may be asked over plain http was checked at construction.
      const response = await discoveryRequest(issuer, {
        algorithm,
        signal,
        [customFetch]: fetch as never,
        [allowInsecureRequests]: true,
      })
      const server = await processDiscoveryResponse(issuer, response)
      check(server, allowInsecureHttp)
      return server
    } catch (error) {
      // What is wrong with metadata that were found says more than that there are none elsewhere.
      if (!(failure instanceof TokenEndpointError)) failure = error
    }
  }
  if (failure instanceof TokenEndpointError) throw failure
  throw new TokenEndpointError(
    `The endpoints of the issuer ${issuer.origin} could not be discovered. Is that the issuer's exact name?`,
    { cause: failure },
  )
}

/** Finds the endpoints: given, or discovered once. Concurrent callers share a discovery; a failed one isn't remembered. */
export function serverOf(settings: GrantSettings): FindServer {
  const { place, revocationEndpoint } = settings
  const given = revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }
  if ('tokenEndpoint' in place) {
    const { tokenEndpoint } = place
    // An assertion is meant for the issuer; where none is known, the token endpoint stands for it (RFC 7523 §3).
    return async () => ({ issuer: tokenEndpoint, token_endpoint: tokenEndpoint, ...given })
  }
  let pending: { readonly found: Promise<AuthorizationServer>; readonly signal: AbortSignal } | undefined
  const find: FindServer = async (signal) => {
    const mine = (pending ??= { found: discover(settings, place.issuer, signal), signal })
    try {
      return { ...(await mine.found), ...given }
    } catch (error) {
      if (pending === mine) pending = undefined
      // Whoever began it has left, which is no reason for the others to fail.
      if (mine.signal.aborted && !signal.aborted) return find(signal)
      throw error
    }
  }
  return find
}
