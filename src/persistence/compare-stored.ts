import { isOAuthError, OAuthError, plainMessage } from '../errors.js'
import type { StoredChange } from '../session/persistence.js'
import { isOtherUser, readRecord, type TokenRecord } from '../token-record.js'
import { sameTokens } from '../tokens.js'
import type { TokenJSON } from '../types.js'

/** The result of comparing a store that was just read: the store holds the set in use, or has changed. */
export type StoredDifference = Exclude<StoredChange, { type: 'unchanged' }>

/** Compares the content of the store with the set in use. Throws `OAUTH_TOKEN_INVALID` with a message that names the store. */
export function compareStored(
  storeName: string,
  stored: TokenJSON | undefined,
  current: TokenRecord | undefined,
  now: number,
): StoredDifference {
  if (!stored) return { type: 'removed' }
  if (current && sameTokens(stored, current.parsed.tokens)) return { type: 'saved' }
  const record = readStored(storeName, stored, now)
  const isOther = current && isOtherUser(current.identity, record.identity)
  return { type: isOther ? 'user_changed' : 'adopted', record }
}

function readStored(storeName: string, stored: TokenJSON, now: number): TokenRecord {
  try {
    return readRecord(stored, now)
  } catch (error) {
    const reason = isOAuthError(error) ? ` ${plainMessage(error)}` : ''
    throw new OAuthError('OAUTH_TOKEN_INVALID', `The token store (${storeName}) holds no usable token set.${reason}`)
  }
}
