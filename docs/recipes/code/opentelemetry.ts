import { SpanStatusCode, metrics, trace } from '@opentelemetry/api'
import type { Session } from 'axios-attach-oauth'

/**
 * Metrics and a span for each refresh. Returns the function that ends it. No event
 * has a token.
 */
export function observe(session: Session): () => void {
  const meter = metrics.getMeter('axios-attach-oauth')
  const tracer = trace.getTracer('axios-attach-oauth')
  const refreshes = meter.createCounter('oauth.refreshes')
  const durations = meter.createHistogram('oauth.refresh.duration', { unit: 'ms' })
  const waits = meter.createHistogram('oauth.request.wait', { unit: 'ms' })
  const ends = meter.createCounter('oauth.sign_outs')

  return session.on('*', (event) => {
    if (event.type === 'released')
      waits.record(event.waited, { outcome: event.outcome })
    if (event.type === 'signed_out') ends.add(1, { reason: event.reason })
    if (event.type !== 'refreshed' && event.type !== 'refresh_failed') return
    const outcome =
      event.type === 'refreshed'
        ? 'success'
        : (event.oauthError ?? event.error.code)
    refreshes.add(1, { reason: event.reason, outcome })
    durations.record(event.duration, { reason: event.reason })
    const span = tracer.startSpan('oauth.refresh', {
      startTime: event.at - event.duration,
      attributes: {
        reason: event.reason,
        attempts: event.attempts,
        waiting: event.waiting,
      },
    })
    if (event.type === 'refresh_failed')
      span.setStatus({ code: SpanStatusCode.ERROR, message: event.error.code })
    span.end(event.at)
  })
}
