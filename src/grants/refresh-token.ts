import { refreshTokenGrantRequest } from 'oauth4webapi'
import type { RefreshFunction } from '../types.js'
import type { GrantOptions } from './options.js'
import { tokenRequest } from './token-request.js'

/**
 * Refreshes with the refresh token (RFC 6749 §6). Throws a `TypeError` that names the option which is wrong; what it returns rejects with a
 * `TokenEndpointError`.
 *
 * @example
 * attachOAuth(api, store, { refresh: refreshToken({ issuer: 'https://login.example.com', clientId: 'app' }) })
 */
export function refreshToken(options: GrantOptions): RefreshFunction {
  return tokenRequest(options, true, (server, client, auth, additionalParameters, tokens, transport) =>
    refreshTokenGrantRequest(server, client, auth, tokens?.refresh_token ?? '', { ...transport, additionalParameters }),
  )
}
