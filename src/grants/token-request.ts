import { allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi'
import type { RefreshContext, RefreshFunction, RevokeFunction, TokenResponse, TokenSet } from '../types.js'
import type { GrantOptions } from './options.js'
import { readGrantOptions } from './read-options.js'
import { revoker } from './revocation.js'
import { sendTo } from './send.js'
import { serverOf } from './server.js'
import { TokenEndpointError } from './token-endpoint-error.js'
import { readTokenResponse } from './token-response.js'

/** One way of getting tokens. */
export interface Grant {
  /** The name of the public function, for errors. */
  readonly name: string
  readonly grantType: string
  readonly needsRefreshToken: boolean
}

/** Makes the refresh function of a grant. Throws a `TypeError` that names the invalid option. */
export function tokenRequest({ name, grantType, needsRefreshToken }: Grant, options: GrantOptions): RefreshFunction {
  const settings = readGrantOptions(name, options)
  const find = serverOf(settings)
  const client = { client_id: settings.clientId }

  const refresh = async (tokens: TokenSet | undefined, { signal, reportDate }: RefreshContext): Promise<TokenResponse> => {
    const own = needsRefreshToken ? [['refresh_token', refreshTokenOf(tokens, name)]] : []
    const server = await find(signal)
    const response = await genericTokenEndpointRequest(
      server,
      client,
      settings.authenticate,
      settings.grantType ?? grantType,
      new URLSearchParams([...settings.parameters, ...own] as [string, string][]),
      {
        [customFetch]: sendTo('token endpoint', settings, signal, settings.prepare) as never,
        // The endpoint was checked at construction and after discovery.
        [allowInsecureRequests]: true,
      },
    )
    reportDate(response.headers.get('date'))
    return readTokenResponse(response, signal, settings.adviceOn)
  }
  const revoke: RevokeFunction = revoker(settings, find)
  return Object.assign(refresh, { needsRefreshToken, revoke })
}

function refreshTokenOf(tokens: TokenSet | undefined, name: string): string {
  const token = tokens?.refresh_token
  if (typeof token === 'string' && token !== '') return token
  throw new TokenEndpointError(`${name}: the token set has no refresh token. The scope offline_access may be needed to get one.`)
}
