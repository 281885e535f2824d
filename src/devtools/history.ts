import { aFunction, atLeast, checkOptions } from '../check-options.js'
import { describeEvent } from './describe.js'
import type { SessionEvent, WatchedSession } from './session.js'

/** Options of `recordHistory`. */
export interface HistoryOptions {
  /** How many events are kept; the oldest are dropped first. Default: 500. */
  limit?: number
  /** Called after each event. */
  onEvent?: (event: SessionEvent) => void
}

/** The recorded events of a session, which contain no token. */
export interface History {
  /** The events in order of time, oldest first. */
  readonly events: readonly SessionEvent[]
  /** One line of text for each event, oldest first. */
  lines(): string[]
  /** The lines with the milliseconds since the first event. */
  timeline(): string[]
  /** All lines, for a bug report. */
  toString(): string
  /** Stops recording and keeps the recorded events. */
  stop(): void
}

/** `+    41 ms  refresh started: rejected`. */
export function timelineLine(event: SessionEvent, start: number, events: readonly SessionEvent[]): string {
  return `+${String(Math.round(event.at - start)).padStart(6)} ms  ${describeEvent(event, events, '')}`
}

/** Throws a `TypeError` that names the public function `caller` when `session` is no session. */
export function requireWatched(caller: string, session: WatchedSession): void {
  if (typeof session?.on !== 'function') throw new TypeError(`${caller}: session must be a session`)
}

/**
 * Records the events of a session and gives them as text, to answer "why was I signed out?". Throws a `TypeError` that names the
 * invalid or unknown option.
 *
 * @example
 * const history = recordHistory(session)
 * // later
 * console.log(String(history))
 * // signed out 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4
 */
export function recordHistory(session: WatchedSession, options: HistoryOptions = {}): History {
  requireWatched('recordHistory', session)
  checkOptions('recordHistory: ', options, { limit: atLeast(1, 'a positive number'), onEvent: aFunction })
  const { limit = 500, onEvent } = options
  const events: SessionEvent[] = []
  const stop = session.on('*', (event) => {
    events.push(event)
    if (events.length > limit) events.shift()
    onEvent?.(event)
  })
  // Composed on reading, because the event that explains a sign-out may follow it.
  const lines = (): string[] => events.map((event) => describeEvent(event, events))
  const timeline = (): string[] => events.map((event) => timelineLine(event, events[0]?.at ?? 0, events))
  return { events, lines, timeline, toString: () => lines().join('\n'), stop }
}
