import type { OAuthError } from '../errors.js'
import { isSameUser } from '../token-record.js'
import type { TokenResponse } from '../types.js'
import type { Environment } from './environment.js'
import { isSameEpoch, type Epoch } from './epoch.js'
import type { Events } from './events.js'
import type { RefreshResult } from './in-flight-refresh.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import { epochEnded } from './refresh-error.js'
import type { Revocation } from './revocation.js'
import type { SessionState } from './state.js'

interface StepUpServices {
  readonly environment: Environment
  readonly state: SessionState
  readonly coordinator: RefreshCoordinator
  readonly revocation: Revocation
  readonly events: Events
}

const ignore = (): void => undefined

/**
 * Aborts `controller` when the user signs out or is known to be another one. The handler itself may sign in: `signedIn` gets the
 * epochs of such sign-ins, by access token. Returns the undo.
 */
function watchSignIns(
  { state, events }: StepUpServices,
  controller: AbortController,
  signedIn: Map<string | undefined, Epoch>,
): () => void {
  const { epoch } = state
  const check = (): void => {
    const isSignedOut = state.current.status === 'signed_out'
    if (isSignedOut || isSameUser(epoch.identity, state.epoch.identity) === false) controller.abort(epochEnded())
  }
  const undo = (['signed_out', 'user_changed'] as const).map((name) => events.on(name, check))
  undo.push(events.on('signed_in', () => void (state.token && signedIn.set(state.token.accessToken, state.token.epoch))))
  return () => undo.forEach((stop) => stop())
}

/**
 * Saves and uses the token response that `work` gets: a stronger sign-in of the same user. Other requests continue meanwhile. Ends
 * when the user signs out or changes; `work` gets a signal that is then aborted.
 */
export async function runStepUp(
  services: StepUpServices,
  work: (signal: AbortSignal) => Promise<TokenResponse>,
): Promise<RefreshResult> {
  const { coordinator, revocation, environment, state } = services
  const { epoch } = state
  const controller = new AbortController()
  const { signal } = controller
  const signedIn = new Map<string | undefined, Epoch>()
  const stop = watchSignIns(services, controller, signedIn)
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
  const working = work(signal)
  const answer = await Promise.race([working, aborted]).finally(stop)
  if (!answer) {
    working.then((late) => revocation.revokeResponse(late), ignore)
    return { type: 'rejected', error: signal.reason as OAuthError }
  }
  while (coordinator.current) await coordinator.current.result
  const { token } = state
  // The handler has already called `signIn()` with this set, which may have been refreshed since.
  const own = signedIn.get(answer.access_token)
  if (token && (token.accessToken === answer.access_token || (own && isSameEpoch(own, token.epoch)))) {
    if (!isSameEpoch(epoch, token.epoch)) state.mergeEpoch(epoch)
    return { type: 'token', token }
  }
  if (isSameEpoch(epoch, state.epoch)) return coordinator.start('step_up', { response: answer, sentAt: environment.now() }).result
  revocation.revokeResponse(answer)
  return { type: 'rejected', error: epochEnded() }
}
