import type { Faults } from '../faults.js'
import type { DevtoolsSession } from '../session.js'
import { definePanel, type DevtoolsSessions, type OAuthDevtoolsElement } from './element.js'

/** Options of `mountDevtools`. */
export interface MountDevtoolsOptions {
  /** Adds the switches "token endpoint down" and "offline"; see `createFaults`. */
  faults?: Faults | undefined
  /** Whether the panel starts unfolded. Default: `false`. */
  open?: boolean
  /** Default: `document.body`. */
  parent?: Element
}

/**
 * Shows a panel with the live state of one or more sessions: state, countdown, waterfall of requests and refreshes, the last
 * sign-out and its cause. Never shows a token. For development; a page that does not import it does not load it. Returns the
 * undo. Throws a `TypeError` on a platform without custom elements, such as React Native or a server.
 *
 * @example
 * if (import.meta.env.DEV) void import('axios-attach-oauth/devtools').then(({ mountDevtools }) => mountDevtools(session))
 */
export function mountDevtools(
  sessions: DevtoolsSession | DevtoolsSessions,
  { faults, open = false, parent }: MountDevtoolsOptions = {},
): () => void {
  if (typeof sessions !== 'object' || sessions === null) throw new TypeError('mountDevtools: pass a session, or sessions by name')
  definePanel('mountDevtools')
  const named = isSession(sessions) ? { session: sessions } : sessions
  for (const [name, session] of Object.entries(named))
    if (!isSession(session)) throw new TypeError(`mountDevtools: ${name} must be a session`)
  const panel = document.createElement('oauth-devtools') as OAuthDevtoolsElement
  panel.show(named, faults)
  panel.open = open
  const host = parent ?? document.body
  host.append(panel)
  return () => panel.remove()
}

function isSession(value: object): value is DevtoolsSession {
  return 'getSnapshot' in value && typeof value.getSnapshot === 'function'
}
