import { OAuthError } from './errors.js'
import type { TokenJSON, TokenSet } from './types.js'

/** A token set in use: what is stored, and what was read from it. Times in epoch milliseconds. */
export interface Credentials {
  readonly tokens: TokenSet
  /** The header value. */
  readonly authorization: string
  /** `Infinity` when it isn't known. */
  readonly expiresAt: number
  /** Milliseconds; `Infinity` when it isn't known. */
  readonly lifetime: number
  /** When the server would like to see a refresh. */
  readonly refreshAt: number | undefined
}

/** Members whose meaning belongs to one access token: they don't outlive it. */
const timing = [
  'expires_in',
  'expires_at',
  'expires_on',
  'ext_expires_in',
  'ext_expires_on',
  'refresh_in',
  'refresh_at',
  'not_before',
  'created_at',
  'issued_at',
]

/** What a token endpoint may leave out because it stays as it was (RFC 6749 §5.1, §6). */
const lasting = ['refresh_token', 'scope', 'id_token']

function invalid(message: string): OAuthError {
  return new OAuthError('OAUTH_TOKEN_INVALID', message)
}

function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return Number.isFinite(number) ? (number as number) : undefined
}

/** A century, in milliseconds. Servers that mean `for ever` send numbers whose sum with the present no date can hold, or that looks like milliseconds. */
const forever = 36_525 * 86_400_000

function toDuration(value: unknown): number | undefined {
  const seconds = toNumber(value)
  return seconds !== undefined && seconds >= 0 ? Math.min(seconds * 1000, forever) : undefined
}

/** Beyond this a number can't be epoch seconds (that would be the year 5138): it counts milliseconds. */
const firstMilliseconds = 1e11

/** The last that a `Date` can hold. */
const lastTime = 8.64e15

/** Reads an absolute time: epoch seconds, epoch milliseconds, or ISO 8601 text. */
function toTime(value: unknown): number | undefined {
  const number = toNumber(value)
  if (number !== undefined)
    return number <= 0 ? undefined : Math.min(number < firstMilliseconds ? number * 1000 : number, lastTime)
  const parsed = typeof value === 'string' ? Date.parse(value) : NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

/** Below this lifetime, in milliseconds, a whole second more or less matters. */
const SHORT = 60_000

/** Writes a time the way that `like` is written, so that other programs go on understanding the file. */
function writeTime(time: number, like: unknown, lifetime = SHORT): unknown {
  const number = toNumber(like)
  if (number === undefined && toTime(like) !== undefined) return new Date(time).toISOString()
  if ((number ?? 0) >= firstMilliseconds) return typeof like === 'string' ? String(time) : time
  if (typeof like === 'string') return String(Math.floor(time / 1000))
  return lifetime < SHORT ? time / 1000 : Math.floor(time / 1000)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function normalize(json: unknown): TokenSet {
  if (!isObject(json)) throw invalid('A token set must be a JSON object with the member access_token.')
  const { access_token, token_type } = json
  if (typeof access_token !== 'string' || access_token === '') throw invalid('The token set has no access_token: get a new one.')
  if (!/^[\x21-\x7e]+$/.test(access_token))
    throw invalid(
      'The access_token is no valid header value: it has spaces, control or non-ASCII characters. Was it copied with a line break?',
    )
  const type = token_type ?? 'Bearer'
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw invalid('The token_type is not Bearer: tokens of another type can not be sent by this package.')
  const tokens: TokenSet = { ...json, access_token, token_type: type }
  for (const name of lasting) if (typeof tokens[name] !== 'string' || tokens[name] === '') delete tokens[name]
  return tokens
}

/** Reads token JSON as found in a store. Throws `OAUTH_TOKEN_INVALID`, whose message never quotes what it found. */
export function readTokens(json: unknown, now: number): Credentials {
  const tokens = normalize(json)
  const expiresIn = toDuration(tokens.expires_in)
  const issuedAt = toTime(tokens.created_at) ?? toTime(tokens.issued_at)
  const fallback = issuedAt !== undefined && expiresIn !== undefined ? issuedAt + expiresIn : Infinity
  const expiresAt = toTime(tokens.expires_at) ?? toTime(tokens.expires_on) ?? fallback
  const lifetime = expiresIn ?? Math.max(0, expiresAt - (issuedAt ?? now))
  const refreshIn = toDuration(tokens.refresh_in)
  const refreshAt =
    refreshIn !== undefined && expiresIn !== undefined && expiresAt !== Infinity ? expiresAt - expiresIn + refreshIn : undefined
  return {
    tokens,
    authorization: `Bearer ${tokens.access_token}`,
    expiresAt,
    lifetime: expiresAt === Infinity ? Infinity : lifetime,
    refreshAt,
  }
}

/**
 * Makes the set to be stored after a token response (RFC 6749 §5.1, §6). Its expiry is counted from `sentAt`, when the request was sent, and stored
 * as an absolute time, in the members that other programs have used for it. Throws `OAUTH_TOKEN_INVALID`.
 */
export function mergeTokens(previous: TokenJSON | undefined, response: unknown, sentAt: number): Credentials {
  const answer = normalize(response)
  const kept: TokenJSON = { ...previous }
  for (const name of timing) delete kept[name]
  const tokens = { ...kept, ...answer } as TokenSet
  const expiresIn = toDuration(answer.expires_in)
  const expiresAt = expiresIn !== undefined ? sentAt + expiresIn : (toTime(answer.expires_at) ?? toTime(answer.expires_on))
  if (expiresAt !== undefined) {
    const used = ['expires_at', 'expires_on'].filter((name) => previous?.[name] !== undefined || answer[name] !== undefined)
    for (const name of used.length > 0 ? used : ['expires_at'])
      tokens[name] = writeTime(expiresAt, answer[name] ?? previous?.[name], expiresIn)
  }
  const read = readTokens(tokens, sentAt)
  // To the millisecond, where the stored members only have whole seconds.
  return expiresAt === undefined ? read : { ...read, expiresAt }
}

/** Are these the same tokens? Tells whether somebody else has refreshed. */
export function sameTokens(a: TokenJSON | null | undefined, b: TokenJSON | null | undefined): boolean {
  return a?.access_token === b?.access_token && a?.refresh_token === b?.refresh_token
}

/**
 * Decodes the claims of an ID token for display. Decoding is not verifying: whoever can change the token can change what this returns.
 * Throws `OAUTH_TOKEN_INVALID` when it is no JSON Web Token.
 */
export function decodeIdToken(idToken: string): Record<string, unknown> {
  try {
    const payload = idToken.split('.')[1] ?? ''
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (character) => character.charCodeAt(0))
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isObject(claims)) return claims
  } catch {
    // Said below, without quoting it.
  }
  throw invalid('The id_token is no JSON Web Token.')
}
