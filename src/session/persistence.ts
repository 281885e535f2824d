import type { OAuthError } from '../errors.js'
import type { PolicySettings } from '../policy.js'
import type { TokenRecord } from '../token-record.js'
import type { TokenJSON } from '../types.js'
import type { Environment } from './environment.js'

/** Limits of the work with the store. Times are milliseconds. */
export interface PersistenceSettings {
  /** The time limit of one read or write. */
  readonly storeTimeout: number
  /** The time limit of waiting for the lock. */
  readonly lockTimeout: number
  readonly policy: PolicySettings
}

/** The result of the one piece of work that runs under the lock: asking for a new token set. It changes no state. */
export type ExchangeResult =
  | { readonly type: 'received'; readonly record: TokenRecord }
  /** The answer is unusable but brings a new refresh token, which must be stored. */
  | { readonly type: 'rotated'; readonly record: TokenRecord; readonly error: OAuthError }
  /** The refresh token is no longer valid. `keepStored`: that is inferred, and the stored set stays. */
  | { readonly type: 'ended'; readonly error: OAuthError; readonly keepStored: boolean }
  | { readonly type: 'failed'; readonly error: OAuthError }

/** Turns true when a sign-in, a sign-out or a newer set makes the work useless. */
export interface Superseded {
  readonly aborted: boolean
}

export interface RenewRequest {
  /** The set in use; `undefined` when there is none. */
  readonly current: TokenRecord | undefined
  /** Gets a new set, based on `base`. `unwritable`: the store has said that it can't be written. `lost` is aborted when the lock is lost. */
  readonly exchange: (
    base: TokenRecord | undefined,
    unwritable: OAuthError | undefined,
    lost: AbortSignal | undefined,
  ) => Promise<ExchangeResult>
  /** `false`: the new set is there already, and a set that another process stored does not replace it. */
  readonly adoptStored: boolean
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
  /** `retained`: the set that stays in the store, since its end is inferred. */
  | { readonly type: 'ended'; readonly error: OAuthError; readonly retained?: TokenRecord }
  /** `adopted`: a newer set that the store held. */
  | { readonly type: 'failed'; readonly error: OAuthError; readonly adopted?: TokenRecord }
  | { readonly type: 'superseded' }

export type SaveOutcome = { readonly type: 'saved' } | ExternalChange | { readonly type: 'superseded' }

export interface Renewal {
  readonly outcome: RenewOutcome
  /** The wait for the lock, in milliseconds. Missing where there is none. */
  readonly lockWait?: number
  /** Tokens that were issued and are not used. */
  readonly unused?: TokenRecord
  /** Settles when the lock is free, with the outcome of a save that went on under it. Missing when there is no lock. */
  readonly released?: Promise<SaveOutcome | undefined>
}

/** How a session keeps its tokens. Each method returns what happened; none changes the state of the session. */
export interface Persistence {
  /** The name that errors use. */
  readonly name: string
  /** Reads the store. A change is reported again until it is acknowledged. Rejects with `OAUTH_STORE_FAILED` or `OAUTH_TOKEN_INVALID`. */
  check(current: TokenRecord | undefined): Promise<{ readonly change: StoredChange; readonly stored: TokenJSON | undefined }>
  /** Remembers the content of the store as known. */
  acknowledge(stored: TokenJSON | undefined): void
  /** Gets and saves a new set. Never rejects. */
  renew(request: RenewRequest): Promise<Renewal>
  /** Saves a set that could not be saved before, unless the store has changed. Rejects when it can't. */
  saveAgain(record: TokenRecord, superseded: Superseded): Promise<SaveOutcome>
  /** Replaces the stored set unconditionally and resolves with it. Writes run in the order of the calls. */
  overwrite(record: TokenRecord | undefined): Promise<TokenRecord | undefined>
  /** Calls `listener` after a change made elsewhere. Returns the function that ends it. */
  subscribe(listener: () => void): () => void
}

/** Makes the persistence of a store. Shared stores bring their own. */
export type PersistenceFactory = (environment: Environment, settings: PersistenceSettings) => Persistence
