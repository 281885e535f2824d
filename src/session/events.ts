import type { OAuthError } from '../errors.js'
import type { RefreshReason } from '../types.js'

/** Why nobody is signed in any more. */
export type SignOutReason =
  /** The application called `signOut()`. */
  | 'requested'
  /** The token endpoint answered `invalid_grant`. */
  | 'invalid_grant'
  /** Another tab, process or machine signed out. */
  | 'elsewhere'

/** A request, without anything secret: its URL has lost its query. */
export interface RequestSummary {
  readonly method: string
  readonly url: string
}

/** The events of a session and what they carry. No token is ever among it. */
export interface SessionEvents {
  /** A refresh begins: the refresh function will be called, unless somebody else who shares the store was faster. `step_up`: its token is there already. */
  refresh_started: { readonly reason: RefreshReason | 'step_up' }
  /** A new token set was received and adopted. */
  refreshed: { readonly generation: number; readonly expiresAt: number | undefined }
  /** A refresh came to nothing. */
  refresh_failed: { readonly error: OAuthError }
  /** A token set that somebody else had stored was adopted. */
  adopted: { readonly generation: number }
  /** A token set was stored. */
  saved: { readonly generation: number }
  /** A token set could not be stored and lives on in memory only. */
  unpersisted: { readonly error: OAuthError }
  signed_in: { readonly generation: number }
  signed_out: { readonly reason: SignOutReason }
  /** Revoking tokens at the server failed. */
  revocation_failed: { readonly error: unknown }
  /** A request waits for a token. */
  queued: RequestSummary & { readonly because: 'token' | 'rejected' }
  /** A waiting request waits no longer. */
  released: RequestSummary
  /** A request was sent for the second time. */
  resent: RequestSummary
}

export type SessionListener<Name extends keyof SessionEvents> = (event: SessionEvents[Name]) => void

/** Typed listeners. One that throws changes nothing. */
export class Events {
  readonly #listeners = new Map<keyof SessionEvents, Set<(event: never) => void>>()

  on<Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // An entry of its own, so that one function registered twice is called twice and each undo takes back its own.
    const entry = (event: never): void => listener(event)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name)
    }
  }

  /** True when somebody listens: spares building the payload. */
  has(name: keyof SessionEvents): boolean {
    return this.#listeners.has(name)
  }

  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        ;(listener as SessionListener<Name>)(event)
      } catch {
        // A listener watches; what it throws is not the session's business.
      }
    }
  }
}
