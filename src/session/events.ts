import type { OAuthError } from '../errors.js'
import type { RefreshReason } from '../types.js'

/** Why the session ended. */
export type SignOutReason =
  /** The application called `signOut()`. */
  | 'requested'
  /** The token endpoint refused the refresh token for good, or the refresh function resolved with `null`. */
  | 'invalid_grant'
  /** Another tab, process or machine signed out. */
  | 'elsewhere'

/** A request without its secrets: the URL has no query, fragment or user information. */
export interface RequestSummary {
  readonly method: string
  readonly url: string
}

/** The events of a session. None carries a token. */
export interface SessionEvents {
  /** A refresh begins. The refresh function is called, unless another session has stored a newer set. `step_up`: the token response is there already. */
  refresh_started: { readonly reason: RefreshReason | 'step_up' }
  /** A new token set was received and adopted. */
  refreshed: { readonly generation: number; readonly expiresAt: number | undefined }
  /** A refresh failed. */
  refresh_failed: { readonly error: OAuthError }
  /** A token set that another session stored was adopted. */
  adopted: { readonly generation: number }
  /** A token set was stored. */
  saved: { readonly generation: number }
  /** A token set could not be stored and lives on in memory only. */
  unpersisted: { readonly error: OAuthError }
  /** `signIn()` was called. */
  signed_in: { readonly generation: number }
  /** The session ended. */
  signed_out: { readonly reason: SignOutReason }
  /** Another user signed in, here or elsewhere: clear what was cached for the user before. */
  user_changed: { readonly generation: number }
  /** Tokens could not be revoked at the server (RFC 7009). */
  revocation_failed: { readonly error: OAuthError }
  /** A request waits for a token (`token`), or for the refresh after its 401 (`rejected`). */
  queued: RequestSummary & { readonly because: 'token' | 'rejected' }
  /** A request stops waiting. */
  released: RequestSummary
  /** A request is sent for the second time. */
  resent: RequestSummary
}

export type SessionEventName = keyof SessionEvents

export type SessionListener<Name extends SessionEventName> = (event: SessionEvents[Name]) => void

/** A call of all listeners of one event. */
export type Notice = { [Name in SessionEventName]: readonly [Name, SessionEvents[Name]] }[SessionEventName]

/** Calls every function of a set; one that throws does not stop the others. */
export function callEach<Argument>(listeners: Iterable<(argument: Argument) => void>, argument: Argument): void {
  for (const listener of [...listeners]) {
    try {
      listener(argument)
    } catch {
      // An error of a listener must not change the session.
    }
  }
}

/** Listeners by event. Events of a change that a listener makes follow the present ones, for every listener. */
export class Events {
  readonly #listeners = new Map<SessionEventName, Set<(event: never) => void>>()
  readonly #queue: (() => void)[] = []
  #isDraining = false

  on<Name extends SessionEventName>(name: Name, listener: SessionListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // A wrapper for each registration: one function registered twice is called twice, and each undo removes one.
    const entry = (event: never): void => listener(event)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name)
    }
  }

  /** `true` when there is a listener: without one the event is not built. */
  has(name: SessionEventName): boolean {
    return this.#listeners.has(name)
  }

  emit<Name extends SessionEventName>(name: Name, event: SessionEvents[Name]): void {
    this.enqueueEvent(name, event)
    this.drain()
  }

  enqueueEvent<Name extends SessionEventName>(name: Name, event: SessionEvents[Name]): void {
    this.enqueue(() => callEach((this.#listeners.get(name) ?? []) as Iterable<SessionListener<Name>>, event))
  }

  /** Queues a notification until `drain`. */
  enqueue(notify: () => void): void {
    this.#queue.push(notify)
  }

  /** Runs the queue, unless a caller further up the stack already does. */
  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    for (let notify = this.#queue.shift(); notify; notify = this.#queue.shift()) notify()
    this.#isDraining = false
  }
}
