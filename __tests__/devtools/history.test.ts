import { printTimeline, recordHistory, type SessionEvent } from '../../src/devtools/index.js'
import { timelineOf } from '../../src/devtools/timeline.js'
import { burst, fakeSession, type FakeSession } from './helpers/fake-session.js'

const at = new Date(2026, 0, 5, 14, 2, 11).getTime()

function record(...events: SessionEvent[]): string[] {
  const session = fakeSession()
  const history = recordHistory(session)
  events.forEach((event) => session.emit(event))
  return history.lines()
}

describe('the history of a session as text', () => {
  it('says why a user was signed out, and which request had started the refresh', () => {
    expect(record(...burst(at))[5]).toBe(
      'signed out 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4',
    )
  })

  it('finds the cause also when it is told after the sign-out', () => {
    const events = burst(at)
    const [failed, ended] = [events[4]!, events[5]!]
    expect(record(...events.slice(0, 4), ended, failed)[4]).toMatch(
      /^signed out .*: invalid_grant from the token endpoint, refresh started by GET/,
    )
  })

  it('tells each step of a burst', () => {
    expect(record(...burst(at))).toEqual([
      'GET /items/4 sent 14:02:11',
      'GET /items/4 waits 14:02:11: rejected',
      'refresh started 14:02:11: rejected, started by GET /items/4',
      'POST /upload waits 14:02:11: for a token',
      'refresh failed 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4',
      'signed out 14:02:11: invalid_grant from the token endpoint, refresh started by GET /items/4',
      'GET /items/4 released 14:02:11: after 162 ms, no newer token',
      'POST /upload released 14:02:11: after 142 ms, the refresh failed',
    ])
  })

  it.each<[SessionEvent, string]>([
    [{ type: 'signed_out', at, reason: 'requested' }, 'signed out 14:02:11: signOut() was called'],
    [{ type: 'signed_out', at, reason: 'elsewhere' }, 'signed out 14:02:11: another tab or process signed out'],
    [{ type: 'signed_out', at, reason: 'ended' }, 'signed out 14:02:11: ended'],
    [{ type: 'signed_in', at, session: 'admin' }, 'admin signed in 14:02:11'],
    [
      { type: 'refreshed', at, duration: 210.4, attempts: 2, lockWait: 12, waiting: 6 },
      'refreshed 14:02:11: 210 ms, 2 attempts, 12 ms waiting for the lock, 6 requests waited',
    ],
    [{ type: 'refresh_failed', at, status: 503 }, 'refresh failed 14:02:11: status 503 from the token endpoint'],
    [{ type: 'refresh_failed', at, error: { message: 'no network' } }, 'refresh failed 14:02:11: no network'],
    [
      { type: 'refresh_started', at, startedBy: { method: 'delete', url: '/x?secret=1' } },
      'refresh started 14:02:11: started by DELETE /x',
    ],
    [{ type: 'adopted', at }, 'tokens adopted 14:02:11: another tab or process refreshed'],
    [{ type: 'unpersisted', at, error: { message: 'disk full' } }, 'save failed 14:02:11: disk full'],
    [{ type: 'user_changed', at }, 'user changed 14:02:11'],
    [{ type: 'something_new', at }, 'something new 14:02:11'],
  ])('%j', (event, line) => {
    expect(record(event)).toEqual([line])
  })

  it('keeps the newest events within its limit, and stops', () => {
    const session = fakeSession()
    const history = recordHistory(session, { limit: 2 })
    for (const type of ['signed_in', 'saved', 'user_changed']) session.emit({ type, at })
    history.stop()
    session.emit({ type: 'signed_in', at })
    expect(String(history)).toBe('tokens saved 14:02:11\nuser changed 14:02:11')
    expect(session.listeners()).toBe(0)
  })

  it('gives a time line with the milliseconds since the first event', () => {
    const session = fakeSession()
    const history = recordHistory(session)
    session.emit({ type: 'queued', at, requestId: 1, url: '/a', because: 'rejected' })
    session.emit({ type: 'refreshed', at: at + 9 })
    expect(history.timeline()).toEqual(['+     0 ms  GET /a waits: rejected', '+     9 ms  refreshed'])
  })

  it('misuse names the function', () => {
    expect(() => recordHistory(undefined as never)).toThrow(new TypeError('recordHistory: session must be a session'))
    expect(() => recordHistory(fakeSession(), { limit: 0 })).toThrow(
      new TypeError('recordHistory: limit must be a positive number'),
    )
    expect(() => printTimeline(undefined as never)).toThrow(new TypeError('printTimeline: session must be a session'))
  })

  it.each<[(session: FakeSession) => unknown, string]>([
    [(session) => recordHistory(session, { limt: 5 } as never), 'recordHistory: limt is unknown; known are limit, onEvent'],
    [(session) => recordHistory(session, { onEvent: 5 as never }), 'recordHistory: onEvent must be a function'],
    [(session) => recordHistory(session, null as never), 'recordHistory: the options must be an object'],
    [(session) => printTimeline(session, { write: 5 as never }), 'printTimeline: write must be a function'],
    [(session) => printTimeline(session, null as never), 'printTimeline: the options must be an object'],
  ])('misuse names the option, and nothing is watched: %s', (call, message) => {
    const session = fakeSession()
    expect(() => call(session)).toThrow(new TypeError(message))
    expect(session.listeners()).toBe(0)
  })

  it('prints as a time line while it happens', () => {
    const lines: string[] = []
    const session = fakeSession()
    const stop = printTimeline(session, { write: (line) => lines.push(line) })
    burst(at)
      .slice(0, 3)
      .forEach((event) => session.emit(event))
    stop()
    session.emit({ type: 'signed_in', at })
    expect(lines).toEqual([
      '+     0 ms  GET /items/4 sent',
      '+    40 ms  GET /items/4 waits: rejected',
      '+    41 ms  refresh started: rejected, started by GET /items/4',
    ])
  })
})

describe('the waterfall', () => {
  it('has a row for each request and a band for each refresh', () => {
    expect(timelineOf(burst(at))).toEqual({
      requests: [
        {
          id: 4,
          label: 'GET /items/4',
          from: at,
          marks: [
            { kind: 'sent', at },
            { kind: 'refused', at: at + 40 },
          ],
          waits: [{ from: at + 40, to: at + 202 }],
        },
        { id: 5, label: 'POST /upload', from: at + 60, marks: [], waits: [{ from: at + 60, to: at + 202 }] },
      ],
      refreshes: [{ id: 1, from: at + 41, to: at + 200, outcome: 'failed' }],
    })
  })

  it('ends the band of a refresh that a sign-out has superseded', () => {
    const { refreshes } = timelineOf([
      { type: 'refresh_started', at: 3, refreshId: 1 },
      { type: 'signed_out', at: 5, reason: 'requested' },
    ])
    expect(refreshes).toEqual([{ id: 1, from: 3, to: 5, outcome: 'superseded' }])
  })

  it('shows a refresh of another tab, one that runs, and a request that is re-sent', () => {
    const { requests, refreshes } = timelineOf([
      { type: 'adopted', at: 1 },
      { type: 'sent', at: 2, requestId: 1, method: 'get', url: '/a' },
      { type: 'queued', at: 3, requestId: 1, because: 'rejected' },
      { type: 'refresh_started', at: 3, refreshId: 1 },
      { type: 'released', at: 5, requestId: 1 },
      { type: 'resent', at: 5, requestId: 1 },
    ])
    expect(refreshes).toMatchObject([{ outcome: 'adopted', from: 1, to: 1 }, { outcome: 'running' }])
    expect(requests).toMatchObject([{ label: 'GET /a', marks: [{ kind: 'sent' }, { kind: 'refused' }, { kind: 're-sent' }] }])
  })
})
