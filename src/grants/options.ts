import type { AxiosInstance } from 'axios'
import type { ClientAuthentication, Provided } from './client-authentication.js'
import type { Fetch } from './fetch.js'
import type { ParameterNames } from './request-form.js'

/** The options of every grant. */
export interface GrantOptions {
  /** The token endpoint (RFC 6749 §3.2). Either this or `issuer`. https, or http on loopback. */
  tokenEndpoint?: string | URL | undefined
  /** The issuer, whose endpoints are discovered once (RFC 8414, OpenID Connect Discovery). */
  issuer?: string | URL | undefined
  /** The endpoint that revokes tokens (RFC 7009). Default: that of the issuer's metadata; without either nothing is revoked. */
  revocationEndpoint?: string | URL | undefined
  /** The client identifier (RFC 6749 §2.2). */
  clientId: string
  /**
   * The client's secret, or a function that returns it and is called for each token request, so that secrets can rotate. Default:
   * none.
   */
  clientSecret?: Provided<string> | undefined
  /** How the client authenticates itself. Default: `client_secret_basic` if there is a secret, otherwise `none`. */
  clientAuthentication?: ClientAuthentication | undefined
  /** The scope to request (RFC 6749 §3.3). Default: none is sent. */
  scope?: string | undefined
  /** The resource or resources for which to request a token (RFC 8707). Default: none is sent. */
  resource?: string | readonly string[] | undefined
  /** The audience for which to request a token; a parameter of some servers. Default: none is sent. */
  audience?: string | undefined
  /** Further parameters of the token request. Default: none. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** The `grant_type` to send, for servers that use their own, such as `account_credentials`. Default: that of RFC 6749. */
  grantType?: string | undefined
  /** Other names for parameters, such as `{ client_id: 'client_key' }`. Default: those of RFC 6749. */
  parameterNames?: ParameterNames | undefined
  /** The format of the request body: `form` (RFC 6749) or `json`. Default: `form`. */
  bodyFormat?: 'form' | 'json' | undefined
  /** Further headers of token and revocation requests. `Authorization` only where `clientAuthentication` is `none`. Default: none. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * Sends token requests through this instance: its adapter, proxy, agents and certificates apply, its interceptors and headers
   * don't. If its adapter is XMLHttpRequest, fetch is used instead, because only fetch can refuse a redirect.
   */
  axios?: AxiosInstance | undefined
  /** Sends token requests. Default: `axios`, else the platform's `fetch`. */
  fetch?: Fetch | undefined
  /** Allows plain http to hosts other than loopback, and requests in the clear through a proxy. Default: `false`. */
  dangerouslyAllowInsecureHttp?: boolean | undefined
}
