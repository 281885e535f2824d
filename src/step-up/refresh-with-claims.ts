import type { StepUp } from '../axios/options.js'
import { safeError } from '../errors.js'
import { classifyFailure } from '../policy.js'
import type { RefreshResult } from '../session/in-flight-refresh.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import { decodeIdToken } from '../tokens.js'
import type { RefreshFunction } from '../types.js'

/** The options of `attachOAuth` that `refreshWithClaims` returns. */
export interface ClaimsOptions {
  readonly refresh: RefreshFunction
  readonly stepUp: StepUp
}

/** The claims for the next refresh of one access token. */
interface Demand {
  readonly claims: string
  /** A refresh has carried them. */
  isSent: boolean
  /** The token endpoint has refused them. */
  isRefused: boolean
}

/** Attempts at a demand: a second is needed when a refresh without the claims was under way. */
const ATTEMPTS = 2

/** The claims of a challenge as JSON text. Microsoft's servers send base64url; `undefined` when the text is neither. */
function readClaims(text = ''): string | undefined {
  if (/^\s*\{/.test(text)) return text
  try {
    return JSON.stringify(decodeIdToken(`.${text}`))
  } catch {
    return undefined
  }
}

/**
 * Answers a claims challenge (`insufficient_claims`, as sent by Microsoft Graph, or `invalid_token` with claims, as sent by Azure
 * Resource Manager) with a refresh that carries the parameter `claims`, without prompting the user. `create` makes the refresh function, either for `claims` (JSON text) or, without an
 * argument, for ordinary refreshes. The session runs both kinds, so that no refresh token is sent twice. When the token endpoint
 * refuses the claims, and for challenges without claims, `ask` is called, typically `stepUp(handler)`; without `ask` the request
 * rejects with `OAUTH_STEP_UP_REQUIRED`.
 *
 * Returns the options `refresh` and `stepUp`. Throws a `TypeError` when `create` does not return a function or `ask` is not one.
 *
 * @example
 * const create = (claims?: string) => refreshToken({ tokenEndpoint, clientId, ...(claims && { parameters: { claims } }) })
 * attachOAuth(api, store, refreshWithClaims(create, stepUp(({ claims }) => signInAgain({ claims }))))
 */
export function refreshWithClaims(create: (claims?: string) => RefreshFunction, ask?: StepUp): ClaimsOptions {
  const plain = typeof create === 'function' ? create() : undefined
  if (typeof plain !== 'function') throw new TypeError('refreshWithClaims: create must be a function (claims) → refresh function')
  if (ask !== undefined && ask?.option !== 'stepUp')
    throw new TypeError('refreshWithClaims: ask must be the result of the function stepUp(…)')

  /** Demands by the access token to be refreshed. */
  const demands = new Map<string, Demand>()
  const met = new WeakMap<ActiveToken, string>()

  const refresh: RefreshFunction = async (tokens, context) => {
    const demand = demands.get(tokens?.access_token ?? '')
    if (!demand) return plain(tokens, context)
    demand.isSent = true
    try {
      return await create(demand.claims)(tokens, context)
    } catch (error) {
      if (classifyFailure(error, Date.now()).kind === 'transient') throw error
      demand.isRefused = true
      // Refused claims do not mean that the session has ended.
      throw safeError('The token endpoint refuses the claims')
    }
  }

  /** Refreshes with the claims; `undefined` when the user has to be prompted. */
  async function renew(
    provider: Pick<TokenProvider, 'getTokenAfter401'>,
    token: ActiveToken,
    claims: string,
  ): Promise<RefreshResult | undefined> {
    let present = token
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const key = present.accessToken ?? ''
      const known = demands.get(key)
      const demand: Demand = known?.claims === claims ? known : { claims, isSent: false, isRefused: false }
      demands.set(key, demand)
      const result = await provider.getTokenAfter401(present)
      if (demands.get(key) === demand) demands.delete(key)
      if (result.type === 'failed') return demand.isSent && !demand.isRefused ? result : undefined
      if (result.type === 'rejected') return result
      if (demand.isSent) met.set(result.token, claims)
      if (met.get(result.token) === claims) return result
      present = result.token
    }
    return undefined
  }

  const { needsRefreshToken } = plain

  async function meet(...[provider, token, challenge]: Parameters<StepUp>): Promise<RefreshResult> {
    const claims = readClaims(challenge.parameters.claims)
    if (token && claims === undefined && challenge.parameters.error === 'invalid_token') return provider.getTokenAfter401(token)
    const canRefresh = token && !(needsRefreshToken && token.record.parsed.refreshToken === undefined)
    const result = canRefresh && claims !== undefined ? await renew(provider, token, claims) : undefined
    if (result) return result
    if (!ask) throw safeError('A refresh does not meet the challenge, and no handler asks the user')
    const answer = await ask(provider, token, challenge)
    // A request that is refused later, with the token from before the prompt, needs no refresh.
    if (claims !== undefined && answer.type === 'token') met.set(answer.token, claims)
    return answer
  }

  return {
    // With its properties, such as needsRefreshToken and revoke.
    refresh: Object.assign(refresh, plain),
    stepUp: Object.assign(meet, { option: 'stepUp', meetsClaims: true } as const),
  }
}
