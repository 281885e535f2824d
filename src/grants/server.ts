import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi'
import type { GrantSettings } from './options.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** Where the endpoints are. */
export interface Endpoints {
  readonly server: AuthorizationServer
  readonly revocable: boolean
}

async function discover({ fetch, check }: GrantSettings, issuer: URL, signal: AbortSignal): Promise<AuthorizationServer> {
  let failure: unknown
  for (const algorithm of ['oidc', 'oauth2'] as const) {
    try {
      // Which addresses may be asked was checked at construction.
      const response = await discoveryRequest(issuer, {
        algorithm,
        signal,
        [customFetch]: fetch as never,
        [allowInsecureRequests]: true,
      })
      const server = await processDiscoveryResponse(issuer, response)
      if (server.token_endpoint === undefined)
        throw new TokenEndpointError('The metadata of the issuer name no token_endpoint: pass tokenEndpoint instead.')
      check(server.token_endpoint, 'token_endpoint')
      if (server.revocation_endpoint !== undefined) check(server.revocation_endpoint, 'revocation_endpoint')
      return server
    } catch (error) {
      failure = error
    }
  }
  throw new TokenEndpointError(
    `The endpoints of the issuer ${issuer.origin} could not be discovered. Is that the issuer's exact name?`,
    { cause: failure },
  )
}

/** Finds the endpoints: given, or discovered once. Concurrent callers share a discovery; a failed one isn't remembered. */
export function endpointsOf(settings: GrantSettings): (signal: AbortSignal) => Promise<Endpoints> {
  const { issuer, tokenEndpoint, revocationEndpoint } = settings
  let pending: Promise<AuthorizationServer> | undefined

  return async (signal) => {
    if (!issuer) {
      const server = {
        issuer: new URL(tokenEndpoint ?? '').origin,
        token_endpoint: tokenEndpoint ?? '',
        ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
      }
      return { server, revocable: revocationEndpoint !== undefined }
    }
    const mine = (pending ??= discover(settings, issuer, signal))
    try {
      const found = await mine
      const server = { ...found, ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }) }
      return { server, revocable: server.revocation_endpoint !== undefined }
    } catch (error) {
      if (pending === mine) pending = undefined
      throw error
    }
  }
}
