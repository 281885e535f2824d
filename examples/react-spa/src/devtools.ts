import { createFaults, mountDevtools, type DevtoolsSession } from 'axios-attach-oauth/devtools'

/** `undefined` in a production build, which then carries nothing of the panel. */
export const faults = import.meta.env.DEV ? createFaults() : undefined

export function showDevtools(session: DevtoolsSession): void {
  if (import.meta.env.DEV) mountDevtools({ greenhouse: session }, { faults })
}
