import type { KeepAlive } from './axios/options.js'

export type { KeepAlive }

/** The options of `keepAlive`. */
export interface KeepAliveOptions {
  /** The time between two checks, in milliseconds, 30,000 at most. Default: 30,000. */
  readonly every?: number
}

const LONGEST = 30_000

/** Events of a browser after which timers may be late. */
const awakenings = [
  ['document', 'visibilitychange'],
  ['window', 'online'],
] as const

/**
 * Makes the option `keepAlive` of `attachOAuth`: checks every 30 seconds whether the token is about to expire, and refreshes it while no request is made.
 * In a browser it also checks when the page becomes visible and when the network returns. The timer never keeps a Node process alive. Ends with `detach()`.
 *
 * Throws a `TypeError` when `every` is not a number of milliseconds between 1 and 30,000: a longer timer is late after a sleep.
 *
 * @example
 * attachOAuth(api, store, { refresh, keepAlive: keepAlive() })
 */
export function keepAlive({ every = LONGEST }: KeepAliveOptions = {}): KeepAlive {
  if (!(every >= 1 && every <= LONGEST)) throw new TypeError('keepAlive: every must be a number of milliseconds from 1 to 30000')
  return (provider) => {
    // A failure is reported by the next request.
    const look = (): void => void provider.getToken()
    const timer = setInterval(look, every)
    ;(timer as { unref?: () => void }).unref?.()
    const world = globalThis as unknown as Record<string, EventTarget | undefined>
    for (const [target, event] of awakenings) world[target]?.addEventListener(event, look)
    return () => {
      clearInterval(timer)
      for (const [target, event] of awakenings) world[target]?.removeEventListener(event, look)
    }
  }
}
