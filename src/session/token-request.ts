import { OAuthError, isOAuthError, type OAuthErrorCode } from '../errors.js'
import { classifyFailure, retryDelay, type FailureKind, type PolicySettings } from '../policy.js'
import type { RefreshContext, RefreshFunction, TokenSet } from '../types.js'
import type { Environment } from './environment.js'
import { withTimeLimit } from './time-limit.js'

const codes: Record<FailureKind, OAuthErrorCode> = {
  terminal: 'OAUTH_INVALID_GRANT',
  misconfigured: 'OAUTH_CLIENT_REFUSED',
  transient: 'OAUTH_REFRESH_UNAVAILABLE',
}

const explanations: Record<FailureKind, string> = {
  terminal: 'The token endpoint has refused the grant for good. Sign in again.',
  misconfigured:
    'The token endpoint has refused the client or the request: check the settings of the client. The tokens were kept.',
  transient: 'No usable answer from the token endpoint. The tokens were kept; try again later.',
}

/** Makes the typed error of a failed refresh. */
export function refreshError(error: unknown, now: number): OAuthError {
  if (isOAuthError(error)) return error
  const { kind } = classifyFailure(error, now)
  return new OAuthError(codes[kind], explanations[kind], { cause: error })
}

/**
 * Calls the refresh function, again where the server has provably not processed the request. Resolves with what it answered and when
 * that request was sent. `wanted` is asked before another try. `now` is the time by the token endpoint's clock, which the date of a `Retry-After`
 * is written by.
 */
export async function requestTokens(
  environment: Environment,
  refresh: RefreshFunction,
  tokens: TokenSet | undefined,
  context: RefreshContext,
  retries: PolicySettings['retries'],
  wanted: () => boolean,
  now: () => number,
): Promise<{ response: unknown; sentAt: number }> {
  for (let tries = 1; ; tries++) {
    const sentAt = environment.now()
    try {
      const response: unknown = await refresh(tokens, context)
      // Some servers answer 200 with an error in the body; it means what it says.
      if (typeof response === 'object' && response !== null && 'error' in response && !('access_token' in response))
        throw response
      return { response, sentAt }
    } catch (error) {
      const delay = retryDelay(classifyFailure(error, now()), tries, environment.random(), retries)
      if (delay === undefined || context.signal.aborted) throw error
      await new Promise<void>((resolve, reject) => {
        const cancel = environment.after(delay, resolve)
        context.signal.addEventListener('abort', () => (cancel(), reject(error)))
      })
      if (!wanted()) throw error
    }
  }
}

/** The same within a time limit, after which the signal is aborted. */
export function requestTokensWithin(
  ms: number,
  abort: (reason: unknown) => void,
  ...[environment, ...request]: Parameters<typeof requestTokens>
): ReturnType<typeof requestTokens> {
  return withTimeLimit(
    environment,
    ms,
    () => requestTokens(environment, ...request),
    () => {
      const late = new Error(`The refresh took longer than ${ms} ms`)
      abort(late)
      return late
    },
  )
}
