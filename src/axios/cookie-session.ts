import type { Session } from '../session/session.js'
import type { TokenStore } from '../types.js'

/** The member of a store whose session lives in HttpOnly cookies: adapts the session object. Registered, so that two copies of the package agree. */
export const cookieSession = Symbol.for('axios-attach-oauth.cookie-session')

/** A store that may have the member. */
export interface CookieStore extends TokenStore {
  readonly [cookieSession]?: (session: Session) => void
}
