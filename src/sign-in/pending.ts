import type { AuthorizationServer } from 'oauth4webapi'
import type { ClientSettings } from './client.js'
import { isSignInError, SignInError } from './sign-in-error.js'

/** A sign-in that waits for its authorization response. */
export interface PendingSignIn {
  readonly clientId: string
  readonly issuer: string
  readonly redirectUri: string
  /** The metadata used for the authorization request, so that there is no second discovery and no change of server in between. */
  readonly server: AuthorizationServer
  readonly verifier: string
  readonly nonce?: string
  readonly returnTo: string
  readonly expiresAt: number
}

/** The part of a record that remains once the response was used. */
interface UsedSignIn {
  readonly used: true
  readonly expiresAt: number
}

const PREFIX = 'axios-attach-oauth.sign-in.'

/** One hour: second factors and e-mails take time. */
const LIFETIME = 3_600_000

const refused = (cause: unknown): SignInError =>
  new SignInError('SIGN_IN_STORAGE_UNAVAILABLE', 'localStorage refused the code verifier', { cause })

function parse(text: string | null): PendingSignIn | UsedSignIn | undefined {
  try {
    const record = JSON.parse(text ?? 'null') as PendingSignIn | UsedSignIn | null
    return typeof record?.expiresAt === 'number' ? record : undefined
  } catch {
    return undefined
  }
}

/** Removes expired records, of which every abandoned sign-in leaves one. */
function sweep(): void {
  for (const key of Object.keys(localStorage))
    if (key.startsWith(PREFIX) && !((parse(localStorage.getItem(key))?.expiresAt ?? 0) > Date.now())) localStorage.removeItem(key)
}

/**
 * Stores a pending sign-in under its state, in `localStorage`: duplicating a tab copies `sessionStorage`, so both tabs would send
 * the code.
 */
export function savePending(state: string, pending: Omit<PendingSignIn, 'expiresAt'>): void {
  try {
    sweep()
    localStorage.setItem(PREFIX + state, JSON.stringify({ ...pending, expiresAt: Date.now() + LIFETIME }))
  } catch (cause) {
    throw refused(cause)
  }
}

/** Does a sign-in of this client wait for its response? */
export function hasPending({ clientId, issuer }: ClientSettings): boolean {
  try {
    return Object.keys(localStorage).some((key) => {
      const record = key.startsWith(PREFIX) ? parse(localStorage.getItem(key)) : undefined
      return record && !('used' in record) && record.expiresAt > Date.now() && isOf(record, clientId, issuer)
    })
  } catch {
    return false
  }
}

function isOf(record: PendingSignIn, clientId: string, issuer: URL): boolean {
  return record.clientId === clientId && record.issuer === issuer.href
}

function take({ clientId, issuer }: ClientSettings, state: string): PendingSignIn | undefined {
  const record = parse(localStorage.getItem(PREFIX + state))
  if (!record) throw new SignInError('SIGN_IN_LOST', 'localStorage has no code verifier for this authorization response')
  if ('used' in record) throw new SignInError('SIGN_IN_STALE', 'the authorization response was used before')
  // Another client of this page may share the redirect URI: the response stays for that client.
  if (!isOf(record, clientId, issuer)) return undefined
  const { expiresAt } = record
  localStorage.setItem(PREFIX + state, JSON.stringify({ used: true, expiresAt } satisfies UsedSignIn))
  if (expiresAt < Date.now()) throw new SignInError('SIGN_IN_STALE', 'the sign-in began more than an hour ago')
  return record
}

/**
 * Takes the pending sign-in of `state`, once: a second caller, even in a duplicated tab, gets `SIGN_IN_STALE`. Resolves with
 * `undefined` if the sign-in is another client's.
 */
export async function takePending(settings: ClientSettings, state: string): Promise<PendingSignIn | undefined> {
  const locks = globalThis.navigator?.locks as LockManager | undefined
  try {
    return await (locks ? locks.request(PREFIX + state, () => take(settings, state)) : take(settings, state))
  } catch (error) {
    // Browsers refuse storage, and locks with it. A response that can't be marked as used is not used.
    throw isSignInError(error) ? error : refused(error)
  }
}
