import type { OAuthError } from '../errors.js'
import type { PolicySettings } from '../policy.js'
import type { TokenRecord } from '../token-record.js'
import type { TokenJSON } from '../types.js'
import type { Environment } from './environment.js'

/** Time limits of store operations. Times are milliseconds. */
export interface PersistenceSettings {
  /** The time limit of one read or write. */
  readonly storeTimeout: number
  /** The time limit for acquiring the lock. */
  readonly lockTimeout: number
  readonly policy: PolicySettings
}

/** The result of a token exchange, which runs under the lock and changes no state. */
export type ExchangeResult =
  | { readonly type: 'received'; readonly record: TokenRecord }
  /** The answer is unusable but brings a new refresh token, which must be stored. */
  | { readonly type: 'rotated'; readonly record: TokenRecord; readonly error: OAuthError }
  /** The refresh token is no longer valid. `keepStored`: the end is only inferred, so the stored set stays. */
  | { readonly type: 'ended'; readonly error: OAuthError; readonly keepStored: boolean }
  | { readonly type: 'failed'; readonly error: OAuthError }

/** Tells whether a sign-in, a sign-out or a newer set has made the work obsolete. */
export interface Superseded {
  readonly aborted: boolean
}

export interface RenewRequest {
  /** The set in use; `undefined` when there is none. */
  readonly current: TokenRecord | undefined
  /**
   * Gets a new set, based on `base`. `unwritable`: the store's report that it can't be written. `lost` is aborted when the lock
   * is lost.
   */
  readonly exchange: (
    base: TokenRecord | undefined,
    unwritable: OAuthError | undefined,
    lost: AbortSignal | undefined,
  ) => Promise<ExchangeResult>
  /** `false`: the new set has already been received, and a set stored by another process does not replace it. */
  readonly adoptStored: boolean
  /** The answer to an earlier token request has come late: any other set in the store is newer and is adopted. */
  readonly isLate: boolean
  readonly superseded: Superseded
}

/** The result of a read, compared with the set in use. */
export type StoredChange =
  | { readonly type: 'unchanged' }
  /** The store holds the set in use. */
  | { readonly type: 'saved' }
  /** A set of the same user, stored by another tab, process or machine. */
  | { readonly type: 'adopted'; readonly record: TokenRecord }
  | { readonly type: 'user_changed'; readonly record: TokenRecord }
  /** The store is empty: signed out elsewhere. */
  | { readonly type: 'removed' }

/** A change that another tab, process or machine made. */
export type ExternalChange = Extract<StoredChange, { type: 'adopted' | 'user_changed' | 'removed' }>

export type RenewOutcome =
  | { readonly type: 'refreshed'; readonly record: TokenRecord; readonly saveError?: OAuthError }
  | ExternalChange
  /** `retained`: the set that stays in the store because its end is only inferred. */
  | { readonly type: 'ended'; readonly error: OAuthError; readonly retained?: TokenRecord }
  /** `adopted`: a newer set found in the store. `rotated`: the present set with a new refresh token, which came with the failure. */
  | { readonly type: 'failed'; readonly error: OAuthError; readonly adopted?: TokenRecord; readonly rotated?: RotatedSet }
  | { readonly type: 'superseded' }

/** A set with a new refresh token, and the error when it could not be saved. */
export interface RotatedSet {
  readonly record: TokenRecord
  readonly saveError?: OAuthError
}

export type SaveOutcome = { readonly type: 'saved' } | ExternalChange | { readonly type: 'superseded' }

export interface Renewal {
  readonly outcome: RenewOutcome
  /** The wait for the lock, in milliseconds. Missing when the store has no lock. */
  readonly lockWait?: number
  /** Tokens that were issued but are not used. */
  readonly unused?: TokenRecord
  /**
   * Settles when the lock is released, with the outcome of a save that continued under it. Missing when the store has no lock.
   */
  readonly released?: Promise<SaveOutcome | undefined>
}

/** How a session keeps its tokens. Each method returns its outcome; none changes the state of the session. */
export interface Persistence {
  /** The name that errors use. */
  readonly name: string
  /**
   * Reads the store. Reports a change at each call until it is acknowledged. Rejects with `OAUTH_STORE_FAILED` or
   * `OAUTH_TOKEN_INVALID`.
   */
  check(current: TokenRecord | undefined): Promise<{ readonly change: StoredChange; readonly stored: TokenJSON | undefined }>
  /** Records this store content as known. */
  acknowledge(stored: TokenJSON | undefined): void
  /** Gets and saves a new set. Never rejects. */
  renew(request: RenewRequest): Promise<Renewal>
  /**
   * Saves the set in use again, without the lock, unless the store has changed. `restores`: also to a store that has become empty.
   * Rejects when the save fails.
   */
  replace(record: TokenRecord, superseded: Superseded, restores: boolean): Promise<SaveOutcome>
  /** Saves a set whose earlier save failed, unless the store has changed. Rejects when the save fails again. */
  saveAgain(record: TokenRecord, superseded: Superseded): Promise<SaveOutcome>
  /** Replaces the stored set unconditionally and resolves with the previous one. Writes run in the order of the calls. */
  overwrite(record: TokenRecord | undefined): Promise<TokenRecord | undefined>
  /** Calls `listener` after a change made elsewhere. Returns the function that unsubscribes. */
  subscribe(listener: () => void): () => void
}

/** Makes the persistence of a store. Shared stores bring their own. */
export type PersistenceFactory = (environment: Environment, settings: PersistenceSettings) => Persistence
