import { processAuthorizationCodeResponse, type AuthorizationServer, type Client } from 'oauth4webapi'
import { needsProof, parseMembers } from '../token-answer.js'
import type { TokenJSON } from '../types.js'
import { responseFailure } from './response-failure.js'
import { SignInError } from './sign-in-error.js'

/** From this value on, `now + expires_in` would read as milliseconds. */
const LONGEST = 1e10

/** Adds the expiry. The lifetime counts from the token request, not from the moment in which the session adopts the set. */
function withExpiry(tokens: TokenJSON, requestedAt: number): TokenJSON {
  const { expires_in, expires_at } = tokens
  const lifetime = /string|number/.test(typeof expires_in) ? Number(expires_in) : 0
  // Without a refresh token, some servers send 0 for a token that does not expire.
  return lifetime > 0 && lifetime < LONGEST && (expires_at ?? undefined) === undefined
    ? { ...tokens, expires_at: Math.floor(requestedAt / 1000) + lifetime }
    : tokens
}

/**
 * Reads the answer to the code (RFC 6749 §5.1, §5.2) as tolerantly as a refresh, and validates the ID token, which is required
 * with a `nonce` (OpenID Connect Core §3.1.3.7). Throws a `SignInError`.
 */
export async function readTokens(
  server: AuthorizationServer,
  client: Client,
  { status, ok }: Response,
  text: string,
  nonce: string | undefined,
  requestedAt: number,
): Promise<TokenJSON> {
  const tokens = parseMembers(text) as TokenJSON | undefined
  const { access_token, id_token, token_type, error } = tokens ?? {}
  if (!ok || (typeof error === 'string' && typeof access_token !== 'string')) throw responseFailure({ error }, status)
  if (!tokens) throw new SignInError('SIGN_IN_RESPONSE_INVALID', 'the token endpoint answered without JSON: is this its address?')
  // The library gets no other members, because it is stricter than the session. It refuses the type `mac`.
  const checked = {
    access_token,
    token_type: needsProof(token_type) ? 'mac' : 'bearer',
    ...(typeof id_token === 'string' && id_token && { id_token }),
  }
  try {
    await processAuthorizationCodeResponse(server, client, new Response(JSON.stringify(checked)), {
      ...(nonce !== undefined && { expectedNonce: nonce, requireIdToken: true }),
    })
  } catch (failure) {
    throw responseFailure(failure)
  }
  return withExpiry(tokens, requestedAt)
}
