import type { OpenSession } from '../session/open-session.js'
import type { Session } from '../session/session.js'
import { serverSnapshot } from '../session/snapshot.js'

/**
 * The member that holds a session object's internals: a function, because deep copies and proxies keep functions and printers
 * omit them.
 */
const internals = 'axios-attach-oauth'

/**
 * The public session. A class, because axios copies plain objects; without private fields, because applications copy this object.
 */
class SessionObject implements Session {
  readonly tokens: Session['tokens']
  readonly signIn: Session['signIn']
  readonly signOut: Session['signOut']
  readonly refresh: Session['refresh']
  readonly getAccessToken: Session['getAccessToken']
  readonly on: Session['on']
  readonly subscribe: Session['subscribe']
  readonly getSnapshot: Session['getSnapshot']
  readonly getServerSnapshot: Session['getServerSnapshot']
  readonly close: Session['close']
  declare readonly [Symbol.asyncDispose]: Session[typeof Symbol.asyncDispose]
  readonly [internals]: () => OpenSession

  constructor(open: OpenSession) {
    const { operations, notifications, snapshots, sync } = open
    this.tokens = () => operations.tokens()
    this.signIn = (tokens, options) => operations.signIn(tokens, options)
    this.signOut = (options) => operations.signOut(options)
    this.refresh = () => operations.refresh()
    this.getAccessToken = (options) => operations.getAccessToken(options)
    this.on = (name, listener) => notifications.events.on(name, listener)
    this.subscribe = (listener) => {
      const unsubscribe = notifications.subscribe(listener)
      // In a microtask, so that no subscriber is called while it subscribes. The snapshot holds the error.
      if (!sync.isLoaded)
        void Promise.resolve()
          .then(() => sync.load())
          .catch(() => undefined)
      return unsubscribe
    }
    this.getSnapshot = () => snapshots.present
    this.getServerSnapshot = () => serverSnapshot
    this.close = (options) => operations.close(options)
    if (Symbol.asyncDispose) Object.assign(this, { [Symbol.asyncDispose]: async () => void (await operations.close()) })
    this[internals] = () => open
  }
}

/** A session that is attached to an axios instance. */
export interface AttachedSession extends Session {
  /** Removes the interceptors and restores the instance. Requests under way finish with this session. */
  readonly detach: () => void
}

export function sessionObject(open: OpenSession): Session {
  return new SessionObject(open)
}

export function attachedSession(open: OpenSession, detach: () => void): AttachedSession {
  return Object.assign(new SessionObject(open), { detach })
}

/** The internals of a session object, of a copy of one, or of one that another copy of this package created. */
export function openSessionOf(value: unknown): OpenSession | undefined {
  const open = (value as Partial<SessionObject> | null | undefined)?.[internals]
  return typeof open === 'function' ? open() : undefined
}
