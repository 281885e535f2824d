import type { RefreshFunction } from '../types.js'
import type { GrantOptions } from './options.js'
import { tokenRequest } from './token-request.js'

/**
 * Refreshes with the refresh token (RFC 6749 §6). Throws a `TypeError` that names the invalid option; the returned function
 * rejects with a `TokenEndpointError`.
 *
 * @example
 * attachOAuth(api, store, { refresh: refreshToken({ issuer: 'https://login.example.com', clientId: 'app' }) })
 */
export function refreshToken(options: GrantOptions): RefreshFunction {
  return tokenRequest({ name: 'refreshToken', grantType: 'refresh_token', needsRefreshToken: true }, options)
}
