import { allowInsecureRequests, customFetch, revocationRequest } from 'oauth4webapi'
import type { RevokeFunction } from '../types.js'
import { discard, readText } from './read-body.js'
import type { GrantSettings } from './read-options.js'
import { sendTo } from './send.js'
import type { FindServer } from './server.js'
import { TokenEndpointError } from './token-endpoint-error.js'
import { parseMembers } from '../token-answer.js'
import { errorCode, isRedirect } from './token-response.js'

/**
 * Makes the function that revokes a token set (RFC 7009), the refresh token first: many servers then also revoke the access
 * token. Tries both tokens, and rejects with the first failure.
 */
export function revoker(settings: GrantSettings, find: FindServer): RevokeFunction {
  const client = { client_id: settings.clientId }
  return async ({ refresh_token, access_token }, { signal }) => {
    const server = await find(signal)
    if (server.revocation_endpoint === undefined)
      throw new TokenEndpointError('No revocation endpoint is known: pass revocationEndpoint.')
    const revokeOne = async (token: string, hint: string): Promise<void> => {
      const response = await revocationRequest(server, client, settings.authenticate, token, {
        additionalParameters: { token_type_hint: hint },
        [customFetch]: sendTo('revocation endpoint', settings, signal, settings.prepare) as never,
        // The endpoint was checked at construction and after discovery.
        [allowInsecureRequests]: true,
      })
      if (response.ok) discard(response)
      else throw await refusal(response, hint, signal)
    }
    const failures: unknown[] = []
    const attempt = (token: string, hint: string): Promise<unknown> =>
      revokeOne(token, hint).catch((error: unknown) => failures.push(error))
    if (refresh_token !== undefined) await attempt(refresh_token, 'refresh_token')
    const isRefreshTokenRevoked = refresh_token !== undefined && failures.length === 0
    if (access_token !== undefined && !(signal.aborted && failures.length > 0)) await attempt(access_token, 'access_token')
    // A server may revoke refresh tokens only (RFC 7009 §2.2.1); the access token then lives until it expires.
    if (isRefreshTokenRevoked && (failures[0] as Partial<TokenEndpointError>)?.error === 'unsupported_token_type') return
    if (failures.length > 0) throw failures[0]
  }
}

async function refusal(response: Response, hint: string, signal: AbortSignal): Promise<TokenEndpointError> {
  const { status } = response
  const retryAfter = response.headers.get('retry-after') ?? undefined
  if (isRedirect(response)) {
    discard(response)
    return new TokenEndpointError(
      `The ${hint} could not be revoked: the revocation endpoint redirects, which is not followed: use its final address.`,
      { status },
    )
  }
  const body = parseMembers(await readText(response, 'revocation endpoint', signal))
  const error = errorCode(body)
  const reason = error === undefined ? '' : ` with the error ${error}`
  const message = `The ${hint} could not be revoked: the revocation endpoint answered ${status}${reason}.`
  return new TokenEndpointError(message, { status, retryAfter, error, body })
}
