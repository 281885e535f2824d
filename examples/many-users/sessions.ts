import { createSession, type Session, type SessionOptions, type TokenStore } from 'axios-attach-oauth'

/** The sessions of many users, one for each, made when it is needed and dropped when it has been idle for a while. */
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

  /** How many are kept just now. */
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
   * No timer is needed: whoever comes looks after those that were not used for long, which are the first ones. Dropping an entry is all; what is
   * stored stays, and the next request makes the session again.
   */
  #dropIdle(now: number): void {
    for (const [user, { session, usedAt }] of this.#entries) {
      if (now - usedAt <= this.#idleLimit) return
      const { refreshing, unpersisted } = session.getSnapshot()
      // What could not be stored yet lives in this session alone.
      if (!refreshing && !unpersisted) this.#entries.delete(user)
    }
  }
}
