import { aFunction, checkedElsewhere, checkOptions, flag, type OptionRule } from '../check-options.js'
import { isLoopback } from '../loopback.js'

/**
 * Metadata of an authorization server, with the names of RFC 8414 §2 and OpenID Connect Discovery §3. Other members are allowed.
 */
export interface SignInServerMetadata {
  authorization_endpoint?: string
  token_endpoint?: string
  /** OpenID Connect RP-Initiated Logout §2.1. */
  end_session_endpoint?: string
  jwks_uri?: string
  /** Whether authorization responses have the parameter `iss` (RFC 9207 §3). */
  authorization_response_iss_parameter_supported?: boolean
  id_token_signing_alg_values_supported?: string[]
  [name: string]: unknown
}

/** The client registration of a page and its authorization server. */
export interface SignInClient {
  /** The issuer identifier of the authorization server, exactly as its metadata spells it. https, or http on loopback. */
  issuer: string | URL
  /** The client identifier of a public client (RFC 6749 §2.2). */
  clientId: string
  /** The registered redirect URI, a page of this origin, without a fragment (RFC 6749 §3.1.2). A path is resolved against the page's origin. */
  redirectUri: string | URL
  /** The scope to request, for instance `openid offline_access`. With `openid` a nonce is sent and the ID token is validated. */
  scope: string
  /** The page to which the authorization server returns after a sign-out (OpenID Connect RP-Initiated Logout §3). Default: none is sent. */
  postLogoutRedirectUri?: string | URL
  /** Server metadata (RFC 8414 names) instead of discovery, for servers without a metadata document. */
  metadata?: SignInServerMetadata
  /** Sends the metadata and token requests, each with a time limit of 30 s. Default: the platform's `fetch`. */
  fetch?: typeof fetch
  /** Accepts plain http for hosts other than loopback. Default: `false`. */
  dangerouslyAllowInsecureHttp?: boolean
}

/** Validated settings of a client. */
export interface ClientSettings extends Omit<SignInClient, 'issuer' | 'redirectUri' | 'postLogoutRedirectUri'> {
  readonly issuer: URL
  /** The issuer identifier for comparison: `URL` adds a slash if there is no path (RFC 8414 §3.3). */
  readonly issuerIdentifier: string
  readonly redirectUri: URL
  readonly postLogoutRedirectUri: URL | undefined
  /** True if the URL is https, http on loopback, or plain http is allowed. */
  readonly isSecure: (url: URL) => boolean
}

const rules: Readonly<Record<keyof SignInClient, OptionRule>> = {
  issuer: checkedElsewhere,
  clientId: checkedElsewhere,
  redirectUri: checkedElsewhere,
  scope: checkedElsewhere,
  postLogoutRedirectUri: checkedElsewhere,
  metadata: ['an object', (value) => typeof value === 'object' && value !== null],
  fetch: aFunction,
  dangerouslyAllowInsecureHttp: flag,
}

/** Reads the options of a client. Throws a `TypeError` that names the option, or on a platform without a page. */
export function readClient(client: SignInClient, caller: string): ClientSettings {
  const refuse = (message: string): never => {
    throw new TypeError(`${caller}: ${message}`)
  }
  if (typeof client !== 'object' || !client) refuse('client must be an object')
  checkOptions(`${caller}: `, client, rules)
  if (typeof location === 'undefined') refuse('there is no page: a server and React Native have no location')
  const { issuer, redirectUri, postLogoutRedirectUri } = client
  const isSecure = ({ protocol, hostname }: URL): boolean =>
    protocol === 'https:' || (protocol === 'http:' && (isLoopback(hostname) || client.dangerouslyAllowInsecureHttp === true))
  const read = (value: string | URL | undefined, name: string, base?: string): URL => {
    const text = typeof value === 'string' ? value : value?.href
    // An empty text is a missing setting, although it resolves to the root.
    const url = text && URL.canParse(text, base) ? new URL(text, base) : undefined
    return url && isSecure(url) ? url : refuse(`${name} must be an https URL; plain http is for loopback only`)
  }
  for (const name of ['clientId', 'scope'] as const)
    if (!client[name] || typeof client[name] !== 'string') refuse(`${name} must be a non-empty string`)
  const issuerUrl = read(issuer, 'issuer')
  const { origin } = location
  const redirect = read(redirectUri, 'redirectUri', origin)
  if (redirect.href.includes('#')) refuse('redirectUri must not have a fragment (RFC 6749 §3.1.2)')
  return {
    ...client,
    issuer: issuerUrl,
    issuerIdentifier: issuer instanceof URL && issuer.pathname === '/' ? issuer.origin : String(issuer),
    redirectUri: redirect,
    postLogoutRedirectUri:
      postLogoutRedirectUri === undefined ? undefined : read(postLogoutRedirectUri, 'postLogoutRedirectUri', origin),
    isSecure,
  }
}
