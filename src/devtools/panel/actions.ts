import { cookieSession } from '../../axios/cookie-session.js'
import type { Faults } from '../faults.js'
import type { DevtoolsSession } from '../session.js'

/** A button of the panel. `pressed` makes it a switch. */
export interface Action {
  readonly label: string
  readonly title: string
  readonly run: () => Promise<void> | void
  readonly needsSignIn?: boolean
  readonly pressed?: () => boolean
}

/** Stores the present set with an expiry in the past. The user stays the same, so that waiting requests continue. */
async function expireNow(session: DevtoolsSession): Promise<void> {
  const tokens = await session.tokens()
  if (!tokens) return
  const snapshot = session.getSnapshot()
  const user = snapshot.status === 'signed_in' ? snapshot.user : undefined
  await session.signIn({ ...tokens, expires_at: Math.floor(Date.now() / 1000) - 1 }, user === undefined ? undefined : { user })
}

/** Treats the present access token as if a resource server had answered 401 to it. */
async function rejectToken(session: DevtoolsSession): Promise<void> {
  const rejected = (await session.tokens())?.access_token
  if (typeof rejected === 'string') await session.getAccessToken({ rejected })
}

/** The buttons for a session, with fault switches if the application has passed `faults`. */
export function actionsOf(session: DevtoolsSession, faults: Faults | undefined): Action[] {
  // The page has no token that it could change when the tokens are in HttpOnly cookies.
  const actions: Action[] = cookieSession in session ? [] : tokenActions(session)
  if (!faults) return actions
  return [
    ...actions,
    {
      label: 'Token endpoint down',
      title: 'Refreshes fail with status 503',
      run: () => void (faults.tokenEndpointDown = !faults.tokenEndpointDown),
      pressed: () => faults.tokenEndpointDown,
    },
    {
      label: 'Offline',
      title: 'No request reaches a server',
      run: () => void (faults.offline = !faults.offline),
      pressed: () => faults.offline,
    },
  ]
}

function tokenActions(session: DevtoolsSession): Action[] {
  return [
    {
      label: 'Expire now',
      title: 'The next request finds the access token expired',
      run: () => expireNow(session),
      needsSignIn: true,
    },
    {
      label: 'Reject the token',
      title: 'Refresh as if an API had answered 401',
      run: () => rejectToken(session),
      needsSignIn: true,
    },
  ]
}
