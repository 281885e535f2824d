import type { KeepAlive } from './axios/options.js'
import { checkOptions, type OptionRule } from './check-options.js'

export type { KeepAlive }

/** The options of `keepAlive`. */
export interface KeepAliveOptions {
  /** The time between two checks, in milliseconds, at most 30,000. Default: 30,000. */
  readonly every?: number | undefined
}

const LONGEST = 30_000

const rules: Record<keyof KeepAliveOptions, OptionRule> = {
  every: ['a number of milliseconds from 1 to 30000', (value) => typeof value === 'number' && value >= 1 && value <= LONGEST],
}

/** Events of a browser after which timers may be late. React Native has a `window` without events, and no `document`. */
const awakenings = [
  ['document', 'visibilitychange'],
  ['window', 'online'],
] as const

/**
 * Makes the option `keepAlive` of `attachOAuth`: checks every 30 seconds (option `every`) whether the token is about to expire and refreshes it,
 * even while no request is made. In a browser it also checks when the page becomes visible and when the network returns. The
 * timer never keeps a Node process alive. Ends with `detach()`.
 *
 * Throws a `TypeError` when `every` is not a number of milliseconds between 1 and 30,000. A longer timer would be late after the
 * machine has slept.
 *
 * @example
 * attachOAuth(api, store, { refresh, keepAlive: keepAlive() })
 */
export function keepAlive(options?: KeepAliveOptions): KeepAlive {
  checkOptions('keepAlive: ', options ?? {}, rules)
  const { every = LONGEST } = options ?? {}
  const start = (provider: Parameters<KeepAlive>[0]): (() => void) => {
    // The next request reports a failure.
    const look = (): void => void provider.getToken()
    const timer = setInterval(look, every)
    ;(timer as { unref?: () => void }).unref?.()
    const world = globalThis as unknown as Record<string, Partial<EventTarget> | undefined>
    for (const [target, event] of awakenings) world[target]?.addEventListener?.(event, look)
    return () => {
      clearInterval(timer)
      for (const [target, event] of awakenings) world[target]?.removeEventListener?.(event, look)
    }
  }
  return Object.assign(start, { option: 'keepAlive' } as const)
}
