import {
  absoluteExpiryOf,
  checkTokens,
  durationOf,
  isObject,
  text,
  tokenMembers,
  writeExpiry,
  type CheckedTokens,
} from './tokens/members.js'
import { toDuration, toTime } from './tokens/times.js'
import type { TokenJSON, TokenSet } from './types.js'

export { decodeIdToken, userOf } from './tokens/id-token.js'

/** A parsed token set. Times are epoch milliseconds by this machine's clock. */
export interface ParsedTokenSet {
  /** The JSON to store, including unknown members and known members of an unexpected type. */
  readonly tokens: TokenJSON
  /** `undefined` in a set that has only a refresh token. */
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
  /** `Infinity` when unknown. */
  readonly expiresAt: number
  /** Milliseconds; `Infinity` when unknown. */
  readonly lifetime: number
  /** When the server suggests a refresh (`refresh_in`). */
  readonly refreshAt: number | undefined
}

/** Members that describe one access token, including names that are not read here. They become stale with the next token. */
const accessTokenTime =
  /^(ext_|(access_?)?token_?)?expir|^(exp|valid_?(until|to)|refresh_(in|at)|not_before|(created|issued)_at)$/i

/** Members that describe one refresh token, such as `refresh_token_expires_in` or Keycloak's `refresh_expires_in`. */
const refreshTokenTime = /^(x_)?refresh_?(token_?)?expir/i

const DAY = 86_400_000

function withTimes(checked: CheckedTokens, expiresAt: number, duration: number | undefined, issuedAt: number): ParsedTokenSet {
  const { tokens, accessToken, refreshToken } = checked
  const refreshIn = toDuration(tokens.refresh_in)
  const known = expiresAt !== Infinity
  return {
    tokens,
    accessToken,
    refreshToken,
    expiresAt,
    lifetime: known ? (duration ?? Math.max(0, expiresAt - issuedAt)) : Infinity,
    refreshAt: known && refreshIn && duration !== undefined ? expiresAt - duration + refreshIn : undefined,
  }
}

/** Copies `tokens` without the members that `isStale` selects by name. */
function without(tokens: TokenJSON | undefined, isStale: (name: string) => boolean): TokenJSON {
  return Object.fromEntries(Object.entries(tokens ?? {}).filter(([name]) => !isStale(name)))
}

/**
 * Parses stored token JSON; an absolute time wins over a lifetime. Throws `OAUTH_TOKEN_INVALID`, whose message quotes no part of
 * the JSON.
 */
export function parseStoredTokens(json: unknown, now: number): ParsedTokenSet {
  const checked = checkTokens(json, false)
  const { tokens } = checked
  const duration = durationOf(tokens, checked.refreshToken)
  const issuedAt = toTime(tokens.created_at) ?? toTime(tokens.issued_at)
  // NaN when one of the two is unknown.
  const issued = Number(issuedAt) + Number(duration) || Infinity
  return withTimes(checked, absoluteExpiryOf(tokens) ?? issued, duration, issuedAt ?? now)
}

/**
 * Parses the token JSON of a sign-in, either a new token response or one saved earlier by the application: the earlier of
 * lifetime and absolute time wins. Throws `OAUTH_TOKEN_INVALID`.
 */
export function parseSignInTokens(json: unknown, now: number): ParsedTokenSet {
  const stored = parseStoredTokens(json, now)
  const duration = durationOf(stored.tokens, stored.refreshToken)
  const parsed = duration === undefined ? stored : withTimes(stored, Math.min(stored.expiresAt, now + duration), duration, now)
  writeExpiry(parsed.tokens, undefined, parsed.expiresAt, parsed.lifetime)
  return parsed
}

/**
 * Combines the previous set with a token response (RFC 6749 §5.1, §6). A lifetime counts from `sentAt`, when the request was
 * sent, and wins over an absolute time; an absolute time alone is corrected by the server's clock, `serverDate` (the `Date`
 * header). A correction of more than a day is ignored. Throws `OAUTH_TOKEN_INVALID`.
 */
export function mergeTokenResponse(
  previous: TokenJSON | undefined,
  response: unknown,
  sentAt: number,
  serverDate?: string | null,
): ParsedTokenSet {
  const answer = checkTokens(response, true)
  const rotated = answer.refreshToken !== undefined && answer.refreshToken !== previous?.refresh_token
  const kept = without(previous, (name) => accessTokenTime.test(name) || (rotated && refreshTokenTime.test(name)))
  const tokens = { ...kept, ...answer.tokens }
  // Members that a response omits stay unchanged (RFC 6749 §5.1, §6).
  for (const name of ['scope', ...tokenMembers]) {
    const given = name === 'scope' ? tokens[name] : text(tokens[name])
    if ((given ?? '') === '' && kept[name] !== undefined) tokens[name] = kept[name]
  }
  const refreshToken = text(tokens.refresh_token)
  const duration = durationOf(answer.tokens, refreshToken)
  const offset = Date.parse(serverDate ?? '') - sentAt
  const absolute = (absoluteExpiryOf(answer.tokens) ?? Infinity) - (Math.abs(offset) <= DAY ? offset : 0)
  const expiresAt = duration === undefined ? absolute : sentAt + duration
  const parsed = withTimes({ ...answer, tokens, refreshToken }, expiresAt, duration, sentAt)
  writeExpiry(tokens, previous, expiresAt, parsed.lifetime)
  return parsed
}

/**
 * Keeps the new refresh token of a response that `mergeTokenResponse` has refused. Returns the previous set with that refresh
 * token, or `undefined` when the response has no usable new one.
 */
export function usableRefreshToken(
  previous: TokenJSON | undefined,
  response: unknown,
  sentAt: number,
): ParsedTokenSet | undefined {
  const refresh_token = isObject(response) ? text(response.refresh_token) : undefined
  if (refresh_token === undefined || refresh_token === previous?.refresh_token) return undefined
  try {
    return parseStoredTokens({ ...without(previous, (name) => refreshTokenTime.test(name)), refresh_token }, sentAt)
  } catch {
    return undefined
  }
}

/** The copy of a set for a refresh function, without tokens that are not strings. */
export function toTokenSet(tokens: TokenJSON): TokenSet {
  return without(tokens, (name) => tokenMembers.includes(name) && text(tokens[name]) === undefined) as TokenSet
}

/**
 * True when both sets have the same access token and the same refresh token. Records in a form of their own, as `mapTokens` writes
 * them, are compared as a whole.
 */
export function sameTokens(a: TokenJSON | null | undefined, b: TokenJSON | null | undefined): boolean {
  const names = ['access_token', 'refresh_token'] as const
  if (names.some((name) => text(a?.[name]) !== text(b?.[name]))) return false
  return names.some((name) => text(a?.[name]) !== undefined) || JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}
