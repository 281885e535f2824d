import type { TokenResponse } from '../types.js'
import { TokenEndpointError } from './token-endpoint-error.js'

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * Reads the answer of a token endpoint (RFC 6749 §5.1, §5.2), as leniently as real servers need it. Throws a `TokenEndpointError` that says
 * what was wrong and quotes nothing of the body but a well-formed error code.
 */
export async function readTokenResponse(response: Response): Promise<TokenResponse> {
  const { status } = response
  const retryAfter = response.headers.get('retry-after') ?? undefined
  const fail = (message: string, error?: string): TokenEndpointError =>
    new TokenEndpointError(message, { status, retryAfter, error })
  // A browser shows a redirect that isn't followed as an opaque answer with status 0.
  if (status === 0 || (status >= 300 && status < 400))
    throw fail('The token endpoint redirects, which is not followed: use its final address.')
  const json = parse(await response.text())
  const members = (typeof json === 'object' ? json : null) as Record<string, unknown> | null
  const issued = response.ok && typeof members?.access_token === 'string'
  const code = members?.error
  if (typeof code === 'string' && !issued) {
    const known = /^[\w.-]{1,60}$/.test(code)
    throw fail(
      `The token endpoint answered ${status} with the error ${known ? code : '(unreadable)'}.`,
      known ? code : 'unreadable',
    )
  }
  if (!response.ok) throw fail(`The token endpoint answered ${status} without an OAuth error.`)
  if (!members) throw fail(`The token endpoint answered ${status} without JSON: is this its address?`)
  if (!issued) throw fail(`The token endpoint answered ${status} without an access_token.`)
  return members as TokenResponse
}
