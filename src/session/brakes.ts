import { OAuthError } from '../errors.js'
import { coolDown, withinBudget, type PolicySettings } from '../policy.js'

/** What keeps a session from asking the token endpoint too often. Times are milliseconds on the monotonic clock. */
export class Brakes {
  readonly #policy: PolicySettings
  #starts: number[] = []
  #cooling: { token: string | undefined; until: number; failures: number; error: OAuthError } | undefined

  constructor(policy: PolicySettings) {
    this.#policy = policy
  }

  /** Why no flight may start now with this refresh token, if that is so. */
  refusal(token: string | undefined, now: number): OAuthError | undefined {
    const cooling = this.#cooling
    if (cooling && now < cooling.until && cooling.token === token) return cooling.error
    const { refreshLimit } = this.#policy
    if (withinBudget(this.#starts, now, refreshLimit)) return undefined
    return new OAuthError(
      'OAUTH_REFRESH_LIMIT',
      `The session was refreshed ${refreshLimit.flights} times within ${refreshLimit.within / 1000} s: the API rejects what the token endpoint issues. Check the audience and the scope.`,
    )
  }

  /** A token that has lived out its life asks for its successor by right; what comes earlier counts against the limit. */
  started(now: number, livedOut: boolean): void {
    if (!livedOut || this.#cooling) this.#starts = [...this.#starts, now].slice(-this.#policy.refreshLimit.flights)
  }

  failed(token: string | undefined, now: number, error: OAuthError): void {
    const before = this.#cooling
    const failures = before && before.token === token ? before.failures + 1 : 1
    this.#cooling = { token, failures, error, until: now + coolDown(failures, this.#policy.coolDown) }
  }

  /** Forgets the failures: after a success, for another session, or because the application asks for it. */
  release(): void {
    this.#cooling = undefined
  }
}
