import type { OAuthError } from '../errors.js'
import type { Windows } from '../policy.js'
import type { Credentials } from '../tokens.js'
import type { SignOutReason } from './events.js'

/** A token set in use. Its times are epoch milliseconds by the token endpoint's clock. */
export interface Held extends Windows {
  readonly credentials: Credentials
  /** The header value. */
  readonly authorization: string
  /** Grows each time the session adopts another token set. */
  readonly generation: number
  /** Grows each time somebody signs in or out: a request never goes on under somebody else's name. */
  readonly epoch: number
}

export type State =
  /** The store has not been read yet. */
  | { readonly status: 'unknown' }
  | {
      readonly status: 'signed-in'
      readonly held: Held
      /** The resource server has refused the access token. */
      readonly rejected: boolean
      /** Why the set could not be stored, when it lives in memory only. */
      readonly unpersisted?: OAuthError
    }
  | {
      readonly status: 'signed-out'
      /** `empty`: there was nothing in the store to begin with. */
      readonly reason: SignOutReason | 'empty'
    }

/** What a session shows of itself. A new object for each change, and no token in it: made for React's `useSyncExternalStore`. */
export interface SessionSnapshot {
  readonly status: State['status']
  /** Why nobody is signed in. */
  readonly reason?: SignOutReason | 'empty'
  /** Grows with each token set that is adopted, and with each sign-out. */
  readonly generation: number
  /** A refresh is under way. */
  readonly refreshing: boolean
  /** The present token set could not be stored and lives in memory only. */
  readonly unpersisted: boolean
  /** When the access token expires, in epoch milliseconds; missing when that isn't known. */
  readonly expiresAt?: number
  /** The granted scope, when it is known. */
  readonly scope?: string
}

export function snapshotOf(state: State, generation: number, refreshing: boolean): SessionSnapshot {
  const common = { status: state.status, generation, refreshing, unpersisted: false }
  if (state.status === 'signed-out') return Object.freeze({ ...common, reason: state.reason })
  if (state.status === 'unknown') return Object.freeze(common)
  const { expiresAt, tokens } = state.held.credentials
  return Object.freeze({
    ...common,
    unpersisted: state.unpersisted !== undefined,
    ...(expiresAt !== Infinity && { expiresAt }),
    ...(tokens.scope !== undefined && { scope: tokens.scope }),
  })
}
