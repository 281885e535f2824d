import { allowInsecureRequests, customFetch, processRevocationResponse, revocationRequest } from 'oauth4webapi'
import type { RevokeFunction } from '../types.js'
import type { GrantSettings } from './options.js'
import type { FindServer } from './server.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** Makes the function that revokes a token set (RFC 7009), the refresh token first: with it many servers revoke the rest. */
export function revoker({ clientId, auth, fetch }: GrantSettings, find: FindServer): RevokeFunction {
  return async ({ refresh_token, access_token }, { signal }) => {
    const server = await find(signal)
    if (server.revocation_endpoint === undefined)
      throw new TokenEndpointError('No revocation endpoint is known: pass revocationEndpoint.')
    for (const [token, token_type_hint] of [
      [refresh_token, 'refresh_token'],
      [access_token, 'access_token'],
    ] as const) {
      if (token === undefined) continue
      try {
        const transport = {
          signal,
          additionalParameters: { token_type_hint },
          [customFetch]: fetch as never,
          [allowInsecureRequests]: true,
        }
        await processRevocationResponse(await revocationRequest(server, { client_id: clientId }, auth, token, transport))
      } catch (cause) {
        throw new TokenEndpointError(`The ${token_type_hint} could not be revoked.`, { cause })
      }
    }
  }
}
