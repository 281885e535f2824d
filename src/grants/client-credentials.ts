import { clientCredentialsGrantRequest } from 'oauth4webapi'
import type { RefreshFunction } from '../types.js'
import type { GrantOptions } from './options.js'
import { tokenRequest } from './token-request.js'

/**
 * Gets tokens on the client's own behalf (RFC 6749 §4.4), from an empty store too: the first request gets the first token. Throws a `TypeError`
 * that names the option which is wrong; what it returns rejects with a `TokenEndpointError`.
 *
 * @example
 * attachOAuth(api, memoryStore(), { refresh: clientCredentials({ tokenEndpoint, clientId, clientSecret, scope: 'read' }) })
 */
export function clientCredentials(options: GrantOptions): RefreshFunction {
  return tokenRequest(options, false, (server, client, auth, parameters, _tokens, transport) =>
    clientCredentialsGrantRequest(server, client, auth, parameters, transport),
  )
}
