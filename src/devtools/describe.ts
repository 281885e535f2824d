import type { RequestReference, SessionEvent } from './session.js'

/** The local time of day, `14:02:11`. */
export function timeOf(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}

/** `GET /items/4`. */
export function requestName({ method, url }: RequestReference = {}): string | undefined {
  return url === undefined ? undefined : `${(method ?? 'get').toUpperCase()} ${pathOf(url)}`
}

function pathOf(url: string): string {
  const path = url.replace(/^[a-z][\w+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/s, '')
  return path === '' ? '/' : path
}

/** The refresh that an event belongs to: by `refreshId`, else the nearest of its type. */
function related(event: SessionEvent, type: string, events: readonly SessionEvent[]): SessionEvent | undefined {
  const candidates = events.filter((other) => other.type === type && other !== event)
  if (event.refreshId !== undefined) return candidates.find(({ refreshId }) => refreshId === event.refreshId)
  return candidates.filter(({ at }) => Math.abs(at - event.at) < 1000).at(-1)
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function failureOf(event: SessionEvent): string {
  const { oauthError, status, error, reason } = event
  if (oauthError !== undefined) return `${oauthError} from the token endpoint`
  if (status !== undefined) return `status ${status} from the token endpoint`
  if (typeof error?.message === 'string') return error.message
  return reason ?? 'no answer from the token endpoint'
}

function starterOf(event: SessionEvent, events: readonly SessionEvent[]): string | undefined {
  const started = related(event, 'refresh_started', events)
  const name = requestName(event.startedBy ?? started?.startedBy)
  return name === undefined ? undefined : `refresh started by ${name}`
}

function signOutCause(event: SessionEvent, events: readonly SessionEvent[]): (string | undefined)[] {
  if (event.reason === 'requested') return ['signOut() was called']
  if (event.reason === 'elsewhere') return ['another tab or process signed out']
  const failed = related(event, 'refresh_failed', events)
  const cause = event.oauthError !== undefined || !failed ? event : failed
  return [failureOf(cause), starterOf(cause, events)]
}

type Describe = (event: SessionEvent, events: readonly SessionEvent[]) => [what: string, ...details: (string | undefined)[]]

/** The words for the codes of request events. Other codes are printed unchanged. */
const words: Record<string, string> = {
  'because token': 'for a token',
  'because rejected': 'rejected',
  'outcome token': 'with a token',
  'outcome none': 'without a token',
  'outcome failed': 'the refresh failed',
  'outcome rejected': 'no newer token',
  'outcome interrupted': 'aborted or timed out',
}

const request =
  (verb: string): Describe =>
  (event) => {
    const { because, waited, outcome } = event
    return [
      `${requestName(event) ?? 'request'} ${verb}`,
      because && (words[`because ${because}`] ?? because),
      waited === undefined ? undefined : `after ${Math.round(waited)} ms`,
      outcome && (words[`outcome ${outcome}`] ?? outcome),
    ]
  }

const descriptions: Record<string, Describe> = {
  refresh_started: ({ reason, startedBy }) => {
    const name = requestName(startedBy)
    return ['refresh started', reason, name && `started by ${name}`]
  },
  refreshed: ({ duration, attempts, lockWait, waiting }) => [
    'refreshed',
    duration === undefined ? undefined : `${Math.round(duration)} ms`,
    attempts === undefined || attempts < 2 ? undefined : plural(attempts, 'attempt'),
    lockWait === undefined || lockWait < 1 ? undefined : `${Math.round(lockWait)} ms waiting for the lock`,
    waiting === undefined ? undefined : `${plural(waiting, 'request')} waited`,
  ],
  refresh_failed: (event, events) => ['refresh failed', failureOf(event), starterOf(event, events)],
  adopted: () => ['tokens adopted', 'another tab or process refreshed'],
  saved: () => ['tokens saved'],
  unpersisted: ({ error }) => ['save failed', typeof error?.message === 'string' ? error.message : undefined],
  signed_in: () => ['signed in'],
  signed_out: (event, events) => ['signed out', ...signOutCause(event, events)],
  user_changed: () => ['user changed'],
  revocation_failed: ({ error }) => ['revocation failed', typeof error?.message === 'string' ? error.message : undefined],
  sent: request('sent'),
  queued: request('waits'),
  released: request('released'),
  resent: request('re-sent'),
}

/**
 * One line for an event: `signed out 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4`. `events`:
 * the surrounding events, among which the refresh is looked up. `time`: the text for the time; empty to leave it out.
 */
export function describeEvent(event: SessionEvent, events: readonly SessionEvent[] = [], time = ` ${timeOf(event.at)}`): string {
  const [what, ...details] = descriptions[event.type]?.(event, events) ?? [event.type.replaceAll('_', ' ')]
  const told = details.filter((detail) => detail !== undefined && detail !== '')
  const name = event.session === undefined ? '' : `${event.session} `
  return `${name}${what}${time}${told.length > 0 ? `: ${told.join(', ')}` : ''}`
}
