import { reduceCause } from '../reduce-cause.js'

const messages = {
  SIGN_IN_DENIED: 'Sign-in was cancelled or not allowed.',
  SIGN_IN_STALE: 'This sign-in is out of date. Please sign in again.',
  SIGN_IN_LOST: 'This browser did not start this sign-in. Please sign in again.',
  SIGN_IN_STATE_MISMATCH: 'This sign-in could not be verified. Please sign in again.',
  SIGN_IN_INTERACTION_REQUIRED: 'Please sign in.',
  SIGN_IN_RESPONSE_INVALID: 'This sign-in could not be verified. Please sign in again.',
  SIGN_IN_CODE_REFUSED: 'This sign-in is out of date. Please sign in again.',
  SIGN_IN_UNAVAILABLE: 'Sign-in is not available. Please try again later.',
  SIGN_IN_MISCONFIGURED: 'Sign-in is not set up correctly. Please contact support.',
  SIGN_IN_STORAGE_UNAVAILABLE: 'Please allow this site to store data, then sign in again.',
} as const

/**
 * The stable codes of a failed sign-in.
 *
 * | code | cause |
 * |---|---|
 * | `SIGN_IN_DENIED` | the authorization server answered `access_denied` (RFC 6749 §4.1.2.1) |
 * | `SIGN_IN_STALE` | the authorization response was used before, or the sign-in began too long ago |
 * | `SIGN_IN_LOST` | the code verifier is gone: storage was cleared, another browser started the sign-in, or the link is forged |
 * | `SIGN_IN_STATE_MISMATCH` | the response has no `state` while a sign-in waits for one, or more than one |
 * | `SIGN_IN_INTERACTION_REQUIRED` | `prompt: 'none'` found no session at the authorization server (`login_required` and similar) |
 * | `SIGN_IN_RESPONSE_INVALID` | the authorization response (RFC 9207), the token response or the ID token (OpenID Connect Core §3.1.3.7) is not valid |
 * | `SIGN_IN_CODE_REFUSED` | the token endpoint answered `invalid_grant` to the authorization code |
 * | `SIGN_IN_UNAVAILABLE` | no usable answer from the authorization server; the only code that is `retryable` |
 * | `SIGN_IN_MISCONFIGURED` | a setting of the client or of the server is wrong |
 * | `SIGN_IN_STORAGE_UNAVAILABLE` | the browser refused access to the code verifier |
 */
export type SignInErrorCode = keyof typeof messages

/** Details of a failed sign-in. */
export interface SignInFailure {
  /** The error code of the response (RFC 6749 §4.1.2.1 and §5.2). Dropped when it is not a plain name. */
  readonly oauthError?: string | undefined
  /** The HTTP status of the token or metadata response. */
  readonly status?: number | undefined
  /** The failure of the request. Only its name, code, status and system call are kept. */
  readonly cause?: unknown
}

// Registered, so that two copies of the package in one page recognise each other's errors.
const brand = Symbol.for('axios-attach-oauth.sign-in-error')

/**
 * A failed sign-in. `userMessage` is a sentence for the user, `message` one for the developer; neither contains a code, token or verifier.
 *
 * @example
 * try {
 *   await finishSignIn(client, session)
 * } catch (error) {
 *   if (!isSignInError(error)) throw error
 *   showNotice(error.userMessage, { retry: error.retryable })
 * }
 */
export class SignInError extends Error {
  /** Stable across releases. */
  declare readonly code: SignInErrorCode
  /** An English sentence for the user. Translate by `code`. */
  declare readonly userMessage: string
  /**
   * True when a later `startSignIn` can succeed without a change of settings or a decision by the user. A later `finishSignIn` for
   * this authorization response can not.
   */
  declare readonly retryable: boolean
  /** The OAuth error code of the server, if there was one. */
  declare readonly oauthError?: string
  /** The HTTP status of the token or metadata response, if there was one. */
  declare readonly status?: number

  constructor(code: SignInErrorCode, message: string, { oauthError, status, cause }: SignInFailure = {}) {
    const named = oauthError && /^[\w.-]{1,64}$/.test(oauthError) ? oauthError : undefined
    super(
      `${(named ? `${message}: ${named}` : message).replace(/[^.?!]$/, '$&.')} See docs/errors.md#errors-of-the-sign-in`,
      cause === undefined ? undefined : { cause: reduceCause(cause) },
    )
    this.code = code
    this.userMessage = messages[code]
    this.retryable = code === 'SIGN_IN_UNAVAILABLE'
    if (named) this.oauthError = named
    if (status) this.status = status
  }
}
Object.defineProperty(SignInError.prototype, 'name', { value: 'SignInError', configurable: true, writable: true })
Object.defineProperty(SignInError.prototype, brand, { value: true })

/**
 * True for a `SignInError`, including one from another copy of the package.
 *
 * @example
 * if (isSignInError(error) && error.code === 'SIGN_IN_DENIED') showSignInButton()
 */
export function isSignInError(value: unknown): value is SignInError {
  return typeof value === 'object' && value !== null && brand in value
}
