import { brandAsSafe } from '../errors.js'
import type { TokenJSON, TokenResponse, TokenSet } from '../types.js'

/** The known state of a session whose tokens are in HttpOnly cookies. */
export interface CookieState {
  /** The application's own name for the user, such as an account id. Distinguishes the sessions of different users. */
  readonly user?: string | number | null | undefined
  /**
   * The lifetime of the cookie that carries the access token, in seconds. Without it, only a 401 shows that the token has
   * expired.
   */
  readonly expires_in?: number | string | null | undefined
}

/**
 * Returns a value that differs for each refresh and each sign-in, in all tabs. It is not secret and is never sent to a server.
 */
function newGeneration(): string {
  return `${Date.now().toString(36)}.${Math.random().toString(36).slice(2)}`
}

/** The name of the user; `undefined` when it is unknown. */
export function userOfState({ user }: CookieState | TokenJSON): string | undefined {
  return (typeof user === 'string' && user !== '') || typeof user === 'number' ? String(user) : undefined
}

const isResponse = (value: object): boolean => 'status' in value && 'headers' in value

const isUser = (user: unknown): boolean => typeof user === 'string' || typeof user === 'number' || user == null

/**
 * Checks a state and keeps only its two members, so that a token in a backend's answer never reaches storage that scripts can
 * read. `named`: the caller has named the user elsewhere, so that the member `user` does not count.
 */
export function readState(caller: string, value: unknown, named = false): CookieState {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isResponse(value)) {
    const hint =
      typeof value === 'object' && value && isResponse(value) ? ', not the response: check its status, and read its body' : ''
    throw brandAsSafe(new TypeError(`${caller} must be { user, expires_in }${hint}`))
  }
  const { user, expires_in }: CookieState = named ? { ...value, user: undefined } : value
  // Without a name, a request of one user would be sent again for another.
  if (!isUser(user))
    throw brandAsSafe(new TypeError(`${caller}: user must be a string or a number, such as the id of an account`))
  return { ...(userOfState({ user }) !== undefined && { user }), ...(expires_in != null && { expires_in }) }
}

/** The token set that represents the cookies. Its access token is a generation. */
export function toTokens(state: CookieState): TokenResponse {
  return { ...state, access_token: newGeneration() }
}

/** The state of a token set that represents cookies. */
export function toState(tokens: TokenJSON): TokenSet {
  const { access_token: _generation, ...state } = tokens
  return state as TokenSet
}
