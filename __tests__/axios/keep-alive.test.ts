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

describe('keep-alive', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    attached.detach()
    jest.useRealTimers()
  })

  it('refreshes ahead while no request is made, once for each token', async () => {
    await start()
    await jest.advanceTimersByTimeAsync(780_000)
    expect(refreshes).toBe(0)
    await jest.advanceTimersByTimeAsync(150_000)
    expect(refreshes).toBe(1)
    await jest.advanceTimersByTimeAsync(950_000)
    expect(refreshes).toBe(2)
  })

  it('ends with detach, and leaves no timer', async () => {
    await start()
    attached.detach()
    expect(jest.getTimerCount()).toBe(0)
    await jest.advanceTimersByTimeAsync(2_000_000)
    expect(refreshes).toBe(0)
  })

  it.each([
    ['document', 'visibilitychange'],
    ['window', 'online'],
  ])('looks at once when the %s says %s, whatever the timers did meanwhile', async (target, event) => {
    const world = globalThis as unknown as Record<string, EventTarget | undefined>
    world[target] = new EventTarget()
    try {
      await start()
      jest.setSystemTime(Date.now() + 990_000)
      world[target].dispatchEvent(new Event(event))
      await jest.advanceTimersByTimeAsync(0)
      expect(refreshes).toBe(1)
      attached.detach()
      jest.setSystemTime(Date.now() + 990_000)
      world[target].dispatchEvent(new Event(event))
      await jest.advanceTimersByTimeAsync(0)
      expect(refreshes).toBe(1)
    } finally {
      delete world[target]
    }
  })

  it.each([0, 30_001, NaN, 2 ** 31])('refuses to look every %d ms', async (every) => {
    await start()
    expect(() => keepAlive({ every })).toThrow(new TypeError('keepAlive: every must be a number of milliseconds from 1 to 30000'))
  })
})

describe('a session that is kept alive', () => {
  /** A session that notes how often it was asked for its token. */
  function keep(options?: KeepAliveOptions): { looks: () => number; end: () => void } {
    const getToken = jest.fn(() => Promise.resolve({ type: 'none' }))
    return { looks: () => getToken.mock.calls.length, end: keepAlive(options)({ getToken } as never) }
  }

  it.each([
    ['half a minute', undefined, 30_000],
    ['as often as it is told to', { every: 1 }, 1],
    ['no more seldom than that', { every: 30_000 }, 30_000],
  ])('is looked at every %s, whatever the look gives, until the end', async (_how, options, every) => {
    jest.useFakeTimers()
    try {
      const { looks, end } = keep(options)
      await jest.advanceTimersByTimeAsync(every - 1)
      expect(looks()).toBe(0)
      await jest.advanceTimersByTimeAsync(1)
      expect(looks()).toBe(1)
      await jest.advanceTimersByTimeAsync(9 * every)
      expect(looks()).toBe(10)
      end()
      await jest.advanceTimersByTimeAsync(9 * every)
      expect([looks(), jest.getTimerCount()]).toEqual([10, 0])
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

  it('is looked at where timers are numbers, as in a browser', () => {
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
  ])('is no longer looked at when the %s says %s after the end', (target, event) => {
    const world = globalThis as unknown as Record<string, EventTarget | undefined>
    const there = (world[target] = new EventTarget())
    try {
      const { looks, end } = keep()
      there.dispatchEvent(new Event(event))
      expect(looks()).toBe(1)
      end()
      there.dispatchEvent(new Event(event))
      expect(looks()).toBe(1)
    } finally {
      delete world[target]
    }
  })
})
