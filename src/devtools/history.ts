import { describeEvent } from './describe.js'
import type { SessionEvent, WatchedSession } from './session.js'

/** Options of `recordHistory`. */
export interface HistoryOptions {
  /** How many events are kept; the oldest go first. Default: 500. */
  limit?: number
  /** Called after each event. */
  onEvent?: (event: SessionEvent) => void
}

/** The recorded events of a session. No token is among them. */
export interface History {
  /** The events, oldest first. */
  readonly events: readonly SessionEvent[]
  /** One line of text for each event, oldest first. */
  lines(): string[]
  /** All lines, for a bug report. */
  toString(): string
  /** Stops recording; what was recorded stays. */
  stop(): void
}

/**
 * Records the events of a session and gives them as text, to answer "why was I signed out?".
 *
 * @example
 * const history = recordHistory(session)
 * // later
 * console.log(String(history))
 * // signed out 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4
 */
export function recordHistory(session: WatchedSession, { limit = 500, onEvent }: HistoryOptions = {}): History {
  if (typeof session?.on !== 'function') throw new TypeError('recordHistory: session must be a session')
  if (!(limit >= 1)) throw new TypeError('recordHistory: limit must be a positive number')
  const events: SessionEvent[] = []
  const stop = session.on('*', (event) => {
    events.push(event)
    if (events.length > limit) events.shift()
    onEvent?.(event)
  })
  // Composed when they are read: the event that explains a sign-out may come after it.
  const lines = (): string[] => events.map((event) => describeEvent(event, events))
  return { events, lines, toString: () => lines().join('\n'), stop }
}
