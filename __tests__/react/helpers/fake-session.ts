import type { SessionSnapshot } from '../../../src/index.js'
import type { ReactSession } from '../../../src/react/index.js'

export interface FakeSession extends ReactSession {
  /** Changes the snapshot and runs the subscribers. */
  set(snapshot: SessionSnapshot): void
  subscribers(): number
}

export const signedIn = {
  status: 'signed_in',
  generation: 1,
  refreshing: false,
  persisted: true,
  canRefresh: true,
  user: 'alice',
} as const
export const signedOut = { status: 'signed_out', generation: 2, refreshing: false, reason: 'invalid_grant', at: 1 } as const

const server = { status: 'unknown', refreshing: false } as const

export function fakeSession(initial: SessionSnapshot = server): FakeSession {
  let snapshot = initial
  const listeners = new Set<() => void>()
  return {
    subscribe(listener) {
      const entry = (): void => listener()
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    getSnapshot: () => snapshot,
    getServerSnapshot: () => server,
    set(next) {
      snapshot = next
      for (const listener of [...listeners]) listener()
    },
    subscribers: () => listeners.size,
  }
}
