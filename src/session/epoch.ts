import { isSameUser, type Identity } from '../token-record.js'

/** One sign-in. A request belongs to the epoch in which it is first seen and is never sent in another. */
export interface Epoch {
  /** The user, as far as known. A refresh may add members. */
  identity: Identity
  /** Equal for epochs that count as one, because a refresh function or a step-up handler called `signIn()` itself. */
  group: object
}

/** A header value that carried a token. */
export interface SentCredential {
  readonly value: string
  readonly epoch: Epoch
}

export function newEpoch(identity: Identity): Epoch {
  return { identity, group: {} }
}

export function isSameEpoch(a: Epoch, b: Epoch): boolean {
  return a === b || a.group === b.group
}

/** May a config of epoch `before` be sent again in epoch `now`? A new sign-in of the same user continues the epoch. */
export function continuesEpoch(before: Epoch, now: Epoch): boolean {
  return isSameEpoch(before, now) || isSameUser(before.identity, now.identity) === true
}
