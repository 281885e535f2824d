import { SignInError, type SignInErrorCode } from './sign-in-error.js'

/** True for statuses and error codes by which a server asks for a later attempt. */
export function isTransient(status: number | undefined, oauthError?: string): boolean {
  return (status ?? 0) >= 500 || status === 429 || /^(server_error|temporarily_unavailable|slow_down)$/.test(oauthError ?? '')
}

function codeOf(status: number | undefined, oauthError: string): SignInErrorCode {
  if (isTransient(status, oauthError)) return 'SIGN_IN_UNAVAILABLE'
  if (oauthError === 'access_denied') return 'SIGN_IN_DENIED'
  // GitHub has an error code of its own.
  if (/^(invalid_grant|bad_verification_code)$/.test(oauthError)) return 'SIGN_IN_CODE_REFUSED'
  // OpenID Connect Core §3.1.2.6
  if (/^(login|interaction|consent|account_selection)_required$/.test(oauthError)) return 'SIGN_IN_INTERACTION_REQUIRED'
  return 'SIGN_IN_MISCONFIGURED'
}

/**
 * Makes the error for an error response (RFC 6749 §4.1.2.1 and §5.2) or a response that failed validation. The library's own
 * error is not kept as a cause, because it holds the response with its code or tokens. Its message is from a fixed list.
 */
export function responseFailure(thrown: unknown, status?: number): SignInError {
  const { error, message } = thrown as { error?: unknown; message?: string }
  const isRefusal = typeof error === 'string' || (status !== undefined && status !== 200)
  if (!isRefusal) return new SignInError('SIGN_IN_RESPONSE_INVALID', `the authorization server's response is invalid: ${message}`)
  const oauthError = String(error ?? '')
  const endpoint = status === undefined ? 'authorization' : 'token'
  return new SignInError(codeOf(status, oauthError), `the ${endpoint} endpoint answered with an error`, { oauthError, status })
}
