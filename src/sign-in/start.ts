import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from 'oauth4webapi'
import { aFunction, checkOptions, type OptionRule } from '../check-options.js'
import { readClient, type SignInClient } from './client.js'
import { savePending } from './pending.js'
import { go, isRedirectPage, ownPath } from './return-path.js'
import { findServer } from './server.js'
import { SignInError } from './sign-in-error.js'

/** Options of `startSignIn`. */
export interface StartSignInOptions {
  /** Where the user continues after the sign-in: a path on this page's origin. Default: the present page; `/` on the page of the redirect URI. */
  returnTo?: string
  /** How the server may prompt the user, for instance `none`, `login`, `consent`, `select_account` (OpenID Connect Core §3.1.2.1). */
  prompt?: string
  /** The login name to fill in (OpenID Connect Core §3.1.2.1). */
  loginHint?: string
  /** Further parameters of the authorization request, for instance `audience` or `acr_values`. */
  parameters?: Readonly<Record<string, string>>
  /** Navigates to the authorization server. Default: `location.assign`. */
  navigate?: (url: string) => void
}

// Values that an address does not hold are null.
const text: OptionRule = ['a string', (value) => typeof value === 'string' || value === null]

const isParameter = (value: unknown): boolean => value == null || /string|number|boolean/.test(typeof value)

const rules: Readonly<Record<keyof StartSignInOptions, OptionRule>> = {
  returnTo: text,
  prompt: text,
  loginHint: text,
  parameters: [
    'an object whose values are strings',
    (value) => typeof value === 'object' && !Array.isArray(value) && Object.values(value ?? {}).every(isParameter),
  ],
  navigate: aFunction,
}

/**
 * Starts a sign-in: authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 9700 §2.1.1). Stores the code verifier, then navigates to the
 * authorization server. Resolves when the navigation has begun.
 *
 * Rejects with a `SignInError`: `SIGN_IN_UNAVAILABLE`, `SIGN_IN_MISCONFIGURED` or `SIGN_IN_STORAGE_UNAVAILABLE`; with a
 * `TypeError` for an invalid or unknown option, or on a platform without a page.
 *
 * @example
 * const client = { issuer: 'https://login.example.com', clientId: 'spa', redirectUri: '/callback', scope: 'openid offline_access' }
 * button.onclick = () => startSignIn(client, { returnTo: '/orders' })
 */
export async function startSignIn(client: SignInClient, options: StartSignInOptions = {}): Promise<void> {
  checkOptions('startSignIn: ', options, rules)
  const settings = readClient(client, 'startSignIn')
  const page = new URL(location.href)
  const { origin } = settings.redirectUri
  if (origin !== page.origin) throw new TypeError(`startSignIn: redirectUri must be a page of ${page.origin}, not of ${origin}`)
  const present = isRedirectPage(page, settings.redirectUri) ? '/' : page.href
  const returnTo = ownPath(options.returnTo ?? present, page)
  if (returnTo === undefined) throw new TypeError(`startSignIn: returnTo must be a path on ${page.origin}`)
  if (!globalThis.crypto?.subtle)
    throw new SignInError('SIGN_IN_MISCONFIGURED', 'PKCE needs crypto.subtle: open the page over https or on localhost')

  const server = await findServer(settings)
  if (server.authorization_endpoint === undefined || server.token_endpoint === undefined)
    throw new SignInError('SIGN_IN_MISCONFIGURED', `the issuer's metadata has no authorization_endpoint or token_endpoint`)
  const state = generateRandomState()
  const verifier = generateRandomCodeVerifier()
  const nonce = settings.scope.split(' ').includes('openid') ? generateRandomNonce() : undefined
  const own = {
    client_id: settings.clientId,
    redirect_uri: settings.redirectUri.href,
    response_type: 'code',
    response_mode: undefined,
    scope: settings.scope,
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    prompt: options.prompt,
    login_hint: options.loginHint,
  }
  const url = new URL(server.authorization_endpoint)
  for (const name of Object.keys(options.parameters ?? {}))
    if (name in own) throw new TypeError(`startSignIn: parameters must not contain ${name}`)
  for (const [name, value] of Object.entries({ ...options.parameters, ...own })) if (value) url.searchParams.set(name, value)
  savePending(state, {
    clientId: settings.clientId,
    issuer: settings.issuer.href,
    redirectUri: settings.redirectUri.href,
    server,
    verifier,
    ...(nonce !== undefined && { nonce }),
    returnTo,
  })
  go(url, options.navigate)
}
