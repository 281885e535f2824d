import type { TokenJSON } from '../types.js'

type Json = Record<string, unknown>

/** Names in camelCase for each member of RFC 6749 §5.1 and its extensions. The first name is the default. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  // Beside an access token, `token` may be for CSRF.
  access_token: ['accessToken', 'access_token', 'token'],
  refresh_token: ['refreshToken', 'refresh_token'],
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

/** True for a `Date` of any realm. */
function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTokenSet(json: Json): boolean {
  const { access_token = [], refresh_token = [] } = spellings
  return [...access_token, ...refresh_token].some((name) => typeof json[name] === 'string')
}

/** The names that lead to the token set inside `json`; `undefined` when there is none. */
function pathTo(json: unknown, depth = 0): string[] | undefined {
  if (!isObject(json) || depth > MAX_DEPTH) return undefined
  if (isTokenSet(json)) return []
  for (const name of wrappers) {
    const rest = pathTo(json[name], depth + 1)
    if (rest) return [name, ...rest]
  }
  return undefined
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

/** Reads a token set in camelCase, also a nested one. Returns any other value unchanged. */
export function readCamelCase(foreign: unknown): TokenJSON {
  const found = at(foreign, pathTo(foreign) ?? []) ?? {}
  const tokens: TokenJSON = { ...found }
  for (const [ours, names] of Object.entries(spellings)) {
    const name = names.find((each) => found[each] !== undefined)
    if (name === undefined || (name === 'token' && typeof found.token !== 'string')) continue
    const value = found[name]
    delete tokens[name]
    tokens[ours] = isDate(value) ? value.toISOString() : value
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
