import type { SessionSnapshot } from '../session/snapshot.js'
import type { ReactSession } from './session.js'

const reported = new WeakSet<ReactSession>()

/**
 * The snapshot that a server renders and that a browser hydrates with. In development a session that holds tokens on a server is
 * reported once, because a session in a module serves all users of that server.
 */
export function serverSnapshot(session: ReactSession): SessionSnapshot {
  if (
    typeof document === 'undefined' &&
    typeof process !== 'undefined' &&
    process.env.NODE_ENV !== 'production' &&
    session.getSnapshot().status === 'signed_in' &&
    !reported.has(session)
  ) {
    reported.add(session)
    globalThis.console.warn(
      'axios-attach-oauth/react: a session that holds a user’s tokens is rendered on a server. If it is created in a module, all users of this server share it: ' +
        'create one session for each request, and give React a session in the browser only.',
    )
  }
  return session.getServerSnapshot()
}
