import { checkOptions, flag, isFunction, type OptionRule } from '../../check-options.js'
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

const rules: Readonly<Record<keyof MountDevtoolsOptions, OptionRule>> = {
  faults: ['the result of createFaults()', (value) => typeof value === 'object'],
  open: flag,
  parent: ['an element', (value) => value === null || isFunction((value as Partial<Element>).append)],
}

/**
 * Shows a panel with the live state of one or more sessions: state, countdown, waterfall of requests and refreshes, the last
 * sign-out and its cause. Never shows a token; for tokens in HttpOnly cookies it has no buttons that change them. For development; a page that does not import it does not load it. Returns the
 * undo. Throws a `TypeError` that names the invalid or unknown option; on a page that has no body yet; and on a platform without
 * custom elements, such as React Native or a server.
 *
 * @example
 * if (import.meta.env.DEV) void import('axios-attach-oauth/devtools').then(({ mountDevtools }) => mountDevtools(session))
 */
export function mountDevtools(sessions: DevtoolsSession | DevtoolsSessions, options: MountDevtoolsOptions = {}): () => void {
  if (typeof sessions !== 'object' || sessions === null) throw new TypeError('mountDevtools: pass a session, or sessions by name')
  checkOptions('mountDevtools: ', options, rules)
  const { faults, open = false, parent } = options
  definePanel('mountDevtools')
  const named = isSession(sessions) ? { session: sessions } : sessions
  for (const [name, session] of Object.entries(named))
    if (!isSession(session)) throw new TypeError(`mountDevtools: ${name} must be a session`)
  // A script in the head runs before the body exists.
  const host = parent ?? (document.body as HTMLElement | null)
  if (!host) throw new TypeError('mountDevtools: the page has no body yet: call it later, or pass parent')
  const panel = document.createElement('oauth-devtools') as OAuthDevtoolsElement
  panel.show(named, faults)
  panel.open = open
  host.append(panel)
  return () => panel.remove()
}

function isSession(value: object | null | undefined): value is DevtoolsSession {
  return isFunction((value as Partial<DevtoolsSession> | null | undefined)?.getSnapshot)
}
