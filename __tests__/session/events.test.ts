import { Events } from '../../src/session/events.js'

const event = { generation: 1 }

describe('listeners', () => {
  it('are called in the order of their registration, with the event', () => {
    const events = new Events()
    const seen: unknown[] = []
    events.on('saved', (given) => seen.push(['first', given]))
    events.on('saved', (given) => seen.push(['second', given]))
    events.on('adopted', () => seen.push('another event'))
    events.emit('saved', event)
    expect(seen).toEqual([
      ['first', event],
      ['second', event],
    ])
  })

  it('are counted: an event without a listener needs no content', () => {
    const events = new Events()
    const undo = [events.on('queued', () => undefined), events.on('queued', () => undefined)]
    undo[0]!()
    expect([events.has('queued'), events.has('released')]).toEqual([true, false])
    undo[1]!()
    expect(events.has('queued')).toBe(false)
  })

  it('that are registered twice are called twice, and each undo removes one', () => {
    const events = new Events()
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
    const events = new Events()
    const undo = events.on('saved', () => undefined)
    undo()
    let calls = 0
    events.on('saved', () => calls++)
    undo()
    events.emit('saved', event)
    expect(calls).toBe(1)
  })

  it('that throw do not keep the others from being called', () => {
    const events = new Events()
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
    const events = new Events()
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
    const events = new Events()
    const seen: string[] = []
    events.on('signed_in', () => events.emit('signed_out', { reason: 'requested' }))
    events.on('signed_in', () => seen.push('signed_in'))
    events.on('signed_out', () => seen.push('signed_out'))
    events.emit('signed_in', event)
    expect(seen).toEqual(['signed_in', 'signed_out'])
  })

  it('puts them after all events that were queued with the present one', () => {
    const events = new Events()
    const seen: string[] = []
    events.on('refreshed', () => events.emit('signed_out', { reason: 'requested' }))
    for (const name of ['refreshed', 'saved', 'signed_out'] as const) events.on(name, () => seen.push(name))
    events.enqueueEvent('refreshed', { generation: 1, expiresAt: undefined })
    events.enqueueEvent('saved', event)
    expect(seen).toEqual([])
    events.drain()
    expect(seen).toEqual(['refreshed', 'saved', 'signed_out'])
  })

  it('is kept when a listener throws or drains', () => {
    const events = new Events()
    const seen: string[] = []
    events.on('refreshed', () => {
      events.drain()
      throw new Error('made up')
    })
    events.on('saved', () => seen.push('saved'))
    events.enqueueEvent('refreshed', { generation: 1, expiresAt: undefined })
    events.enqueueEvent('saved', event)
    events.drain()
    events.emit('saved', event)
    expect(seen).toEqual(['saved', 'saved'])
  })
})
