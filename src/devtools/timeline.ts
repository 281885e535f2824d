import { requestName } from './describe.js'
import type { SessionEvent } from './session.js'

/** A request in the waterfall. */
export interface TimelineRequest {
  readonly id: number
  readonly label: string
  /** When it was first sent or began to wait. */
  readonly from: number
  readonly marks: readonly { readonly kind: 'sent' | 'refused' | 're-sent'; readonly at: number }[]
  /** `to` is missing while it waits. */
  readonly waits: readonly { readonly from: number; readonly to?: number }[]
}

/** A refresh in the waterfall. */
export interface TimelineRefresh {
  /** Missing for a token set that was adopted without a refresh. */
  readonly id: number | undefined
  readonly from: number
  /** Missing while it runs. */
  readonly to?: number
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'adopted' | 'superseded'
}

/** The content of the waterfall. */
export interface Timeline {
  readonly requests: readonly TimelineRequest[]
  readonly refreshes: readonly TimelineRefresh[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? Mutable<U>[] : T[K] }

const outcomes: Record<string, TimelineRefresh['outcome']> = {
  refreshed: 'succeeded',
  refresh_failed: 'failed',
  adopted: 'adopted',
}

function addRequest(requests: Map<number, Mutable<TimelineRequest>>, event: SessionEvent, id: number): void {
  const { type, at } = event
  const label = requestName(event) ?? `request ${id}`
  const request = requests.get(id) ?? { id, label, from: at, marks: [], waits: [] }
  requests.set(id, request)
  const wait = request.waits.at(-1)
  if (type === 'sent') request.marks.push({ kind: 'sent', at })
  if (type === 'queued') {
    if (event.because === 'rejected') request.marks.push({ kind: 'refused', at })
    request.waits.push({ from: at })
  }
  if (type === 'released' && wait) wait.to = at
  if (type === 'resent') request.marks.push({ kind: 're-sent', at })
}

/** Puts the events of a session in the order of requests and refreshes. Pure. */
export function timelineOf(events: readonly SessionEvent[]): Timeline {
  const requests = new Map<number, Mutable<TimelineRequest>>()
  const refreshes: Mutable<TimelineRefresh>[] = []
  for (const event of events) {
    const { type, at, requestId, refreshId } = event
    if (requestId !== undefined) addRequest(requests, event, requestId)
    if (type === 'refresh_started') refreshes.push({ id: refreshId, from: at, outcome: 'running' })
    // A refresh that is superseded has no event of its own.
    if (type === 'signed_in' || type === 'signed_out')
      for (const refresh of refreshes) if (refresh.to === undefined) Object.assign(refresh, { to: at, outcome: 'superseded' })
    const outcome = outcomes[type]
    if (outcome === undefined) continue
    const running = refreshes.findLast(({ id, to }) => to === undefined && id === refreshId)
    if (running) Object.assign(running, { to: at, outcome })
    else if (outcome === 'adopted') refreshes.push({ id: refreshId, from: at, to: at, outcome })
  }
  return { requests: [...requests.values()], refreshes }
}
