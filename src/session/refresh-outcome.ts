import { defined } from '../defined.js'
import { OAuthError } from '../errors.js'
import type { Environment } from './environment.js'
import type { EventCall, RefreshEnd } from './events.js'
import type { InFlightRefresh } from './in-flight-refresh.js'
import type { RenewOutcome } from './persistence.js'
import { epochEnded } from './refresh-error.js'
import type { RefreshThrottle } from './refresh-throttle.js'
import type { SessionSettings } from './settings.js'
import type { Snapshots } from './snapshot.js'
import type { SessionState } from './state.js'

/** The objects that the outcome of a refresh changes, and the settings. */
export interface OutcomeServices {
  readonly environment: Environment
  readonly settings: SessionSettings
  readonly state: SessionState
  readonly throttle: RefreshThrottle
  readonly snapshots: Snapshots
}

/** Changes the state, then settles the waiting requests. Returns the events for the listeners. */
export function applyOutcome(
  services: OutcomeServices,
  run: InFlightRefresh,
  outcome: Exclude<RenewOutcome, { type: 'superseded' }>,
  end: RefreshEnd,
): EventCall[] {
  const { state, throttle, snapshots, settings, environment } = services
  state.block(false)
  if (outcome.type !== 'failed') throttle.reset()
  switch (outcome.type) {
    case 'refreshed': {
      const { status } = state.current
      const events = state.apply({ ...outcome, end, maxAge: environment.monotonic() - (run.sentAt ?? run.startedAt) })
      run.received = outcome.record
      if (outcome.saveError && settings.strictSaving) run.settle({ type: 'rejected', error: outcome.saveError })
      // The requests that wait belong to the user before.
      else if (status === 'signed_in' && events.some(([name]) => name === 'user_changed'))
        run.settle({ type: 'rejected', error: epochEnded() })
      else settleWithToken(run, state)
      return events
    }
    case 'adopted':
    case 'user_changed':
    case 'removed': {
      const events = state.apply(outcome)
      if (outcome.type === 'adopted') settleWithToken(run, state)
      else run.settle({ type: 'rejected', error: outcome.type === 'removed' ? signedOutElsewhere() : epochEnded() })
      return events.map((event) =>
        event[0] === 'adopted' ? ['adopted', { ...event[1], refreshId: run.event.refreshId }] : event,
      )
    }
    case 'ended': {
      const { error, retained } = outcome
      const events = state.apply({ type: 'signed_out', reason: 'invalid_grant', retained })
      snapshots.showError(error)
      run.settle({ type: 'rejected', error })
      return [failed(error, end), ...events]
    }
    case 'failed': {
      const { error, adopted, rotated } = outcome
      const events = adopted ? state.apply({ type: 'adopted', record: adopted }) : []
      if (rotated) {
        run.received = rotated.record
        events.push(...state.apply({ type: 'rotated', ...rotated }))
      }
      const isCooldown = error.code === 'OAUTH_REFRESH_UNAVAILABLE' || error.code === 'OAUTH_CLIENT_REFUSED'
      if (isCooldown && run.hasAsked)
        throttle.fail(state.record?.parsed.refreshToken, environment.monotonic(), error, run.wasOffline)
      snapshots.showError(error)
      run.settle({ type: 'failed', error })
      return [...events, failed(error, end)]
    }
  }
}

function settleWithToken(run: InFlightRefresh, { token }: SessionState): void {
  if (token) run.settle({ type: 'token', token })
}

function failed(error: OAuthError, end: RefreshEnd): EventCall {
  const { status, oauthError } = error
  return ['refresh_failed', defined({ ...end, error, status, oauthError })]
}

function signedOutElsewhere(): OAuthError {
  return new OAuthError('OAUTH_SIGNED_OUT', 'Signed out elsewhere: sign in again.')
}
