import type { Session } from '../session/session.js'
import type { SessionSnapshot } from '../session/snapshot.js'

/** The part of a session that React reads. Without `on`, `<SignedIn>` does not notice that another user has signed in. */
export type ReactSession = Pick<Session, 'subscribe' | 'getSnapshot' | 'getServerSnapshot'> & Partial<Pick<Session, 'on'>>

type WithoutRefreshing<Snapshot> = Snapshot extends unknown ? Omit<Snapshot, 'refreshing'> : never

/** A snapshot without `refreshing`, which changes twice for each refresh and rarely concerns what is rendered. */
export type OAuthSessionState = WithoutRefreshing<SessionSnapshot>
