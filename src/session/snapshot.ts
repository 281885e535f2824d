import type { OAuthError } from '../errors.js'
import { defined } from '../defined.js'
import type { SignOutReason } from './events.js'
import type { SessionState } from './state.js'

interface Common {
  /** A refresh is under way. */
  readonly refreshing: boolean
  /** The error of the last refresh, if it failed. */
  readonly lastError?: OAuthError
}

/** The session before the store has been read. The first subscription starts the read. */
export interface UnknownSnapshot extends Common {
  readonly status: 'unknown'
}

/** The session while the store can't be read. The session reads the store again at the next need. */
export interface UnavailableSnapshot extends Common {
  readonly status: 'unavailable'
  readonly error: OAuthError
}

/** The session while a token set is in use. */
export interface SignedInSnapshot extends Common {
  readonly status: 'signed_in'
  /** Increases with each adopted token set and with each sign-out. */
  readonly generation: number
  /** `false`: the set could not be stored and is kept in memory only. */
  readonly persisted: boolean
  /** The session has a refresh function and, if the function needs one, a refresh token. */
  readonly canRefresh: boolean
  /** When the access token expires, in epoch milliseconds. Missing when that is unknown. */
  readonly expiresAt?: number
  /** The granted scope. Missing when it is unknown. */
  readonly scope?: string
  /** The name given to `signIn(tokens, { user })`. */
  readonly user?: string
}

/** The session while no user is signed in. */
export interface SignedOutSnapshot extends Common {
  readonly status: 'signed_out'
  readonly generation: number
  /** `empty`: the store held no token set. */
  readonly reason: SignOutReason | 'empty'
  /** When the session ended, in epoch milliseconds. */
  readonly at: number
}

/** The public state of a session, discriminated by `status`. Contains no token. A new object only when its content changes. */
export type SessionSnapshot = UnknownSnapshot | UnavailableSnapshot | SignedInSnapshot | SignedOutSnapshot

/** The snapshot of a rendering server, and of the first render in a browser. */
export const serverSnapshot: SessionSnapshot = Object.freeze({ status: 'unknown', refreshing: false })

function createSnapshot(state: SessionState, refreshing: boolean, lastError: OAuthError | undefined): SessionSnapshot {
  const { current, generation } = state
  const common = { refreshing, lastError }
  switch (current.status) {
    case 'unknown':
    case 'unavailable':
      return defined({ ...current, ...common })
    case 'signed_out':
      return defined({ status: 'signed_out', generation, reason: current.reason, at: current.at, ...common })
    case 'signed_in': {
      const { parsed, identity } = current.token.record
      const { scope } = parsed.tokens
      return defined({
        status: 'signed_in',
        ...common,
        generation,
        persisted: !current.saveError,
        canRefresh: state.canRefresh,
        expiresAt: parsed.expiresAt === Infinity ? undefined : parsed.expiresAt,
        scope: typeof scope === 'string' ? scope : undefined,
        user: identity.user,
      })
    }
  }
}

function hasSameContent(a: SessionSnapshot, b: SessionSnapshot): boolean {
  const entries = Object.entries(a)
  return entries.length === Object.keys(b).length && entries.every(([name, value]) => b[name as keyof SessionSnapshot] === value)
}

/** Holds the present snapshot: the same object until its content changes. */
export class Snapshots {
  readonly #state: SessionState
  #snapshot: SessionSnapshot = serverSnapshot
  refreshing = false
  #lastError: { readonly error: OAuthError; readonly generation: number } | undefined

  constructor(state: SessionState) {
    this.#state = state
  }

  /** Shows the error of the last refresh until another token set is in use. Call it after the change of the state. */
  showError(error: OAuthError): void {
    this.#lastError = { error, generation: this.#state.generation }
  }

  get present(): SessionSnapshot {
    const { error, generation } = this.#lastError ?? {}
    const next = createSnapshot(this.#state, this.refreshing, generation === this.#state.generation ? error : undefined)
    if (!hasSameContent(next, this.#snapshot)) this.#snapshot = Object.freeze(next)
    return this.#snapshot
  }
}
