import { clockText, countdownOf } from '../../src/devtools/panel/countdown.js'

describe('the countdown to expiry', () => {
  it.each([
    [3_600_000, { refreshWindow: 300_000 / 3_600_000, blockingWindow: 30_000 / 3_600_000 }],
    [600_000, { refreshWindow: 0.2, blockingWindow: 0.05 }],
  ])('knows the windows of a token that lives %i ms', (lifetime, windows) => {
    expect(countdownOf(1000 + lifetime, 1000, 1000 + lifetime / 4)).toEqual({
      remaining: lifetime * 0.75,
      share: 0.75,
      ...windows,
    })
  })

  it('shows the time alone where the lifetime is unknown', () => {
    expect(countdownOf(5000, undefined, 1000)).toEqual({ remaining: 4000 })
  })

  it.each([
    [245_000, '4:05'],
    [3_729_000, '1:02:09'],
    [0, 'expired'],
    [-1, 'expired'],
    [1, '0:01'],
  ])('%i ms are %s', (remaining, text) => {
    expect(clockText(remaining)).toBe(text)
  })
})
