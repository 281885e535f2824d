import type { Failure } from './policy/failure.js'
import type { ParsedTokenSet } from './tokens.js'

export { classifyFailure } from './policy/classify.js'
export { parseText } from './policy/evidence.js'
export type { ClassifyFailure, ClassifyOptions, Failure, FailureKind, RefreshFailure } from './policy/failure.js'

/** The length of a window before the expiry: `fraction` of the token's lifetime (0 to 1), at most `max` milliseconds. */
export interface WindowSize {
  readonly max: number
  readonly fraction: number
}

/** The numbers behind the decisions. Times are milliseconds. */
export interface PolicySettings {
  readonly refreshWindow: WindowSize
  readonly blockingWindow: WindowSize
  readonly retry: { readonly limit: number; readonly delay: number; readonly maxRetryAfter: number }
  readonly cooldown: { readonly initial: number; readonly max: number }
  readonly refreshLimit: { readonly count: number; readonly interval: number }
}

export const defaultPolicy: PolicySettings = {
  refreshWindow: { max: 300_000, fraction: 0.2 },
  blockingWindow: { max: 30_000, fraction: 0.05 },
  retry: { limit: 3, delay: 1000, maxRetryAfter: 20_000 },
  cooldown: { initial: 10_000, max: 60_000 },
  refreshLimit: { count: 5, interval: 30_000 },
}

/** From `refreshFrom` on, a refresh runs in the background; from `blockFrom` on, requests wait for it. Epoch milliseconds. */
export interface Windows {
  readonly refreshFrom: number
  readonly blockFrom: number
}

/**
 * The two windows before the expiry of a token. `random` (0 to 1) spreads the start of the refresh window over its first half, so that
 * processes that started together do not refresh together. A set without an access token is inside both.
 */
export function windowsOf(
  { accessToken, expiresAt, lifetime, refreshAt }: ParsedTokenSet,
  random: number,
  { refreshWindow, blockingWindow }: PolicySettings,
): Windows {
  if (accessToken === undefined) return { refreshFrom: -Infinity, blockFrom: -Infinity }
  if (expiresAt === Infinity) return { refreshFrom: Infinity, blockFrom: Infinity }
  const before = ({ max, fraction }: WindowSize): number => expiresAt - Math.min(max, lifetime * fraction)
  const blockFrom = before(blockingWindow)
  const start = refreshAt ?? before(refreshWindow)
  return { refreshFrom: Math.min(blockFrom, start + (random * (expiresAt - start)) / 2), blockFrom }
}

/** The delay before the next attempt, in milliseconds; `undefined` when no attempt is left. `made`: the attempts already made. */
export function retryDelay(
  failure: Failure,
  made: number,
  random: number,
  { limit, delay, maxRetryAfter }: PolicySettings['retry'],
): number | undefined {
  if (!failure.notProcessed || made >= limit) return undefined
  const backoff = random * delay * 2 ** (made - 1)
  if (failure.retryAfter === undefined) return backoff
  return failure.retryAfter <= maxRetryAfter ? failure.retryAfter + backoff / 10 : undefined
}

/** How long a refresh token is not sent after a failed refresh, in milliseconds. `failures`: consecutive failures. */
export function cooldownDelay(failures: number, { initial, max }: PolicySettings['cooldown']): number {
  return Math.min(max, initial * 2 ** (failures - 1))
}

/**
 * True when another refresh may start. `starts`: the times of the refreshes that count. `now`: the present time on the same
 * monotonic clock.
 */
export function withinRefreshLimit(
  starts: readonly number[],
  now: number,
  { count, interval }: PolicySettings['refreshLimit'],
): boolean {
  const oldest = starts[starts.length - count]
  return oldest === undefined || now - oldest >= interval
}
