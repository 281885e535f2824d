import { randomUUID } from 'node:crypto'
import type { TokenJSON } from '../../../src/index.js'
import { json, type Answer } from './faults.js'
import { startServer, type Entry, type FaultyServer } from './server.js'

export type IssuedTokens = TokenJSON & { access_token: string; refresh_token: string }

/** The tokens of one sign-in: one refresh token that is good, those that are spent, and the access tokens. */
interface RotationChain {
  present: string | undefined
  readonly spent: Set<string>
  readonly access: Set<string>
}

interface Grant {
  /** The refresh token that was presented. */
  readonly refreshToken: string
}

export interface AuthorizationServer extends FaultyServer<Entry & Grant> {
  readonly tokenEndpoint: string
  /** Seconds that the next tokens live. */
  expiresIn: number
  /** The time of both servers, in epoch milliseconds. */
  now: () => number
  readonly counts: { refreshGrants: number; reused: number }
  /** A first token set, of a chain of its own. */
  signIn(): IssuedTokens
  accepts(accessToken: string): boolean
  revokeAccessTokens(): void
}

/** Rotates refresh tokens, and revokes the chain when one comes again (RFC 9700 §4.14.2). */
export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const chains: RotationChain[] = []
  const expiries = new Map<string, number>()
  const counts = { refreshGrants: 0, reused: 0 }

  function issue(chain: RotationChain): IssuedTokens {
    const access_token = `at-${randomUUID()}`
    const refresh_token = `rt-${randomUUID()}`
    expiries.set(access_token, own.now() + own.expiresIn * 1000)
    chain.present = refresh_token
    chain.access.add(access_token)
    return { access_token, refresh_token, token_type: 'Bearer', expires_in: own.expiresIn, scope: 'read' }
  }

  function process({ refreshToken }: Grant): Answer {
    counts.refreshGrants++
    const chain = chains.find(({ present, spent }) => present === refreshToken || spent.has(refreshToken))
    if (chain?.spent.has(refreshToken)) {
      counts.reused++
      chain.present = undefined
      for (const token of chain.access) expiries.delete(token)
    }
    if (chain?.present !== refreshToken) return json(400, { error: 'invalid_grant' })
    chain.spent.add(refreshToken)
    return json(200, issue(chain))
  }

  const server = await startServer<Grant>(process, ({ body }) => ({
    refreshToken: new URLSearchParams(body.toString()).get('refresh_token') ?? '',
  }))
  const own = { expiresIn: 3600, now: (): number => Date.now() }
  return Object.assign(own, server, {
    tokenEndpoint: `${server.url}/token`,
    counts,
    signIn(): IssuedTokens {
      const chain: RotationChain = { present: undefined, spent: new Set(), access: new Set() }
      chains.push(chain)
      return issue(chain)
    },
    accepts: (accessToken: string) => own.now() < (expiries.get(accessToken) ?? -Infinity),
    revokeAccessTokens: () => expiries.clear(),
  })
}
