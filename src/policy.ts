import type { Credentials } from './tokens.js'

/** How long before the expiry a window begins: `share` of the token's lifetime (0 to 1), and `most` milliseconds at most. */
export interface WindowSize {
  readonly most: number
  readonly share: number
}

/** The numbers behind the decisions. Times are milliseconds. */
export interface PolicySettings {
  readonly refreshAhead: WindowSize
  readonly waitAhead: WindowSize
  readonly retries: { readonly tries: number; readonly delay: number; readonly longest: number }
  readonly coolDown: { readonly first: number; readonly longest: number }
  readonly refreshLimit: { readonly flights: number; readonly within: number }
}

export const defaultPolicy: PolicySettings = {
  refreshAhead: { most: 300_000, share: 0.2 },
  waitAhead: { most: 30_000, share: 0.05 },
  retries: { tries: 3, delay: 1000, longest: 20_000 },
  coolDown: { first: 10_000, longest: 60_000 },
  refreshLimit: { flights: 5, within: 30_000 },
}

/** From when on a refresh runs in the background, and from when on requests wait for it: epoch milliseconds. */
export interface Windows {
  readonly refreshFrom: number
  readonly waitFrom: number
}

/**
 * The two windows before the expiry of a token. `random` (0 to 1) spreads the beginning of the first one, so that a fleet that
 * started together doesn't refresh together.
 */
export function windowsOf(
  { expiresAt, lifetime, refreshAt }: Credentials,
  random: number,
  { refreshAhead, waitAhead }: PolicySettings,
): Windows {
  if (expiresAt === Infinity) return { refreshFrom: Infinity, waitFrom: Infinity }
  const before = ({ most, share }: WindowSize): number => expiresAt - Math.min(most, lifetime * share)
  const waitFrom = before(waitAhead)
  const advisory = refreshAt ?? before(refreshAhead)
  return { refreshFrom: Math.min(waitFrom, advisory + (random * (expiresAt - advisory)) / 2), waitFrom }
}

/** What a failed refresh means for the session. */
export type FailureKind = 'terminal' | 'misconfigured' | 'transient'

export interface Failure {
  readonly kind: FailureKind
  /** True when the server has provably not processed the request, so that it may be sent again. */
  readonly unprocessed: boolean
  /** What the server asks to wait, in milliseconds. */
  readonly retryAfter?: number
}

const serverTroubles = new Set(['server_error', 'temporarily_unavailable', 'slow_down'])
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** A header of a fetch `Response`, of an axios response or of a plain object. */
function header(response: unknown, name: string): unknown {
  const headers = member(response, 'headers')
  const get = member(headers, 'get')
  return typeof get === 'function' ? get.call(headers, name) : member(headers, name)
}

function retryAfterOf(value: unknown, now: number): number | undefined {
  if ((value ?? '') === '') return undefined
  const seconds = Number(value)
  const ms = Number.isNaN(seconds) ? Date.parse(String(value)) - now : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/**
 * Classifies what a refresh function rejected with, by its shape: the errors of this package's grants, of oauth4webapi, openid-client, fetch
 * and axios look alike enough.
 */
export function classifyFailure(error: unknown, now: number): Failure {
  const response = member(error, 'response')
  const oauthError = member(error, 'error') ?? member(member(response, 'data'), 'error')
  const status = Number(member(error, 'status') ?? member(response, 'status') ?? 0)
  if (typeof oauthError === 'string' && status !== 429 && status < 500 && !serverTroubles.has(oauthError))
    return { kind: oauthError === 'invalid_grant' ? 'terminal' : 'misconfigured', unprocessed: false }
  let unprocessed = status === 429 || status === 503
  for (let cause = error, depth = 0; depth < 4; cause = member(cause, 'cause'), depth++)
    unprocessed ||= neverConnected.has(String(member(cause, 'code')))
  const retryAfter = retryAfterOf(member(error, 'retryAfter') ?? header(response, 'retry-after'), now)
  return { kind: 'transient', unprocessed, ...(retryAfter !== undefined && { retryAfter }) }
}

/** How long to wait before the next try, in milliseconds; `undefined` when there is to be none. `made` counts the tries already made. */
export function retryDelay(
  failure: Failure,
  made: number,
  random: number,
  { tries, delay, longest }: PolicySettings['retries'],
): number | undefined {
  if (!failure.unprocessed || made >= tries) return undefined
  const backoff = random * delay * 2 ** (made - 1)
  if (failure.retryAfter === undefined) return backoff
  return failure.retryAfter <= longest ? failure.retryAfter + backoff / 10 : undefined
}

/** How long a refresh token that has just failed is left alone, in milliseconds. `failures` counts those in a row. */
export function coolDown(failures: number, { first, longest }: PolicySettings['coolDown']): number {
  return Math.min(longest, first * 2 ** (failures - 1))
}

/** May another flight start? `starts` are the times of those that count, `now` the present, on one monotonic clock. */
export function withinBudget(
  starts: readonly number[],
  now: number,
  { flights, within }: PolicySettings['refreshLimit'],
): boolean {
  const oldest = starts[starts.length - flights]
  return oldest === undefined || now - oldest >= within
}
