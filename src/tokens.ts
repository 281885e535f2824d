import { OAuthError } from './errors.js'
import { formatTime, isRelative, toDuration, toTime } from './tokens/times.js'
import type { TokenJSON, TokenSet } from './types.js'

export { decodeIdToken, userOf } from './tokens/id-token.js'

/** A token set that has been read. Times are epoch milliseconds by the clock of this machine. */
export interface ParsedTokenSet {
  /** The JSON to be stored. Unknown members, and known ones of an unexpected type, are kept. */
  readonly tokens: TokenJSON
  /** `undefined` in a set that has only a refresh token. */
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
  /** `Infinity` when it is not known. */
  readonly expiresAt: number
  /** Milliseconds; `Infinity` when it is not known. */
  readonly lifetime: number
  /** When the server suggests a refresh (`refresh_in`). */
  readonly refreshAt: number | undefined
}

type Base = Pick<ParsedTokenSet, 'accessToken' | 'refreshToken'> & { readonly tokens: TokenJSON }

/** Members with an absolute expiry. From the third on, programs also put the seconds from now there. */
const absoluteMembers = ['expires_at', 'expires_on', 'expiry_date', 'expiry', 'expires', 'token_expiry_date'] as const

/** Members that describe one access token and become stale with the next one. */
const timeMembers = [
  ...absoluteMembers,
  'expires_in',
  'expires_in_sec',
  'ext_expires_in',
  'ext_expires_on',
  'refresh_in',
  'refresh_at',
  'not_before',
  'created_at',
  'issued_at',
]

/** Members that describe one refresh token, such as `refresh_token_expires_in` or Keycloak's `refresh_expires_in`. */
const refreshTokenExpiry = /^(x_)?refresh_(token_)?expir/

/** A response that omits one of these leaves it as it was (RFC 6749 §5.1, §6). */
const lastingMembers = ['refresh_token', 'id_token', 'scope']

/** Tokens of these types are useless without a proof that this package does not send (RFC 9449, RFC 8693). */
const proofTypes = /^\s*(dpop|pop|mac|n_a)\s*$/i

const MAX_TOKEN_LENGTH = 65_536
const DAY = 86_400_000

function invalid(message: string): OAuthError {
  return new OAuthError('OAUTH_TOKEN_INVALID', message)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isObject(value: unknown): value is TokenJSON {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readBase(json: unknown, needsAccessToken: boolean): Base {
  if (!isObject(json)) throw invalid('The token set must be a JSON object with the member access_token.')
  const tokens: TokenJSON = { ...json }
  const accessToken = text(tokens.access_token)
  const refreshToken = text(tokens.refresh_token)
  if (accessToken === undefined && (needsAccessToken || refreshToken === undefined || (tokens.access_token ?? '') !== ''))
    throw invalid('The token set has no access_token: request a new one.')
  for (const name of ['access_token', 'refresh_token', 'id_token'])
    if ((text(tokens[name]) ?? '').length > MAX_TOKEN_LENGTH) throw invalid(`The ${name} is longer than 64 KiB.`)
  if (accessToken !== undefined && !/^[\x21-\x7e]+$/.test(accessToken))
    throw invalid(
      'The access_token is not a valid header value: it contains spaces, control characters or non-ASCII characters. Was it copied with a line break?',
    )
  if (proofTypes.test(String(tokens.token_type)))
    throw invalid('The token_type requires a proof of possession, which this package does not send.')
  return { tokens, accessToken, refreshToken }
}

function isRelativeMember(name: string, value: unknown): boolean {
  return name !== 'expires_at' && name !== 'expires_on' && isRelative(value)
}

function durationOf(tokens: TokenJSON, refreshToken: string | undefined): number | undefined {
  // Where both are given, expires_in may count milliseconds.
  let duration = toDuration(tokens.expires_in_sec) || toDuration(tokens.expires_in)
  for (const name of absoluteMembers) if (isRelativeMember(name, tokens[name])) duration ??= toDuration(tokens[name])
  // Servers without refresh tokens send 0 for a token that does not expire.
  return duration === 0 && refreshToken === undefined ? undefined : duration
}

function absoluteExpiryOf(tokens: TokenJSON): number | undefined {
  for (const name of absoluteMembers) {
    const time = isRelativeMember(name, tokens[name]) ? undefined : toTime(tokens[name])
    if (time !== undefined) return time
  }
  return undefined
}

function issuedAtOf(tokens: TokenJSON): number | undefined {
  return toTime(tokens.created_at) ?? toTime(tokens.issued_at)
}

function withTimes(base: Base, expiresAt: number | undefined, duration: number | undefined, issuedAt: number): ParsedTokenSet {
  if (expiresAt === undefined) return { ...base, expiresAt: Infinity, lifetime: Infinity, refreshAt: undefined }
  const refreshIn = toDuration(base.tokens.refresh_in)
  return {
    ...base,
    expiresAt,
    lifetime: duration ?? Math.max(0, expiresAt - issuedAt),
    refreshAt: refreshIn && duration !== undefined ? expiresAt - duration + refreshIn : undefined,
  }
}

/** Writes the expiry into every member that the new or the previous set has for it, in the format found there, or else into `expires_at`. */
function writeExpiry({ tokens, expiresAt, lifetime }: ParsedTokenSet, previous: TokenJSON | undefined): void {
  if (expiresAt === Infinity) return
  let written = false
  for (const name of absoluteMembers) {
    const like = toTime(tokens[name]) === undefined ? (previous?.[name] ?? tokens[name]) : tokens[name]
    if (like === undefined) continue
    if (isRelativeMember(name, like)) {
      const seconds = Math.min(Math.floor(lifetime / 1000), 999_999_999)
      tokens[name] = typeof like === 'string' ? String(seconds) : seconds
    } else if (typeof like !== 'boolean' && (typeof like !== 'object' || like instanceof Date || like === null)) {
      tokens[name] = formatTime(expiresAt, like, lifetime)
      written = true
    }
  }
  if (!written) tokens.expires_at = formatTime(expiresAt, undefined, lifetime)
}

/** Reads token JSON found in a store; an absolute time wins over a lifetime. Throws `OAUTH_TOKEN_INVALID`; the message quotes nothing of it. */
export function parseStoredTokens(json: unknown, now: number): ParsedTokenSet {
  const base = readBase(json, false)
  const duration = durationOf(base.tokens, base.refreshToken)
  const issuedAt = issuedAtOf(base.tokens)
  const issued = issuedAt === undefined || duration === undefined ? undefined : issuedAt + duration
  return withTimes(base, absoluteExpiryOf(base.tokens) ?? issued, duration, issuedAt ?? now)
}

/**
 * Reads the token JSON of a sign-in, which may be a fresh token response or one that the application has saved earlier: the earlier of lifetime and
 * absolute time wins. Throws `OAUTH_TOKEN_INVALID`.
 */
export function parseSignInTokens(json: unknown, now: number): ParsedTokenSet {
  const { expiresAt: stored, ...base } = parseStoredTokens(json, now)
  const duration = durationOf(base.tokens, base.refreshToken)
  const expiresAt = Math.min(stored, duration === undefined ? Infinity : now + duration)
  const parsed = withTimes(base, expiresAt === Infinity ? undefined : expiresAt, duration, now)
  writeExpiry(parsed, undefined)
  return parsed
}

/** Copies `tokens` without what `isStale` selects by name. */
function without(tokens: TokenJSON | undefined, isStale: (name: string) => boolean): TokenJSON {
  return Object.fromEntries(Object.entries(tokens ?? {}).filter(([name]) => !isStale(name)))
}

/**
 * Combines the previous set with a token response (RFC 6749 §5.1, §6). A lifetime counts from `sentAt`, when the request was sent, and wins over an
 * absolute time; an absolute time alone is corrected by the clock of the server, which `serverDate` (the `Date` header) tells. A
 * correction of more than a day is ignored. Throws `OAUTH_TOKEN_INVALID`.
 */
export function mergeTokenResponse(
  previous: TokenJSON | undefined,
  response: unknown,
  sentAt: number,
  serverDate?: string | null,
): ParsedTokenSet {
  const answer = readBase(response, true)
  const rotated = answer.refreshToken !== undefined && answer.refreshToken !== previous?.refresh_token
  const kept = without(previous, (name) => timeMembers.includes(name) || (rotated && refreshTokenExpiry.test(name)))
  const tokens = { ...kept, ...answer.tokens }
  for (const name of lastingMembers) {
    const value = tokens[name]
    const given = name === 'scope' ? (value ?? '') !== '' : text(value) !== undefined
    if (!given && kept[name] !== undefined) tokens[name] = kept[name]
  }
  const refreshToken = text(tokens.refresh_token)
  const duration = durationOf(answer.tokens, refreshToken)
  const offset = Date.parse(serverDate ?? '') - sentAt
  const absolute = absoluteExpiryOf(answer.tokens)
  const local = absolute !== undefined && Math.abs(offset) <= DAY ? absolute - offset : absolute
  const expiresAt = duration === undefined ? local : sentAt + duration
  const parsed = withTimes({ tokens, accessToken: answer.accessToken, refreshToken }, expiresAt, duration, sentAt)
  writeExpiry(parsed, previous)
  return parsed
}

/**
 * Rescues a rotated refresh token from a response that `mergeTokenResponse` has refused: the previous set with that refresh token, or `undefined`
 * when the response has no usable new one.
 */
export function usableRefreshToken(previous: TokenJSON | undefined, response: unknown, sentAt: number): ParsedTokenSet | undefined {
  const token = isObject(response) ? text(response.refresh_token) : undefined
  if (token === undefined || token.length > MAX_TOKEN_LENGTH || token === previous?.refresh_token) return undefined
  const rest = without(previous, (name) => refreshTokenExpiry.test(name))
  return parseStoredTokens({ ...rest, refresh_token: token }, sentAt)
}

/** The copy of a set that a refresh function gets: tokens that are not text are left out. */
export function toTokenSet(tokens: TokenJSON): TokenSet {
  const names = ['access_token', 'refresh_token', 'id_token']
  return without(tokens, (name) => names.includes(name) && text(tokens[name]) === undefined) as TokenSet
}

/** True when both sets have the same access token and the same refresh token. */
export function sameTokens(a: TokenJSON | null | undefined, b: TokenJSON | null | undefined): boolean {
  return text(a?.access_token) === text(b?.access_token) && text(a?.refresh_token) === text(b?.refresh_token)
}
