import type { Session } from '../session/session.js'
import type { TokenStore } from '../types.js'

/**
 * Names the store member that adapts the session object to HttpOnly cookies. Registered, so that two copies of the package agree.
 */
export const cookieSession = Symbol.for('axios-attach-oauth.cookie-session')

/** A store that may keep its session in HttpOnly cookies. */
export interface CookieStore extends TokenStore {
  readonly [cookieSession]?: (session: Session) => void
}
