import { defined } from './defined.js'
import { parseSignInTokens, parseStoredTokens, sameTokens, userOf, type ParsedTokenSet } from './tokens.js'
import { text } from './tokens/members.js'
import type { TokenJSON } from './types.js'

/** The member of the stored record that identifies the sign-in. Other tools may drop it. */
const MEMBER = 'axios-attach-oauth'

/** The user of a token set, as far as known. */
export interface Identity {
  /** Issuer and subject of the ID token. */
  readonly subject?: string
  /** The application's own name for the user: `signIn(tokens, { user })`. */
  readonly user?: string
  /** Differs for each `signIn()`. */
  readonly signIn?: string
}

/** A token set together with the identity that is stored with it. */
export interface TokenRecord {
  readonly parsed: ParsedTokenSet
  readonly identity: Identity
}

function identify(tokens: TokenJSON, user: string | undefined, signIn: string | undefined): Identity {
  return defined({ subject: userOf(tokens), user, signIn })
}

/** Reads a stored record. Throws `OAUTH_TOKEN_INVALID`. */
export function readRecord(json: TokenJSON, now: number): TokenRecord {
  const { [MEMBER]: marker, ...tokens } = json
  const { sign_in, user } = Object(marker) as Record<string, unknown>
  return { parsed: parseStoredTokens(tokens, now), identity: identify(tokens, text(user), text(sign_in)) }
}

/** The record of a sign-in. Throws `OAUTH_TOKEN_INVALID`. */
export function signInRecord(json: TokenJSON, now: number, user: string | undefined, signIn: string): TokenRecord {
  const { [MEMBER]: _marker, ...tokens } = json ?? {}
  const parsed = parseSignInTokens(typeof json === 'object' ? tokens : json, now)
  return { parsed, identity: identify(parsed.tokens, user, signIn) }
}

/** The record after a refresh. The user stays unless the response's ID token names another. */
export function refreshedRecord(parsed: ParsedTokenSet, previous: TokenRecord | undefined): TokenRecord {
  const { subject, user, signIn } = previous?.identity ?? {}
  const next = userOf(parsed.tokens)
  const isOther = subject !== undefined && next !== undefined && next !== subject
  return { parsed, identity: isOther ? { subject: next } : identify(parsed.tokens, user, signIn) }
}

/** The JSON that is stored. */
export function recordToJSON({ parsed, identity: { user, signIn } }: TokenRecord): TokenJSON {
  if (user === undefined && signIn === undefined) return parsed.tokens
  return { ...parsed.tokens, [MEMBER]: defined({ sign_in: signIn, user }) }
}

/** `true` for the same user, `false` for different users, `undefined` when unknown. */
export function isSameUser(a: Identity, b: Identity): boolean | undefined {
  for (const name of ['subject', 'user'] as const) if (a[name] !== undefined && b[name] !== undefined) return a[name] === b[name]
  return undefined
}

/** Do both hold the same tokens? */
export function isSameSet(a: TokenRecord | undefined, b: TokenRecord | undefined): boolean {
  return sameTokens(a?.parsed.tokens, b?.parsed.tokens)
}

/** Does a front end sign in again with the set in use, for instance when its tab gets the focus? */
export function isRepeatedSignIn(present: TokenRecord, given: TokenRecord): boolean {
  return isSameSet(present, given) && isSameUser(present.identity, given.identity) !== false
}

/** The record of a sign-in with the set that is in use: it stays the same sign-in for other sessions. */
export function repeatedRecord(present: TokenRecord, given: TokenRecord): TokenRecord {
  const { signIn } = present.identity
  return { parsed: given.parsed, identity: defined({ ...present.identity, ...given.identity, signIn }) }
}

/** A stored set of the same session, with the name of the user, which another session may not have known. */
export function withUserOf(known: Identity | undefined, found: TokenRecord): TokenRecord {
  if (known?.user === undefined || isSameUser(known, found.identity) !== undefined) return found
  return { parsed: found.parsed, identity: { ...found.identity, user: known.user } }
}

/** Does a stored set belong to another user? If the users are unknown, another sign-in counts as another user's. */
export function isOtherUser(known: Identity, found: Identity): boolean {
  const same = isSameUser(known, found)
  if (same !== undefined) return !same
  return found.signIn !== undefined && found.signIn !== known.signIn
}
