import {
  authorizationCodeGrantRequest,
  clockTolerance,
  None,
  processAuthorizationCodeResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import type { TokenJSON } from '../types.js'
import type { ClientSettings } from './client.js'
import type { PendingSignIn } from './pending.js'
import { responseFailure } from './response-failure.js'
import { transport } from './server.js'
import { SignInError } from './sign-in-error.js'

/** Validates the authorization response (state, issuer) and exchanges its code for tokens (RFC 6749 §4.1.3). */
export async function redeem(
  settings: ClientSettings,
  { server, redirectUri, verifier, nonce }: PendingSignIn,
  response: URLSearchParams,
  state: string,
): Promise<TokenJSON> {
  // ID tokens are valid for minutes, and a computer's clock may be wrong by as much.
  const client = { client_id: settings.clientId, [clockTolerance]: 300 }
  let checked: URLSearchParams
  try {
    checked = validateAuthResponse(server, client, response, state)
  } catch (error) {
    throw responseFailure(error)
  }

  const requestedAt = Date.now()
  let answer: Response
  try {
    answer = await authorizationCodeGrantRequest(server, client, None(), checked, redirectUri, verifier, transport(settings))
  } catch {
    throw new SignInError('SIGN_IN_UNAVAILABLE', 'the token endpoint cannot be reached; it is down or refuses this origin (CORS)')
  }
  let tokens: TokenJSON
  try {
    tokens = await processAuthorizationCodeResponse(server, client, answer, {
      ...(nonce !== undefined && { expectedNonce: nonce, requireIdToken: true }),
    })
  } catch (error) {
    throw responseFailure(error, answer.status)
  }
  // The lifetime counts from the token request, not from the moment in which the session adopts the set.
  return typeof tokens.expires_in === 'number' && tokens.expires_at === undefined
    ? { ...tokens, expires_at: Math.floor(requestedAt / 1000) + tokens.expires_in }
    : tokens
}
