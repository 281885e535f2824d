import { isDate } from '../tokens/times.js'
import type { TokenJSON } from '../types.js'

type Json = Record<string, unknown>

const refreshNames = ['refreshToken', 'refresh_token']

/** Names in camelCase for each member of RFC 6749 §5.1 and its extensions. The first name is the default. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  // Beside an access token, `token` may be for CSRF.
  access_token: ['accessToken', 'access_token', 'token'],
  refresh_token: refreshNames,
  id_token: ['idToken', 'id_token'],
  token_type: ['tokenType', 'token_type'],
  expires_in: ['expiresIn', 'expires_in'],
  expires_at: ['expiresAt', 'expires_at'],
  expires_on: ['expiresOn', 'expires_on'],
  // Milliseconds, as in @azure/identity.
  expiry_date: ['expiresOnTimestamp', 'expiry_date'],
  refresh_token_expires_in: ['refreshTokenExpiresIn', 'refresh_token_expires_in'],
  scope: ['scope', 'scopes'],
}

/** Where servers and libraries nest a token set. */
const wrappers = ['data', 'session', 'tokens', 'token', 'result']

const MAX_DEPTH = 3

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isText = (json: Json, names: readonly string[]): boolean => names.some((name) => typeof json[name] === 'string')

/** True when `json` has an access token under a name that is no other token's, or `token` beside a refresh token. */
function isTokenSet(json: Json): boolean {
  return isText(json, ['accessToken', 'access_token']) || (isText(json, ['token']) && isText(json, refreshNames))
}

/** True when `json` may be a token set: what it names `token` may also be for CSRF. */
function mayBeTokenSet(json: Json): boolean {
  return isText(json, ['token', ...refreshNames])
}

/** The names that lead to the first object inside `json` that `matches`; `undefined` when there is none. */
function findPath(json: unknown, matches: (json: Json) => boolean, depth = 0): string[] | undefined {
  if (!isObject(json) || depth > MAX_DEPTH) return undefined
  if (matches(json)) return []
  for (const name of wrappers) {
    const rest = findPath(json[name], matches, depth + 1)
    if (rest) return [name, ...rest]
  }
  return undefined
}

/** The names that lead to the token set inside `json`; `undefined` when there is none. */
function pathTo(json: unknown): string[] | undefined {
  return findPath(json, isTokenSet) ?? findPath(json, mayBeTokenSet)
}

function at(json: unknown, path: readonly string[]): Json | undefined {
  const found = path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), json)
  return isObject(found) ? found : undefined
}

/** A copy of `json` with `value` at `path`. */
function replaceAt(json: unknown, [name, ...path]: readonly string[], value: Json): Json {
  if (name === undefined) return value
  const copy = isObject(json) ? { ...json } : {}
  copy[name] = replaceAt(copy[name], path, value)
  return copy
}

const isBlank = (value: unknown): boolean => (value ?? '') === ''

/** `new Date(NaN)` is a date without a time, which the session takes for an unknown expiry. */
const isValid = (date: Date): boolean => !Number.isNaN(date.getTime())

/** Reads a token set in camelCase, also a nested one. Returns any other value unchanged. */
export function readCamelCase(foreign: unknown): TokenJSON {
  const path = pathTo(foreign)
  const found = path && at(foreign, path)
  if (!found) return foreign as TokenJSON
  const tokens: TokenJSON = { ...found }
  for (const [ours, names] of Object.entries(spellings)) {
    // An empty member does not hide a filled one of another spelling.
    const name = names.find((each) => !isBlank(found[each])) ?? names.find((each) => found[each] !== undefined)
    if (name === undefined || (name === 'token' && typeof found.token !== 'string')) continue
    const value = found[name]
    for (const each of names) if (each === name || isBlank(found[each])) delete tokens[each]
    tokens[ours] = isDate(value) && isValid(value) ? value.toISOString() : value
  }
  return tokens
}

/** The name that leads to the place of a token set in `json`, which holds none; none for the top level. */
function emptyPathIn(json: unknown): string[] {
  // `token` may be the access token itself.
  const name = wrappers.find((each) => each !== 'token' && isObject(json) && each in json && isEmpty(json[each]))
  return name === undefined ? [] : [name]
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (isObject(value) && Object.keys(value).length === 0)

/**
 * Writes a token set with the names, the nesting and the types of `foreign`, or else in camelCase. Keeps the members beside a
 * nested token set, and all members of a record without one.
 */
export function writeCamelCase(tokens: TokenJSON, foreign?: unknown): Json {
  const found = pathTo(foreign)
  const path = found ?? emptyPathIn(foreign)
  const like = at(foreign, path) ?? {}
  const written: Json = {}
  for (const [ours, value] of Object.entries(tokens)) {
    const names = spellings[ours] ?? [ours]
    const name = names.find((each) => each in like) ?? names[0] ?? ours
    written[name] = isDate(like[name]) && typeof value === 'string' ? new Date(value) : value
  }
  return replaceAt(foreign, path, found ? written : { ...like, ...written })
}
