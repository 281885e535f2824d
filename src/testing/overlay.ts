import type { OpenSession } from '../session/open-session.js'
import type { SessionSnapshot } from '../session/snapshot.js'
import type { SignOutReason } from '../session/events.js'

/** The members of a snapshot that a test sets. */
export type Overlay = Readonly<Partial<Record<'status' | 'reason' | 'error' | 'lastError' | 'refreshing', unknown>>>

/** Decides what a session shows. */
export interface OverlaySource {
  /** The overlay of the next snapshot. `hasChanged`: the session itself has changed since the last one. */
  readonly shown: (hasChanged: boolean) => Overlay
  /** Members that replace those of the event `signed_out`. */
  readonly reason: () => { readonly reason?: SignOutReason }
}

function overlaid(base: SessionSnapshot, overlay: Overlay): SessionSnapshot {
  const { status } = overlay
  const { refreshing, lastError } = base
  const common = { refreshing, ...(lastError && { lastError }) }
  return Object.freeze({ ...(status === undefined || status === base.status ? base : common), ...overlay }) as SessionSnapshot
}

/** Shows an overlay in the snapshots and events of a session, also to the session objects of attached instances. */
export function overlaySession({ snapshots, notifications }: OpenSession, { shown, reason }: OverlaySource): void {
  const prototype = Object.getPrototypeOf(snapshots) as object
  const real = (): SessionSnapshot => Reflect.get(prototype, 'present', snapshots) as SessionSnapshot
  let base = real()
  let overlay: Overlay = {}
  let present = base

  Object.defineProperty(snapshots, 'present', {
    configurable: true,
    get() {
      const next = real()
      const over = shown(next !== base)
      if (next !== base || over !== overlay) present = overlaid((base = next), (overlay = over))
      return present
    },
  })
  const notify = notifications.notify.bind(notifications)
  notifications.notify = (events = []) => {
    const replaced = reason()
    notify(events.map((call) => (call[0] === 'signed_out' ? [call[0], { ...call[1], ...replaced }] : call)) as typeof events)
  }
}
