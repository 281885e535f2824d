import { aFunction, checkOptions } from '../check-options.js'
import { recordHistory, requireWatched, timelineLine } from './history.js'
import type { WatchedSession } from './session.js'

/** Options of `printTimeline`. */
export interface PrintTimelineOptions {
  /** Receives one line for each event. Default: `console.log`. */
  write?: (line: string) => void
}

/**
 * Prints the events of a session as they happen, with the time since the first. Returns its own undo. Throws a `TypeError` that
 * names the invalid or unknown option.
 *
 * @example
 * const stop = printTimeline(session)
 * // +     0 ms  refresh started 14:02:10: rejected, started by GET /items/4
 * // +     1 ms  GET /items/4 waits 14:02:10: rejected
 */
export function printTimeline(session: WatchedSession, options: PrintTimelineOptions = {}): () => void {
  requireWatched('printTimeline', session)
  checkOptions('printTimeline: ', options, { write: aFunction })
  const print = options.write ?? ((line: string) => globalThis.console.log(line))
  let start: number | undefined
  const history = recordHistory(session, {
    onEvent: (event) => {
      start ??= event.at
      print(timelineLine(event, start, history.events))
    },
  })
  return history.stop
}
