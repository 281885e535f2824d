import type { RefreshFunction, TokenResponse } from '../../src/index.js'
import { startAuthorizationServer, type AuthorizationServer, type IssuedTokens } from './world/authorization-server.js'
import { startResourceServer, type ResourceServer, type Seen } from './world/resource-server.js'

export { json, lost, silent, type Answer, type Cut, type Fault, type Received } from './world/faults.js'
export { listen } from './world/server.js'

export interface World {
  api: string
  tokenEndpoint: string
  /** A first token set, as the authorization server has issued it. */
  tokens: IssuedTokens
  refresh: RefreshFunction
  /** What the servers have counted. */
  readonly counts: { refreshGrants: number; reused: number; requests: number; rejected: number; served: number }
  /** The log of the resource server. */
  readonly seen: readonly Seen[]
  /** Makes the resource server refuse every access token that was issued so far. */
  revokeAccessTokens(): void
  readonly token: AuthorizationServer
  readonly resource: ResourceServer
  close(): Promise<void>
}

/** An authorization server that rotates refresh tokens and notices their reuse, and a resource server that asks it; both with faults to order. */
export async function startWorld(): Promise<World> {
  const token = await startAuthorizationServer()
  const resource = await startResourceServer(token.accepts)
  const { tokenEndpoint } = token
  return {
    api: resource.url,
    tokenEndpoint,
    tokens: token.signIn(),
    async refresh(tokens, { signal }) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens?.refresh_token ?? '' })
      const response = await fetch(tokenEndpoint, { method: 'POST', body, signal })
      const answer = (await response.json()) as TokenResponse
      if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, ...answer })
      return answer
    },
    get counts() {
      const requests = resource.log.length
      const served = resource.log.filter(({ status }) => status === 200).length
      return { ...token.counts, requests, served, rejected: requests - served }
    },
    seen: resource.log,
    revokeAccessTokens: token.revokeAccessTokens,
    token,
    resource,
    async close() {
      await Promise.all([token.close(), resource.close()])
    },
  }
}
