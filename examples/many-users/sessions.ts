import { createSession, type Session, type SessionOptions, type TokenStore } from 'axios-attach-oauth'

/** One session for each user, created at the first need and dropped after a time without use. */
export class Sessions {
  readonly #openStore: (user: string) => TokenStore
  readonly #options: SessionOptions
  readonly #idleLimit: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, { readonly session: Session; readonly usedAt: number }>()

  /** `idleLimit` in milliseconds. */
  constructor(openStore: (user: string) => TokenStore, options: SessionOptions, idleLimit: number) {
    this.#openStore = openStore
    this.#options = options
    this.#idleLimit = idleLimit
  }

  /** The number of sessions in memory. */
  get size(): number {
    return this.#entries.size
  }

  of(user: string): Session {
    const usedAt = performance.now()
    const session = this.#entries.get(user)?.session ?? createSession(this.#openStore(user), this.#options)
    this.#entries.delete(user)
    this.#entries.set(user, { session, usedAt })
    this.#dropIdle(usedAt)
    return session
  }

  /**
   * Each call drops the sessions that were not used for long, which are the first ones of the map, so that no timer is needed. The stored
   * tokens stay, and the next request creates the session again.
   */
  #dropIdle(now: number): void {
    for (const [user, { session, usedAt }] of this.#entries) {
      if (now - usedAt <= this.#idleLimit) return
      const snapshot = session.getSnapshot()
      // A token set that could not be stored exists in this session only.
      const isSaved = snapshot.status !== 'signed_in' || snapshot.persisted
      if (isSaved && !snapshot.refreshing) this.#entries.delete(user)
    }
  }
}
