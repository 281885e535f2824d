import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi'
import type { ClientSettings } from './client.js'
import { isTransient } from './response-failure.js'
import { SignInError } from './sign-in-error.js'

/**
 * Options of each request to the authorization server. Its URLs have already been checked, so the library's own http check is
 * switched off.
 */
export function transport({ fetch }: ClientSettings): object {
  return {
    signal: AbortSignal.timeout(30_000),
    [allowInsecureRequests]: true,
    ...(fetch && { [customFetch]: fetch }),
  }
}

/** Throws unless every endpoint of the metadata may receive codes and tokens. */
function check(server: AuthorizationServer, { isSecure }: ClientSettings): AuthorizationServer {
  for (const name of ['authorization_endpoint', 'token_endpoint', 'end_session_endpoint'] as const) {
    const endpoint = server[name]
    if (endpoint !== undefined && !(URL.canParse(endpoint) && isSecure(new URL(endpoint))))
      throw new SignInError('SIGN_IN_MISCONFIGURED', `the issuer's ${name} must be an https URL`)
  }
  return server
}

async function discover(settings: ClientSettings): Promise<AuthorizationServer> {
  const { issuer } = settings
  const request = (algorithm: 'oidc' | 'oauth2'): Promise<Response> =>
    discoveryRequest(issuer, { algorithm, ...transport(settings) })
  let status: number | undefined
  try {
    let response = await request('oidc')
    // OAuth servers without OpenID Connect publish the document of RFC 8414 only.
    if (response.status >= 400 && response.status < 500) response = await request('oauth2')
    status = response.status
    return await processDiscoveryResponse(issuer, response)
  } catch (cause) {
    if (status === undefined || isTransient(status))
      throw new SignInError('SIGN_IN_UNAVAILABLE', `${issuer} cannot be reached; it is down or refuses this origin (CORS)`, {
        status,
        cause,
      })
    const isOther = (cause as { code?: unknown }).code === JSON_ATTRIBUTE_COMPARISON
    const reason = isOther ? 'has metadata of another issuer' : 'has no metadata'
    throw new SignInError('SIGN_IN_MISCONFIGURED', `${issuer} ${reason}; is it the exact issuer identifier?`, { status })
  }
}

const discovered = new Map<string, Promise<AuthorizationServer>>()

/** The given metadata of the server, or the metadata discovered once per page. A failed discovery is not cached. */
export async function findServer(settings: ClientSettings): Promise<AuthorizationServer> {
  const { issuer, issuerIdentifier, metadata } = settings
  if (metadata) return check({ ...(metadata as object), issuer: issuerIdentifier }, settings)
  const found = discovered.get(issuer.href) ?? discover(settings)
  discovered.set(issuer.href, found)
  try {
    return check(await found, settings)
  } catch (error) {
    if (discovered.get(issuer.href) === found) discovered.delete(issuer.href)
    throw error
  }
}
