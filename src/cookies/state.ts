import { brandAsSafe } from '../errors.js'
import type { TokenJSON, TokenResponse, TokenSet } from '../types.js'

/** What is known of a session whose tokens are in HttpOnly cookies. */
export interface CookieState {
  /** The application's own name for the user, such as an account id. Tells one user's session from another's. */
  readonly user?: string | number | null | undefined
  /** The lifetime of the cookie that carries the access token, in seconds. Without it a 401 alone tells that the token has expired. */
  readonly expires_in?: number | string | null | undefined
}

/** Differs for each refresh and each sign-in, in all tabs. It is no secret, and no server ever gets it. */
function newGeneration(): string {
  return `${Date.now().toString(36)}.${Math.random().toString(36).slice(2)}`
}

/** The name of the user; `undefined` when it is unknown. */
export function userOfState({ user }: CookieState | TokenJSON): string | undefined {
  return (typeof user === 'string' && user !== '') || typeof user === 'number' ? String(user) : undefined
}

const isResponse = (value: object): boolean => 'status' in value && 'headers' in value

/** Checks a state. Only its two members are kept: a token in the answer of a backend does not reach a storage that scripts can read. */
export function readState(caller: string, value: unknown): CookieState {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isResponse(value)) {
    const hint =
      typeof value === 'object' && value && isResponse(value) ? ', not the response: check its status, and read its body' : ''
    throw brandAsSafe(new TypeError(`${caller} must be { user, expires_in }${hint}`))
  }
  const { user, expires_in } = value as CookieState
  return { ...(userOfState({ user }) !== undefined && { user }), ...(expires_in != null && { expires_in }) }
}

/** The token set that stands for the cookies: its access token is a generation. */
export function toTokens(state: CookieState): TokenResponse {
  return { ...state, access_token: newGeneration() }
}

/** The state of a set that stands for cookies. */
export function toState(tokens: TokenJSON): TokenSet {
  const { access_token: _generation, ...state } = tokens
  return state as TokenSet
}
