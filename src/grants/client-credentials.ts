import type { RefreshFunction } from '../types.js'
import type { GrantOptions } from './options.js'
import { tokenRequest } from './token-request.js'

/**
 * Gets tokens for the client itself (RFC 6749 §4.4). The store may be empty: the first request gets the first token. A refused
 * client never ends the session. Throws a `TypeError` that names the invalid option; the returned function rejects with a
 * `TokenEndpointError`.
 *
 * @example
 * attachOAuth(api, memoryStore(), { refresh: clientCredentials({ tokenEndpoint, clientId, clientSecret, scope: 'read' }) })
 */
export function clientCredentials(options: GrantOptions): RefreshFunction {
  const refresh = tokenRequest({ name: 'clientCredentials', grantType: 'client_credentials', needsRefreshToken: false }, options)
  return Object.assign(refresh, { neverEnds: true })
}
