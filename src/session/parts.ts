import type { PolicySettings } from '../policy.js'
import type { RefreshFunction, RevokeFunction, TokenSet } from '../types.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import type { Events } from './events.js'
import type { Standing } from './standing.js'
import type { Vault, VaultLimits } from './vault.js'
import type { Watchers } from './watchers.js'

/** How a session behaves; all resolved. Times in milliseconds. */
export interface SessionSettings extends VaultLimits {
  readonly refresh: RefreshFunction | undefined
  readonly revoke: RevokeFunction | undefined
  readonly flightTimeout: number
  readonly policy: PolicySettings
  readonly strictSaving: boolean
  readonly rejectSignedOut: boolean
}

/** What the rooms of one session share, and what they may ask of it. */
export interface Parts {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly clock: Clock
  readonly vault: Vault
  readonly standing: Standing
  readonly events: Events
  readonly watchers: Watchers<unknown>
  /** Is a flight under way? */
  readonly isRefreshing: () => boolean
  /** The token endpoint is about to be asked. */
  readonly asks: () => void
  readonly signedOutElsewhere: () => void
  readonly revoke: (tokens: TokenSet) => void
}
