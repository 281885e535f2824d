import type { ReactNode } from 'react'
import type { SessionSnapshot } from '../session/snapshot.js'
import type { OAuthSessionState, ReactSession } from './session.js'
import { useOAuthSession } from './use-oauth-session.js'

type Status = SessionSnapshot['status']
type StateOf<Name extends Status> = Extract<OAuthSessionState, { status: Name }>

/** Properties of `<SignedIn>`, `<SignedOut>` and `<SessionLoading>`. */
export interface SessionStatusProps<Name extends Status> {
  /** Rendered in this state. A function gets the state, for instance `({ user }) => <p>{user}</p>`. */
  readonly children?: ReactNode | ((state: StateOf<Name>) => ReactNode)
  /** Default: the session of `<OAuthProvider>`. */
  readonly session?: ReactSession | undefined
}

function useChildren<Name extends Status>({ session, children }: SessionStatusProps<Name>, ...names: Name[]): ReactNode {
  const state = useOAuthSession(session)
  if (!names.includes(state.status as Name)) return null
  return typeof children === 'function' ? children(state as StateOf<Name>) : children
}

/**
 * Renders its children while a user is signed in.
 *
 * @example
 * <SignedIn>{({ user }) => <Account name={user} />}</SignedIn>
 */
export function SignedIn(props: SessionStatusProps<'signed_in'>): ReactNode {
  return useChildren(props, 'signed_in')
}

/**
 * Renders its children while no user is signed in. `reason` distinguishes an ended session from a requested sign-out.
 *
 * @example
 * <SignedOut>{({ reason }) => <SignInButton notice={reason === 'requested' ? '' : 'Please sign in again.'} />}</SignedOut>
 */
export function SignedOut(props: SessionStatusProps<'signed_out'>): ReactNode {
  return useChildren(props, 'signed_out')
}

/**
 * Renders its children while it is unknown whether a user is signed in: on a server, while the store is being read, and while the
 * store can't be read (`status: 'unavailable'`, with the `error`).
 *
 * @example
 * <SessionLoading>{(state) => (state.status === 'unavailable' ? <p>{state.error.message}</p> : <Spinner />)}</SessionLoading>
 */
export function SessionLoading(props: SessionStatusProps<'unknown' | 'unavailable'>): ReactNode {
  return useChildren(props, 'unknown', 'unavailable')
}
