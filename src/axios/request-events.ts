import type { InternalAxiosRequestConfig } from 'axios'
import type { Events, SessionEvents } from '../session/events.js'
import type { TokenProvider } from '../session/token-provider.js'
import { summaryOf } from './request-options.js'

/** Emits `queued`. Returns the function that emits `released`; `undefined` when there is no listener. */
export function emitQueued(
  { events, monotonic }: TokenProvider,
  config: InternalAxiosRequestConfig,
  requestId: number | undefined,
  because: SessionEvents['queued']['because'],
): ((outcome: SessionEvents['released']['outcome']) => void) | undefined {
  if (requestId === undefined) return undefined
  const startedAt = monotonic()
  const request = { ...summaryOf(config), requestId }
  events.emit('queued', { ...request, because })
  return (outcome) => events.emit('released', { ...request, waited: monotonic() - startedAt, outcome })
}

/** Emits `sent`. */
export function emitSent(
  events: Events,
  name: 'sent' | 'resent',
  config: InternalAxiosRequestConfig,
  requestId: number | undefined,
): void {
  if (requestId !== undefined) events.emit(name, { ...summaryOf(config), requestId })
}
