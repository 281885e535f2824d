import { OAuthError } from '../errors.js'
import { cooldownDelay, withinRefreshLimit, type PolicySettings } from '../policy.js'

interface Cooldown {
  readonly refreshToken: string | undefined
  readonly until: number
  readonly failures: number
  readonly error: OAuthError
  /** The platform had no network when the request began: the cool-down ends when the network returns. */
  readonly wasOffline: boolean
}

/** Limits how often a session asks the token endpoint. Times are milliseconds on the monotonic clock. */
export class RefreshThrottle {
  readonly #settings: { readonly policy: PolicySettings }
  #starts: number[] = []
  #cooldown: Cooldown | undefined

  constructor(settings: { readonly policy: PolicySettings }) {
    this.#settings = settings
  }

  /** The error when no refresh may start now with this refresh token. */
  check(refreshToken: string | undefined, now: number, isOffline = false): OAuthError | undefined {
    const cooldown = this.#cooldown
    if (cooldown && !(cooldown.wasOffline && !isOffline) && now < cooldown.until && cooldown.refreshToken === refreshToken)
      return cooldown.error
    const { refreshLimit } = this.#settings.policy
    if (withinRefreshLimit(this.#starts, now, refreshLimit)) return undefined
    return new OAuthError(
      'OAUTH_REFRESH_LIMIT',
      `${refreshLimit.count} refreshes within ${refreshLimit.interval / 1000} s: the API rejects each new token. Check the audience and the scope. Pass oauth: { recover: false } to a route that answers 401 for another reason.`,
      { cause: this.#cooldown?.error },
    )
  }

  /** Does a refresh that begins now count against the limit? Not when it is due to normal expiry, unless the last one failed. */
  counts(dueToExpiry: boolean): boolean {
    return !dueToExpiry || this.#cooldown !== undefined
  }

  /** Counts a refresh that began at `now` against the limit. */
  record(now: number): void {
    this.#starts = [...this.#starts, now].slice(-this.#settings.policy.refreshLimit.count)
  }

  /** Starts or extends the cool-down of a refresh token. */
  fail(refreshToken: string | undefined, now: number, error: OAuthError, wasOffline = false): void {
    const before = this.#cooldown
    const failures = before && before.refreshToken === refreshToken ? before.failures + 1 : 1
    this.#cooldown = {
      refreshToken,
      failures,
      error,
      wasOffline,
      until: now + cooldownDelay(failures, this.#settings.policy.cooldown),
    }
  }

  /** Ends the cool-down. */
  reset(): void {
    this.#cooldown = undefined
  }
}
