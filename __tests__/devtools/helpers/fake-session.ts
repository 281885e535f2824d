import type { DevtoolsSession, SessionEvent } from '../../../src/devtools/index.js'

type Snapshot = ReturnType<DevtoolsSession['getSnapshot']>

export interface FakeSession extends DevtoolsSession {
  emit(event: SessionEvent): void
  set(snapshot: Snapshot): void
  /** Calls of the session's methods by the panel. */
  readonly calls: [name: string, ...values: unknown[]][]
  listeners(): number
}

export function fakeSession(initial: Snapshot = { status: 'unknown', refreshing: false }): FakeSession {
  let snapshot = initial
  const calls: FakeSession['calls'] = []
  const listeners = new Set<(event: SessionEvent) => void>()
  const subscribers = new Set<() => void>()
  return {
    calls,
    on(_name, listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    subscribe(listener) {
      subscribers.add(listener)
      return () => void subscribers.delete(listener)
    },
    getSnapshot: () => snapshot,
    tokens: async () => ({ access_token: 'secret-access', refresh_token: 'secret-refresh', expires_at: 99 }),
    signIn: async (...values) => void calls.push(['signIn', ...values]),
    async getAccessToken(...values) {
      calls.push(['getAccessToken', ...values])
      return 'secret-access'
    },
    emit: (event) => listeners.forEach((listener) => listener(event)),
    set(next) {
      snapshot = next
      subscribers.forEach((listener) => listener())
    },
    listeners: () => listeners.size + subscribers.size,
  }
}

/** A burst: one request refused, one that waits, a refresh that fails for good, and the sign-out. */
export function burst(at: number): SessionEvent[] {
  const four = { requestId: 4, method: 'get', url: 'https://api.example/items/4' }
  const upload = { requestId: 5, method: 'post', url: '/upload' }
  const { method, url } = four
  const refresh = { refreshId: 1, reason: 'rejected', startedBy: { method, url } }
  return [
    { type: 'sent', at, ...four },
    { type: 'queued', at: at + 40, ...four, because: 'rejected' },
    { type: 'refresh_started', at: at + 41, ...refresh },
    { type: 'queued', at: at + 60, ...upload, because: 'token' },
    { type: 'refresh_failed', at: at + 200, ...refresh, status: 400, oauthError: 'invalid_grant', duration: 159 },
    { type: 'signed_out', at: at + 201, reason: 'invalid_grant' },
    { type: 'released', at: at + 202, ...four, waited: 162, outcome: 'rejected' },
    { type: 'released', at: at + 202, ...upload, waited: 142, outcome: 'failed' },
  ]
}
