import type { OpenSession } from '../session/open-session.js'
import type { Session } from '../session/session.js'
import { serverSnapshot } from '../session/snapshot.js'
import type { TokenJSON } from '../types.js'

/**
 * The member that holds a session object's internals: a function, because deep copies and proxies keep functions and printers
 * omit them.
 */
const internals = 'axios-attach-oauth'

/** The public session: a class, because axios copies plain objects; without private fields, because applications copy this object. */
class SessionObject {
  readonly [internals]: () => OpenSession

  constructor(open: OpenSession) {
    this[internals] = () => open
  }
}

/** A session that is attached to an axios instance. */
export interface AttachedSession extends Session {
  /** Removes the interceptors and restores the instance. Requests under way finish with this session. */
  readonly detach: () => void
}

export function sessionObject(open: OpenSession): Session {
  const { operations, notifications, snapshots, sync } = open
  const members: Omit<Session, typeof Symbol.asyncDispose> = {
    tokens: () => operations.tokens(),
    signIn: (tokens, options) => operations.signIn(tokens as TokenJSON, options),
    signOut: (options) => operations.signOut(options),
    refresh: () => operations.refresh(),
    getAccessToken: (options) => operations.getAccessToken(options),
    on: (name, listener) => notifications.events.on(name, listener),
    subscribe(listener) {
      const unsubscribe = notifications.subscribe(listener)
      // In a microtask, so that no subscriber is called while it subscribes. The snapshot holds the error.
      if (!sync.isLoaded())
        void Promise.resolve()
          .then(() => sync.load())
          .catch(() => undefined)
      return unsubscribe
    },
    getSnapshot: () => snapshots.present,
    getServerSnapshot: () => serverSnapshot,
    close: (options) => operations.close(options),
  }
  const dispose = async (): Promise<void> => void (await operations.close())
  // Older platforms have no such symbol.
  return Object.assign(new SessionObject(open), members, Symbol.asyncDispose && { [Symbol.asyncDispose]: dispose }) as Session
}

export function attachedSession(open: OpenSession, detach: () => void): AttachedSession {
  return Object.assign(sessionObject(open), { detach })
}

/** The internals of a session object, of a copy of one, or of one that another copy of this package created. */
export function openSessionOf(value: unknown): OpenSession | undefined {
  const open = (value as Partial<SessionObject> | null | undefined)?.[internals]
  return typeof open === 'function' ? open() : undefined
}
