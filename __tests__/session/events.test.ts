import { jest } from '@jest/globals'
import { Events, type EventCall, type SessionEventName } from '../../src/session/events.js'
import { Notifications } from '../../src/session/notifications.js'
import { serverSnapshot, type Snapshots } from '../../src/session/snapshot.js'

const event = { generation: 1 }
const refreshed = {
  refreshId: 1,
  reason: 'expired',
  duration: 1,
  attempts: 1,
  waiting: 0,
  generation: 1,
  expiresAt: undefined,
} as const
const eventNames = Object.keys({
  refresh_started: true,
  refreshed: true,
  refresh_failed: true,
  adopted: true,
  saved: true,
  unpersisted: true,
  signed_in: true,
  signed_out: true,
  user_changed: true,
  revocation_failed: true,
  sent: true,
  queued: true,
  released: true,
  resent: true,
  '*': true,
} satisfies Record<SessionEventName | '*', true>) as (SessionEventName | '*')[]
let now = 0
const open = (): Events => new Events(() => ({ at: now }))

describe('listeners', () => {
  it('of requests do not exist at first: no event of a request is made', () => {
    expect(open().watchesRequests).toBe(false)
  })

  it('are called in the order of their registration, with the event', () => {
    const events = open()
    const seen: unknown[] = []
    events.on('saved', (given) => seen.push(['first', given]))
    events.on('saved', (given) => seen.push(['second', given]))
    events.on('adopted', () => seen.push('another event'))
    events.emit('saved', event)
    expect(seen).toEqual([
      ['first', { type: 'saved', at: 0, ...event }],
      ['second', { type: 'saved', at: 0, ...event }],
    ])
  })

  it.each(['sent', 'queued', 'released', 'resent', '*'] as const)(
    'of %s are counted: events of requests are made only for listeners',
    (name) => {
      const events = open()
      const undo = [events.on(name, () => undefined), events.on(name, () => undefined), events.on('saved', () => undefined)]
      undo[0]!()
      expect(events.watchesRequests).toBe(true)
      undo[1]!()
      expect(events.watchesRequests).toBe(false)
    },
  )

  it('of * get every event, after the listeners of that event, discriminated by its type', () => {
    const events = open()
    const seen: unknown[] = []
    events.on('*', (any) => seen.push(any.type === 'saved' ? any.generation : any.type))
    events.on('saved', () => seen.push('saved'))
    events.emit('saved', event)
    events.emit('signed_out', { reason: 'requested' })
    expect(seen).toEqual(['saved', 1, 'signed_out'])
  })

  it('get the time at which the event happened, also when they are called later', () => {
    const events = open()
    const seen: unknown[] = []
    events.on('saved', ({ at }) => seen.push(at))
    now = 5
    events.enqueueEvent('saved', event)
    now = 9
    events.drain()
    now = 0
    expect(seen).toEqual([5])
  })

  it('that are registered twice are called twice, and each undo removes one', () => {
    const events = open()
    let calls = 0
    const listener = (): number => calls++
    const undo = [events.on('saved', listener), events.on('saved', listener)]
    events.emit('saved', event)
    expect(calls).toBe(2)
    undo[0]!()
    undo[0]!()
    events.emit('saved', event)
    expect(calls).toBe(3)
  })

  it('that are removed twice do not remove a listener that was registered meanwhile', () => {
    const events = open()
    const undo = events.on('saved', () => undefined)
    undo()
    let calls = 0
    events.on('saved', () => calls++)
    undo()
    events.emit('saved', event)
    expect(calls).toBe(1)
  })

  it.each(['typo', 'signedOut', 'toString', '', undefined])('of an unknown event are a TypeError: %s', (name) => {
    expect(() => open().on(name as never, () => undefined)).toThrow(TypeError)
    expect(() => open().on(name as never, () => undefined)).toThrow(`on: ${name} is no event; the events are sent, queued, `)
  })

  it.each(eventNames)('may be of the event %s', (name) => {
    expect(() => open().on(name, () => undefined)).not.toThrow()
  })

  it('that are no functions are a TypeError', () => {
    expect(() => open().on('refreshed', undefined as never)).toThrow(new TypeError('on: listener must be a function'))
    const notifications = new Notifications({ present: serverSnapshot } as Snapshots, open())
    expect(() => notifications.subscribe(undefined as never)).toThrow(new TypeError('subscribe: listener must be a function'))
  })

  it('that throw do not keep the others from being called', () => {
    const events = open()
    const seen: string[] = []
    events.on('saved', () => {
      throw new Error('made up')
    })
    events.on('saved', () => seen.push('second'))
    events.emit('saved', event)
    events.emit('saved', event)
    expect(seen).toEqual(['second', 'second'])
  })

  it('that are added or removed by a listener change the next event, not the present one', () => {
    const events = open()
    const seen: string[] = []
    const undo = [
      events.on('saved', () => {
        seen.push('first')
        undo[1]!()
        if (seen.length === 1) events.on('saved', () => seen.push('third'))
      }),
      events.on('saved', () => seen.push('second')),
    ]
    events.emit('saved', event)
    events.emit('saved', event)
    expect(seen).toEqual(['first', 'second', 'first', 'third'])
  })
})

describe('the order of events', () => {
  it('puts the events that a listener causes after the present one, for every listener', () => {
    const events = open()
    const seen: string[] = []
    events.on('signed_in', () => events.emit('signed_out', { reason: 'requested' }))
    events.on('signed_in', () => seen.push('signed_in'))
    events.on('signed_out', () => seen.push('signed_out'))
    events.emit('signed_in', event)
    expect(seen).toEqual(['signed_in', 'signed_out'])
  })

  it('puts them after all events that were queued with the present one', () => {
    const events = open()
    const seen: string[] = []
    events.on('refreshed', () => events.emit('signed_out', { reason: 'requested' }))
    for (const name of ['refreshed', 'saved', 'signed_out'] as const) events.on(name, () => seen.push(name))
    events.enqueueEvent('refreshed', refreshed)
    events.enqueueEvent('saved', event)
    expect(seen).toEqual([])
    events.drain()
    expect(seen).toEqual(['refreshed', 'saved', 'signed_out'])
  })

  it('is kept when an asynchronous listener rejects, which leaves no unhandled rejection', async () => {
    const events = open()
    const seen: string[] = []
    const unhandled = jest.fn()
    process.on('unhandledRejection', unhandled)
    events.on('saved', () => Promise.reject(new Error('made up')) as never)
    events.on('saved', () => seen.push('saved'))
    events.emit('saved', event)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(seen).toEqual(['saved'])
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is kept when a listener throws or drains', () => {
    const events = open()
    const seen: string[] = []
    events.on('refreshed', () => {
      events.drain()
      throw new Error('made up')
    })
    events.on('saved', () => seen.push('saved'))
    events.enqueueEvent('refreshed', refreshed)
    events.enqueueEvent('saved', event)
    events.drain()
    events.emit('saved', event)
    expect(seen).toEqual(['saved', 'saved'])
  })
})

describe('events that are postponed while a lock is held', () => {
  const first: EventCall[] = [['saved', { generation: 1 }]]
  const second: EventCall[] = [['saved', { generation: 2 }]]

  function listened(): { notifications: Notifications; seen: unknown[] } {
    const notifications = new Notifications({ present: serverSnapshot } as Snapshots, open())
    const seen: unknown[] = []
    notifications.events.on('*', (any) => seen.push(any.type === 'saved' ? any.generation : any.type))
    return { notifications, seen }
  }

  it('come when they are resumed, before those of the release', () => {
    const { notifications, seen } = listened()
    notifications.postpone(first)
    notifications.events.drain()
    expect(seen).toEqual([])
    notifications.resume(first, second)
    expect(seen).toEqual([1, 2])
  })

  it('still wait when another refresh resumes its own, or has none to postpone', () => {
    const { notifications, seen } = listened()
    notifications.postpone(second)
    notifications.postpone([])
    notifications.resume(first)
    expect(seen).toEqual([])
    notifications.resume(second)
    expect(seen).toEqual([2])
  })

  it('come with the next notification, once', () => {
    const { notifications, seen } = listened()
    notifications.postpone(first)
    notifications.notify(second)
    notifications.resume(first)
    expect(seen).toEqual([1, 2])
  })

  it('are none without a change', () => {
    const { notifications, seen } = listened()
    notifications.notify()
    notifications.resume([])
    expect(seen).toEqual([])
  })
})
