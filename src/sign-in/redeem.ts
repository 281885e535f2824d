import { authorizationCodeGrantRequest, clockTolerance, None, validateAuthResponse } from 'oauth4webapi'
import type { TokenJSON } from '../types.js'
import type { ClientSettings } from './client.js'
import type { PendingSignIn } from './pending.js'
import { responseFailure } from './response-failure.js'
import { transport } from './server.js'
import { SignInError } from './sign-in-error.js'
import { readTokens } from './token-response.js'

/** Validates the authorization response (state, issuer) and exchanges its code for tokens (RFC 6749 §4.1.3). */
export async function redeem(
  settings: ClientSettings,
  { server, redirectUri, verifier, nonce }: PendingSignIn,
  response: URLSearchParams,
  state: string,
): Promise<TokenJSON> {
  // ID tokens are valid for minutes, and a computer's clock may be wrong by as much.
  const client = { client_id: settings.clientId, [clockTolerance]: 300 }
  const send = settings.fetch ?? globalThis.fetch
  let requestedAt = 0
  const sending = transport({
    ...settings,
    fetch: (...request) => {
      requestedAt = Date.now()
      return send(...request)
    },
  })
  let answer: Response
  let text: string
  try {
    const checked = validateAuthResponse(server, client, response, state)
    answer = await authorizationCodeGrantRequest(server, client, None(), checked, redirectUri, verifier, sending)
    text = await answer.text()
  } catch (cause) {
    if (requestedAt === 0) throw responseFailure(cause)
    const message = 'the token endpoint cannot be reached; it is down or refuses this origin (CORS)'
    throw new SignInError('SIGN_IN_UNAVAILABLE', message, { cause })
  }
  return readTokens(server, client, answer, text, nonce, requestedAt)
}
