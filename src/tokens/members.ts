import { OAuthError } from '../errors.js'
import { copyJSON } from '../copy-json.js'
import { defined } from '../defined.js'
import { attempt } from '../attempt.js'
import { needsProof } from '../token-answer.js'
import type { TokenJSON } from '../types.js'
import { formatTime, isDate, isRelative, toDuration, toTime } from './times.js'

/** Members with an absolute expiry. In all but the first two, some programs put seconds from now; the last three mean that. */
const expiryMembers = [
  'expires_at',
  'expires_on',
  'expiry_date',
  'expiry',
  'expires',
  'token_expiry_date',
  'expire_in',
  'expireIn',
  'expire_time',
]

/** The names of the members with the expiry, and of any whose name says so, such as NextAuth's `accessTokenExpires`. */
const expiryNames = (tokens: TokenJSON): string[] => [
  ...expiryMembers,
  ...Object.keys(tokens).filter((name) => /^access_?token_?expir/i.test(name)),
]

export const tokenMembers = ['refresh_token', 'id_token', 'access_token']

const MAX_TOKEN_LENGTH = 65_536

/** The checked tokens of a set, and a copy of its JSON. */
export interface CheckedTokens {
  readonly tokens: TokenJSON
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
}

/** Returns a non-empty string, or `undefined`: any other value is not a token. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function isObject(value: unknown): value is TokenJSON {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(reason: string): never {
  throw new OAuthError('OAUTH_TOKEN_INVALID', `The token set can't be used: ${reason}.`)
}

/** Members that are read by name, because an instance of a class may have them as getters. */
const knownMembers = [...tokenMembers, ...expiryMembers, 'expires_in', 'token_type', 'scope']

/** A copy of a token set, without members that throw or that JSON can't hold, for instance because of a cycle. */
function copyTokens(json: TokenJSON): TokenJSON {
  const copy = (name: string): unknown => {
    const value = copyJSON(json[name])
    JSON.stringify(value)
    return value
  }
  const names = new Set([...Object.keys(json), ...knownMembers])
  return defined(Object.fromEntries([...names].map((name) => [name, attempt(() => copy(name))])))
}

/** Checks the tokens of `json`. Throws `OAUTH_TOKEN_INVALID`, whose message quotes no part of the JSON. */
export function checkTokens(json: unknown, needsAccessToken: boolean): CheckedTokens {
  if (!isObject(json)) return refuse('it is not a JSON object')
  const tokens = copyTokens(json)
  for (const name of tokenMembers)
    if ((text(tokens[name]) ?? '').length > MAX_TOKEN_LENGTH) refuse(`its ${name} is longer than 64 KiB`)
  const accessToken = text(tokens.access_token)
  const refreshToken = text(tokens.refresh_token)
  if (accessToken === undefined) {
    if (needsAccessToken || (tokens.access_token ?? '') !== '') refuse('it has no access_token')
    if (refreshToken === undefined) refuse('it has neither an access_token nor a refresh_token')
  } else {
    if (!/^[\x21-\x7e]+$/.test(accessToken))
      refuse('its access_token is not a valid header value, but has a line break, a space or a non-ASCII character')
    if (needsProof(tokens.token_type)) refuse('its token_type requires a proof of possession')
  }
  return { tokens, accessToken, refreshToken }
}

function isRelativeMember(name: string, value: unknown): boolean {
  return !name.startsWith('expires_') && isRelative(value)
}

/** The lifetime in milliseconds. Some servers without refresh tokens send 0 for a token that does not expire. */
export function durationOf(tokens: TokenJSON, refreshToken: string | undefined): number | undefined {
  // Beside expires_in_sec, expires_in may be in milliseconds.
  let duration = toDuration(tokens.expires_in_sec) || toDuration(tokens.expires_in)
  for (const name of expiryNames(tokens)) if (isRelativeMember(name, tokens[name])) duration ??= toDuration(tokens[name])
  return duration === 0 && refreshToken === undefined ? undefined : duration
}

export function absoluteExpiryOf(tokens: TokenJSON): number | undefined {
  let time: number | undefined
  for (const name of expiryNames(tokens)) if (!isRelativeMember(name, tokens[name])) time ??= toTime(tokens[name])
  return time
}

/**
 * Writes the expiry into every expiry member of the new or the previous set, in that member's format, or else into `expires_at`.
 */
export function writeExpiry(tokens: TokenJSON, previous: TokenJSON | undefined, expiresAt: number, lifetime: number): void {
  if (expiresAt === Infinity) return
  let written = false
  for (const name of expiryNames({ ...previous, ...tokens })) {
    const like = toTime(tokens[name]) === undefined ? (previous?.[name] ?? tokens[name]) : tokens[name]
    if (isRelativeMember(name, like)) {
      const seconds = Math.min(Math.floor(lifetime / 1000), 999_999_999)
      tokens[name] = typeof like === 'string' ? String(seconds) : seconds
    } else if (isDate(like) || /string|number/.test(typeof like)) {
      tokens[name] = formatTime(expiresAt, like, lifetime)
      written = true
    }
  }
  if (!written) tokens.expires_at = formatTime(expiresAt, undefined, lifetime)
}
