import { OAuthError, isOAuthError } from '../errors.js'
import { attempt } from '../attempt.js'
import { isSameUser, signInRecord, type TokenRecord } from '../token-record.js'
import { toTokenSet } from '../tokens.js'
import type { TokenJSON } from '../types.js'
import type { Environment } from './environment.js'
import type { Notifications } from './notifications.js'
import type { SessionSettings } from './settings.js'
import type { SessionState } from './state.js'
import { withTimeLimit } from './time-limit.js'

/** The result of a revocation. */
export interface RevocationResult {
  /** The server confirmed the revocation. */
  readonly revoked: boolean
  /** Why the revocation failed. Missing when there was nothing to revoke. */
  readonly error?: OAuthError
}

/** Revokes tokens at the server (RFC 7009). */
export class Revocation {
  readonly #environment: Environment
  readonly #settings: SessionSettings
  readonly #state: SessionState
  readonly #notifications: Notifications

  constructor(environment: Environment, settings: SessionSettings, state: SessionState, notifications: Notifications) {
    this.#environment = environment
    this.#settings = settings
    this.#state = state
    this.#notifications = notifications
  }

  /** Never rejects: the result and the event `revocation_failed` report a failure. */
  async revoke(record: TokenRecord | undefined): Promise<RevocationResult> {
    const { revoke, refreshTimeout } = this.#settings
    if (!revoke || !record) return { revoked: false }
    const controller = new AbortController()
    const late = `The revocation took longer than ${refreshTimeout} ms`
    try {
      const tokens = toTokenSet(record.parsed.tokens)
      const work = (): void | PromiseLike<void> => revoke(tokens, { signal: controller.signal })
      await withTimeLimit(this.#environment, refreshTimeout, work, late, controller)
      return { revoked: true }
    } catch (cause) {
      const error = isOAuthError(cause)
        ? (cause as OAuthError)
        : new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'The revocation was not confirmed: the tokens may still be valid.', {
            cause,
          })
      this.#notifications.notify([['revocation_failed', { error }]])
      return { revoked: false, error }
    }
  }

  /** Revokes a token response that arrives after the session has changed. */
  revokeResponse(response: unknown): void {
    // An unusable response holds nothing to revoke.
    attempt(() => this.revokeUnused(signInRecord(response as TokenJSON, this.#environment.now(), undefined, '')))
  }

  /** Revokes unused tokens, unless they may belong to the user who is signed in. */
  revokeUnused(unused: TokenRecord): void {
    const present = this.#state.record
    if (present) {
      const { accessToken, refreshToken } = present.parsed
      const isInUse =
        accessToken === unused.parsed.accessToken || (refreshToken !== undefined && refreshToken === unused.parsed.refreshToken)
      if (isInUse || isSameUser(present.identity, unused.identity) !== false) return
    }
    void this.revoke(unused)
  }
}
