import { createElement, Fragment, useContext, useSyncExternalStore, type ReactElement, type ReactNode } from 'react'
import type { SessionSnapshot } from '../session/snapshot.js'
import type { OAuthSessionState, ReactSession } from './session.js'
import { SessionContext, useOAuthSession } from './use-oauth-session.js'

type Status = SessionSnapshot['status']
type StateOf<Name extends Status> = Extract<OAuthSessionState, { status: Name }>

/** Properties of `<SignedIn>`, `<SignedOut>` and `<SessionLoading>`. */
export interface SessionStatusProps<Name extends Status> {
  /** Rendered in this state. A function gets the state, for instance `({ user }) => <p>{user}</p>`. */
  readonly children?: ReactNode | ((state: StateOf<Name>) => ReactNode)
  /** Default: the session of `<OAuthProvider>`. */
  readonly session?: ReactSession | undefined
}

/** Counts how often another user has signed in. */
interface UserChanges {
  readonly subscribe: (listener: () => void) => () => void
  readonly count: () => number
}
const userChanges = new WeakMap<ReactSession, UserChanges>()

function userChangesOf(session: ReactSession): UserChanges {
  const known = userChanges.get(session)
  if (known) return known
  let count = 0
  const on = (listener: () => void): (() => void) => session.on?.('user_changed', listener) ?? (() => undefined)
  // Registered first, so that components read the new count.
  on(() => count++)
  const changes = { subscribe: on, count: () => count }
  userChanges.set(session, changes)
  return changes
}

/** Another key mounts the children again, so that they keep no data of the previous user. */
function useKey(session: ReactSession): number {
  const { subscribe, count } = userChangesOf(session)
  return useSyncExternalStore(subscribe, count, () => 0)
}

function useChildren<Name extends Status>(
  { session, children }: SessionStatusProps<Name>,
  ...names: Name[]
): ReactElement | null {
  const provided = useContext(SessionContext)
  const state = useOAuthSession(session)
  const key = useKey((session ?? provided) as ReactSession)
  if (!names.includes(state.status as Name)) return null
  return createElement(Fragment, { key }, typeof children === 'function' ? children(state as StateOf<Name>) : children)
}

/**
 * Renders its children while a user is signed in. When another user signs in, the children are mounted again and keep no state.
 *
 * @example
 * <SignedIn>{({ user }) => <Account name={user} />}</SignedIn>
 */
export function SignedIn(props: SessionStatusProps<'signed_in'>): ReactElement | null {
  return useChildren(props, 'signed_in')
}

/**
 * Renders its children while no user is signed in. `reason` distinguishes an ended session from a requested sign-out.
 *
 * @example
 * <SignedOut>{({ reason }) => <SignInButton notice={reason === 'requested' ? '' : 'Please sign in again.'} />}</SignedOut>
 */
export function SignedOut(props: SessionStatusProps<'signed_out'>): ReactElement | null {
  return useChildren(props, 'signed_out')
}

/**
 * Renders its children while it is unknown whether a user is signed in: on a server, while the store is being read, and while the
 * store can't be read (`status: 'unavailable'`, with the `error`).
 *
 * @example
 * <SessionLoading>{(state) => (state.status === 'unavailable' ? <p>{state.error.message}</p> : <Spinner />)}</SessionLoading>
 */
export function SessionLoading(props: SessionStatusProps<'unknown' | 'unavailable'>): ReactElement | null {
  return useChildren(props, 'unknown', 'unavailable')
}
