import { aFunction, checkedElsewhere, checkOptions } from '../check-options.js'
import { readClient, type ClientSettings, type SignInClient } from './client.js'
import { hasPending, takePending } from './pending.js'
import { redeem } from './redeem.js'
import { isRedirectPage, ownPath, withoutResponse } from './return-path.js'
import type { SignInSession } from './session.js'
import { SignInError } from './sign-in-error.js'

/** Options of `finishSignIn`. */
export interface FinishSignInOptions {
  /** The address with the authorization response. A path is resolved against the page's address. Default: `location.href`. */
  url?: string | URL
  /**
   * Shows the page on which the user continues, for instance with a router. The argument is a path on this page's origin.
   * Default: `history.replaceState`, which removes the code from the address and the history.
   */
  navigate?: (returnTo: string) => void
}

/** A finished sign-in. */
export interface FinishedSignIn {
  /** The path on this origin that `startSignIn` was given as `returnTo`. */
  readonly returnTo: string
}

/** Outcomes by address and client: a response is used once, so each later call gets the outcome of the first. */
const outcomes = new Map<string, Promise<FinishedSignIn | undefined>>()

async function finish(
  settings: ClientSettings,
  session: SignInSession,
  url: URL,
  navigate: ((returnTo: string) => void) | undefined,
): Promise<FinishedSignIn | undefined> {
  const replaceAddress = (address: string): void => {
    // Only while the page still shows the response: the user may have moved on.
    if (location.href === url.href) history.replaceState(history.state, '', address)
  }
  try {
    const [state, ...more] = url.searchParams.getAll('state')
    // Parameters of the application: every response to a request of `startSignIn` has a state.
    if (state === undefined && !hasPending(settings)) return undefined
    if (!state || more.length > 0)
      throw new SignInError('SIGN_IN_STATE_MISMATCH', 'the authorization response must have exactly one state parameter')
    const pending = await takePending(settings, state)
    if (pending === undefined) return undefined
    await session.signIn(await redeem(settings, pending, url.searchParams, state))
    // Other code can change the storage, so the path is checked again.
    const returnTo = ownPath(pending.returnTo, url) ?? '/'
    if (navigate) navigate(returnTo)
    else replaceAddress(url.origin + returnTo)
    return { returnTo }
  } catch (error) {
    replaceAddress(withoutResponse(url))
    throw error
  }
}

/**
 * Finishes a sign-in on the page of the redirect URI: checks state and issuer (RFC 9207), exchanges the code (RFC 6749 §4.1.3)
 * with its verifier (RFC 7636), validates the ID token and its nonce, and signs the session in. An authorization response is used
 * once, even if two effects or two tabs call this function; concurrent calls in one page share the outcome.
 *
 * Resolves with `undefined` on a server, or if the address holds no authorization response for this client, so every page may
 * call it: a `code` or `error` without `state` is the application's own parameter while no sign-in waits for its response. Rejects
 * with a `SignInError`, with the session's own error, or with a `TypeError` for an invalid option. A failure uses the response up:
 * another call with this address rejects with the failure of the first one and sends nothing. To retry, call `startSignIn`.
 *
 * @example
 * const finished = await finishSignIn(client, session, { navigate: (path) => router.replace(path) })
 */
export async function finishSignIn(
  client: SignInClient,
  session: SignInSession,
  options: FinishSignInOptions = {},
): Promise<FinishedSignIn | undefined> {
  if (typeof location === 'undefined') return undefined
  checkOptions('finishSignIn: ', options, { url: checkedElsewhere, navigate: aFunction })
  const { url: given, navigate } = options
  const settings = readClient(client, 'finishSignIn')
  if (typeof session?.signIn !== 'function') throw new TypeError('finishSignIn: session must be a session')
  const address = String(given ?? location.href)
  if (!URL.canParse(address, location.href)) throw new TypeError('finishSignIn: url must be an address')
  const url = new URL(address, location.href)
  const isResponse = url.searchParams.has('code') || url.searchParams.has('error')
  if (!isResponse || !isRedirectPage(url, settings.redirectUri)) return undefined
  const key = [url, settings.clientId, settings.issuer].join()
  const outcome = outcomes.get(key) ?? finish(settings, session, url, navigate)
  outcomes.set(key, outcome)
  return outcome
}
