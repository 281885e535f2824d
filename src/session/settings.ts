import type { ClassifyFailure } from '../policy.js'
import type { RefreshFunction, RevokeFunction } from '../types.js'
import type { PersistenceSettings } from './persistence.js'

/**
 * The settings of a session, with defaults filled in. Times are milliseconds. A later call of `attachOAuth` may replace members.
 */
export interface SessionSettings extends PersistenceSettings {
  /** Distinguishes sessions in events. */
  readonly name: string | undefined
  readonly refresh: RefreshFunction | undefined
  readonly revoke: RevokeFunction | undefined
  readonly classify: ClassifyFailure | undefined
  readonly refreshTimeout: number
  readonly strictSaving: boolean
  readonly rejectSignedOut: boolean
  readonly refreshWhenUnwritable: boolean
}
