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
