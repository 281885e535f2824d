import { OAuthError } from '../errors.js'
import type { TokenJSON } from '../types.js'
import { isObject } from './members.js'

/**
 * Decodes the claims of an OpenID Connect ID token for display. Decoding is not verifying: anyone who can change the token can
 * change the result. Throws an `OAuthError` with the code `OAUTH_TOKEN_INVALID` when `idToken` is not a JSON Web Token (RFC
 * 7519).
 *
 * @example
 * const { name } = decodeIdToken(tokens.id_token)
 */
export function decodeIdToken(idToken: string): Record<string, unknown> {
  try {
    const payload = idToken.split('.')[1] ?? ''
    // `decodeURIComponent` rejects invalid UTF-8, and React Native has no `TextDecoder`.
    const escaped = atob(payload.replace(/-/g, '+').replace(/_/g, '/')).replace(
      /[^]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
    const claims: unknown = JSON.parse(decodeURIComponent(escaped))
    if (isObject(claims)) return claims
  } catch {
    // The error below does not quote the token.
  }
  throw new OAuthError('OAUTH_TOKEN_INVALID', 'The id_token is not a JSON Web Token.')
}

/**
 * Identifies the user of a token set by `iss` and `sub` of its ID token, which is decoded but not verified. Returns `undefined`
 * when the ID token does not name a user. Never throws.
 */
export function userOf(tokens: TokenJSON | undefined): string | undefined {
  try {
    const { iss, sub } = decodeIdToken(tokens?.id_token as string)
    return typeof iss === 'string' && typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined
  } catch {
    return undefined
  }
}
