import { parseMembers, type Members } from '../token-answer.js'
import type { TokenResponse } from '../types.js'
import { discard, readText } from './read-body.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** The error code of an answer (RFC 6749 §5.2), if it is fit for a message. */
export function errorCode({ error }: Members = {}): string | undefined {
  return typeof error === 'string' && /^[\w.-]{1,64}$/.test(error) ? error : undefined
}

/** A browser shows a redirect that it does not follow as an opaque answer with status 0. */
export const isRedirect = ({ status }: Response): boolean => status === 0 || (status >= 300 && status < 400)

/**
 * Reads the answer of a token endpoint (RFC 6749 §5.1, §5.2). Rejects with a `TokenEndpointError` whose message quotes only a
 * well-formed error code from the body. `adviceOn` returns a sentence about an error code.
 */
export async function readTokenResponse(
  response: Response,
  signal: AbortSignal,
  adviceOn: (error: string) => string | undefined,
): Promise<TokenResponse> {
  const { status, ok, headers } = response
  const retryAfter = headers.get('retry-after') ?? undefined
  if (isRedirect(response)) {
    discard(response)
    const message = 'The token endpoint redirects, which is not followed: use its final address.'
    // A server in maintenance may redirect, too, and says when to retry.
    throw new TokenEndpointError(message, { status, retryAfter, headers, isMisconfigured: retryAfter === undefined })
  }
  const text = await readText(response, 'token endpoint', signal)
  const members = parseMembers(text)
  const fail = (message: string, error?: string): TokenEndpointError =>
    new TokenEndpointError(`The token endpoint answered ${status} ${message}`, {
      status,
      retryAfter,
      headers,
      error,
      body: members ?? text,
    })

  const hasToken = typeof members?.access_token === 'string'
  if (typeof members?.error === 'string' && !(ok && hasToken)) {
    const error = errorCode(members)
    if (error === undefined) throw fail('with an error code that is not well-formed.')
    const advice = adviceOn(error)
    throw fail(advice === undefined ? `with the error ${error}.` : `with the error ${error}. ${advice}`, error)
  }
  if (!ok) throw fail('without an OAuth error.')
  if (!members) throw fail('without JSON: is this its address?')
  // A new refresh token must reach the session even if the rest of the answer is unusable.
  if (!hasToken && typeof members.refresh_token !== 'string') throw fail('without an access_token.')
  return members as TokenResponse
}
