import { createElement, type ReactElement, type ReactNode } from 'react'
import type { ReactSession } from './session.js'
import { SessionContext } from './use-oauth-session.js'

/** Properties of `<OAuthProvider>`. */
export interface OAuthProviderProps {
  /** The session of this page, as `attachOAuth` or `createSession` returns it. */
  readonly session: ReactSession
  readonly children?: ReactNode
}

/**
 * Gives a session to `useOAuthSession()`, `<SignedIn>`, `<SignedOut>` and `<SessionLoading>` below it.
 *
 * @example
 * createRoot(element).render(<OAuthProvider session={session}><App /></OAuthProvider>)
 */
export function OAuthProvider({ session, children }: OAuthProviderProps): ReactElement {
  if (typeof session?.subscribe !== 'function') throw new TypeError('OAuthProvider: session must be a session')
  return createElement(SessionContext.Provider, { value: session }, children)
}
