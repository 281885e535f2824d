import { allowInsecureRequests, customFetch, type AuthorizationServer, type Client, type ClientAuth } from 'oauth4webapi'
import type { RefreshContext, RefreshFunction, RevokeFunction, TokenResponse, TokenSet } from '../types.js'
import { readGrantOptions, type GrantOptions } from './options.js'
import { revoker } from './revocation.js'
import { serverOf } from './server.js'
import { TokenEndpointError } from './token-endpoint-error.js'
import { readTokenResponse } from './token-response.js'

/** What a grant sends: one of oauth4webapi's request functions, with its arguments but for these. */
export type Send = (
  server: AuthorizationServer,
  client: Client,
  auth: ClientAuth,
  parameters: URLSearchParams,
  tokens: TokenSet | undefined,
  transport: object,
) => Promise<Response>

/** Makes a refresh function out of the request that a grant sends. Throws a `TypeError` that names the option which is wrong. */
export function tokenRequest(options: GrantOptions, needsRefreshToken: boolean, send: Send): RefreshFunction {
  const settings = readGrantOptions(options)
  const find = serverOf(settings)
  const client = { client_id: settings.clientId }

  const refresh = async (tokens: TokenSet | undefined, { signal, reportDate }: RefreshContext): Promise<TokenResponse> => {
    const server = await find(signal)
    const parameters = new URLSearchParams(settings.parameters.map(([name, value]) => [name, value]))
    const transport = { signal, [customFetch]: settings.fetch, [allowInsecureRequests]: true }
    let response: Response
    try {
      response = await send(server, client, settings.auth, parameters, tokens, transport)
      reportDate(response.headers.get('date'))
      return await readTokenResponse(response)
    } catch (error) {
      if (error instanceof TokenEndpointError) throw error
      throw new TokenEndpointError('The token endpoint could not be reached, or the connection broke.', { cause: error })
    }
  }
  const revoke: RevokeFunction = revoker(settings, find)
  return Object.assign(refresh, { needsRefreshToken, revoke })
}
