import { platform } from '../../src/session/environment.js'

describe('a timer of the platform', () => {
  it.each([2 ** 31, Infinity])('of %d ms is not taken for none', async (ms) => {
    let rang = false
    const cancel = platform.after(ms, () => (rang = true))
    await new Promise<void>((resolve) => platform.after(20, resolve))
    cancel()
    expect(rang).toBe(false)
  })

  it('is taken back', async () => {
    let rang = false
    platform.after(1, () => (rang = true))()
    await new Promise<void>((resolve) => platform.after(20, resolve))
    expect(rang).toBe(false)
  })
})

describe('the platform', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  afterEach(() => {
    if (before) Object.defineProperty(globalThis, 'navigator', before)
    else Reflect.deleteProperty(globalThis, 'navigator')
  })

  it.each([
    ['says that it is not', { onLine: false }, true],
    ['says that it is', { onLine: true }, false],
    ['does not say', {}, false],
    ['has no navigator', undefined, false],
  ])('counts as offline only where it says so: one that %s online', (_what, navigator, expected) => {
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
    expect(platform.isOffline?.()).toBe(expected)
  })
})

it('the clock of the platform that never jumps goes on, and its chance lies between 0 and 1', async () => {
  const before = platform.monotonic()
  await new Promise<void>((resolve) => platform.after(20, resolve))
  expect(platform.monotonic()).toBeGreaterThan(before)
  const drawn = Array.from({ length: 20 }, () => platform.random())
  expect(drawn.every((one) => one >= 0 && one < 1)).toBe(true)
  expect(new Set(drawn).size).toBeGreaterThan(1)
})
