import axios from 'axios'
import { jest } from '@jest/globals'
import { attachOAuth, memoryStore, type AttachedSession } from '../../src/index.js'
import { keepAlive, type KeepAliveOptions } from '../../src/keep-alive.js'

let refreshes = 0
let attached: AttachedSession

async function start(options?: KeepAliveOptions): Promise<void> {
  refreshes = 0
  const api = axios.create({ baseURL: 'https://api.example.com' })
  attached = attachOAuth(
    api,
    memoryStore({ access_token: 'a', expires_in: 1000, expires_at: Math.floor(Date.now() / 1000) + 1000 }),
    {
      refresh: async () => ({ access_token: `a${++refreshes}`, expires_in: 1000 }),
      keepAlive: keepAlive(options),
    },
  )
  await attached.tokens()
}

describe('keepAlive()', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    attached.detach()
    jest.useRealTimers()
  })

  it('refreshes each token ahead once while no request is made', async () => {
    await start()
    await jest.advanceTimersByTimeAsync(780_000)
    expect(refreshes).toBe(0)
    await jest.advanceTimersByTimeAsync(150_000)
    expect(refreshes).toBe(1)
    await jest.advanceTimersByTimeAsync(950_000)
    expect(refreshes).toBe(2)
  })

  it('ends with detach() and leaves no timer', async () => {
    await start()
    attached.detach()
    expect(jest.getTimerCount()).toBe(0)
    await jest.advanceTimersByTimeAsync(2_000_000)
    expect(refreshes).toBe(0)
  })

  it.each([
    ['document', 'visibilitychange'],
    ['window', 'online'],
  ])('refreshes at the event of the %s: %s, although the timers stood still', async (target, event) => {
    const world = globalThis as unknown as Record<string, EventTarget | undefined>
    const place = (world[target] = new EventTarget())
    try {
      await start()
      jest.setSystemTime(Date.now() + 990_000)
      place.dispatchEvent(new Event(event))
      await jest.advanceTimersByTimeAsync(0)
      expect(refreshes).toBe(1)
      attached.detach()
      jest.setSystemTime(Date.now() + 990_000)
      place.dispatchEvent(new Event(event))
      await jest.advanceTimersByTimeAsync(0)
      expect(refreshes).toBe(1)
    } finally {
      delete world[target]
    }
  })

  it.each([0, 30_001, NaN, 2 ** 31])('with an interval of %d ms is a TypeError', async (every) => {
    await start()
    expect(() => keepAlive({ every })).toThrow(new TypeError('keepAlive: every must be a number of milliseconds from 1 to 30000'))
  })
})

describe('a session with keepAlive()', () => {
  /** A session that counts how often it is asked for its token. */
  function keep(options?: KeepAliveOptions): { checks: () => number; end: () => void } {
    const getToken = jest.fn(() => Promise.resolve({ type: 'none' }))
    return { checks: () => getToken.mock.calls.length, end: keepAlive(options)({ getToken } as never) }
  }

  it.each([
    ['half a minute', undefined, 30_000],
    ['interval of the option', { every: 1 }, 1],
    ['half a minute at most', { every: 30_000 }, 30_000],
  ])('is checked every %s until the end', async (_how, options, every) => {
    jest.useFakeTimers()
    try {
      const { checks, end } = keep(options)
      await jest.advanceTimersByTimeAsync(every - 1)
      expect(checks()).toBe(0)
      await jest.advanceTimersByTimeAsync(1)
      expect(checks()).toBe(1)
      await jest.advanceTimersByTimeAsync(9 * every)
      expect(checks()).toBe(10)
      end()
      await jest.advanceTimersByTimeAsync(9 * every)
      expect([checks(), jest.getTimerCount()]).toEqual([10, 0])
    } finally {
      jest.useRealTimers()
    }
  })

  it('keeps no process alive', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const { end } = keep()
    const during = timers()
    const other = setInterval(() => undefined, 30_000)
    expect([during - before, timers() - before]).toEqual([0, 1])
    clearInterval(other)
    end()
  })

  it('is checked where timers are numbers, as in a browser', () => {
    const ended: unknown[] = []
    const given = jest.spyOn(globalThis, 'setInterval').mockReturnValue(7 as never)
    const cleared = jest.spyOn(globalThis, 'clearInterval').mockImplementation((timer) => void ended.push(timer))
    try {
      keep().end()
      expect(ended).toEqual([7])
    } finally {
      given.mockRestore()
      cleared.mockRestore()
    }
  })

  it.each([
    ['document', 'visibilitychange'],
    ['window', 'online'],
  ])('is not checked at the event of the %s after the end: %s', (target, event) => {
    const world = globalThis as unknown as Record<string, EventTarget | undefined>
    const place = (world[target] = new EventTarget())
    try {
      const { checks, end } = keep()
      place.dispatchEvent(new Event(event))
      expect(checks()).toBe(1)
      end()
      place.dispatchEvent(new Event(event))
      expect(checks()).toBe(1)
    } finally {
      delete world[target]
    }
  })

  it.each([
    ['React Native, whose window has no events and which has no document', { window: globalThis }],
    ['a platform whose document has no events', { window: {}, document: {} }],
  ])('is checked by its timer on %s', async (_where, world) => {
    jest.useFakeTimers()
    Object.assign(globalThis, world)
    try {
      const { checks, end } = keep()
      await jest.advanceTimersByTimeAsync(30_000)
      expect(checks()).toBe(1)
      end()
      expect(jest.getTimerCount()).toBe(0)
    } finally {
      for (const name of Object.keys(world)) Reflect.deleteProperty(globalThis, name)
      jest.useRealTimers()
    }
  })
})
