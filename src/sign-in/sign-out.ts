import { aFunction, checkOptions, flag } from '../check-options.js'
import { readClient, type ClientSettings, type SignInClient } from './client.js'
import { go } from './return-path.js'
import { findServer } from './server.js'
import type { SignInSession } from './session.js'

/** Options of `signOut`. */
export interface SignOutOptions {
  /** Whether the tokens are revoked (RFC 7009). Default: `true`. */
  revoke?: boolean
  /** Navigates to the authorization server. Default: `location.assign`. */
  navigate?: (url: string) => void
}

/** The result of a sign-out. */
export interface SignOutResult {
  /** Whether the server confirmed the revocation. */
  readonly revoked: boolean
  /** Whether the page navigates to the `end_session_endpoint` of the server. */
  readonly redirecting: boolean
  /** The failed revocation or discovery. The session is signed out in this browser even so. */
  readonly error?: unknown
}

/**
 * Signs the session out and, if the issuer has an `end_session_endpoint`, navigates there (OpenID Connect RP-Initiated Logout),
 * so that the next sign-in prompts the user. The sign-out in this browser comes first and does not depend on the server.
 *
 * Rejects with the session's error if the stored tokens cannot be deleted; with a `TypeError` for an invalid or unknown option.
 * A wrong `client`, or a platform without a page, is also a `TypeError`, once the session is signed out.
 *
 * @example
 * await signOut(client, session)
 */
export async function signOut(
  client: SignInClient,
  session: SignInSession,
  options: SignOutOptions = {},
): Promise<SignOutResult> {
  checkOptions('signOut: ', options, { revoke: flag, navigate: aFunction })
  if (typeof session?.signOut !== 'function' || typeof session.tokens !== 'function')
    throw new TypeError('signOut: session must be a session')
  const revoke = options.revoke ?? true
  let settings: ClientSettings
  try {
    settings = readClient(client, 'signOut')
  } catch (error) {
    // A setting may be missing in one deployment only, and the user expects to be signed out.
    await session.signOut({ revoke })
    throw error
  }
  const { id_token } = (await session.tokens().catch(() => undefined)) ?? {}
  let failure: unknown
  const [{ revoked, error = failure }, server] = await Promise.all([
    session.signOut({ revoke }),
    findServer(settings).catch((error: unknown) => void (failure = error)),
  ])
  const endpoint = server?.end_session_endpoint
  if (endpoint !== undefined) {
    const url = new URL(endpoint)
    url.searchParams.set('client_id', settings.clientId)
    if (id_token !== undefined) url.searchParams.set('id_token_hint', id_token)
    if (settings.postLogoutRedirectUri) url.searchParams.set('post_logout_redirect_uri', settings.postLogoutRedirectUri.href)
    go(url, options.navigate)
  }
  return { revoked, redirecting: endpoint !== undefined, ...(error !== undefined && { error }) }
}
