/** The life of an access token, as shares of its lifetime. */
export interface Countdown {
  /** Milliseconds until the token expires; negative afterwards. */
  readonly remaining: number
  /** 1 for a new token, 0 for an expired one. Missing when the lifetime is unknown. */
  readonly share?: number
  /** Below this share a refresh runs in the background. */
  readonly refreshWindow?: number
  /** Below this share requests wait for the refresh. */
  readonly blockingWindow?: number
}

/**
 * The remaining life of a token. The windows are the defaults of a session: min(300 s, 20 %) and min(30 s, 5 %) of the lifetime.
 * `receivedAt` is known if the panel was open when the session received the token.
 */
export function countdownOf(expiresAt: number, receivedAt: number | undefined, now: number): Countdown {
  const remaining = expiresAt - now
  if (receivedAt === undefined || expiresAt <= receivedAt) return { remaining }
  const lifetime = expiresAt - receivedAt
  return {
    remaining,
    share: Math.min(1, Math.max(0, remaining / lifetime)),
    refreshWindow: Math.min(300_000 / lifetime, 0.2),
    blockingWindow: Math.min(30_000 / lifetime, 0.05),
  }
}

/** `4:05`, `1:02:09`, `expired`. */
export function clockText(remaining: number): string {
  if (remaining <= 0) return 'expired'
  const seconds = Math.ceil(remaining / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
