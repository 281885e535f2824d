import type { AxiosInstance } from 'axios'
import type { ClientAuth } from 'oauth4webapi'
import { clientAuth, type ClientAuthentication } from './client-authentication.js'
import { objectionTo } from './endpoint.js'
import { axiosFetch, type Fetch } from './transport.js'

/** What every grant needs. */
export interface GrantOptions {
  /** The token endpoint (RFC 6749 §3.2). Either this or `issuer`. https, or http on this very machine. */
  tokenEndpoint?: string | URL
  /** The issuer, whose endpoints are discovered once (RFC 8414, OpenID Connect Discovery). */
  issuer?: string | URL
  /** Where tokens are revoked (RFC 7009). Default: what discovery says; without either nothing is revoked. */
  revocationEndpoint?: string | URL
  /** The client identifier (RFC 6749 §2.2). */
  clientId: string
  clientSecret?: string
  /** Default: `client_secret_basic` when there is a secret, otherwise `none`. */
  clientAuthentication?: ClientAuthentication
  /** The scope to ask for (RFC 6749 §3.3). Default: none is sent. */
  scope?: string
  /** The resource or resources to ask a token for (RFC 8707). */
  resource?: string | readonly string[]
  /** The audience to ask a token for, as some servers call it. */
  audience?: string
  /** Further parameters of the token request. */
  parameters?: Readonly<Record<string, string>>
  /** Send token requests the way that this instance sends: its proxy, agents, certificates and adapter apply, its interceptors don't. */
  axios?: AxiosInstance
  /** Sends token requests. Default: `axios`, else the platform's `fetch`. */
  fetch?: Fetch
  /** Lets tokens travel over plain http to other machines than this one. Default: `false`. */
  dangerouslyAllowInsecureHttp?: boolean
}

/** The options once they are checked. */
export interface GrantSettings {
  /** Where the token endpoint is, or who says so. */
  readonly place: { readonly tokenEndpoint: string } | { readonly issuer: URL }
  readonly revocationEndpoint: string | undefined
  readonly clientId: string
  readonly auth: ClientAuth
  readonly parameters: readonly (readonly [string, string])[]
  readonly fetch: Fetch
  readonly allowInsecureHttp: boolean
}

/** What the grant itself says; a parameter of the caller's must not say otherwise. */
const reserved = [
  'grant_type',
  'refresh_token',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'scope',
  'resource',
  'audience',
]

function readParameters({ scope, resource, audience, parameters }: GrantOptions): [string, string][] {
  const list: [string, string][] = []
  if (scope !== undefined) list.push(['scope', scope])
  if (audience !== undefined) list.push(['audience', audience])
  for (const one of [resource ?? []].flat()) list.push(['resource', one])
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (reserved.includes(name))
      throw new TypeError(`parameters: ${name} can't be set here; use the option of that name, if there is one`)
    list.push([name, value])
  }
  for (const [name, value] of list) if (typeof value !== 'string') throw new TypeError(`${name}: must be a string`)
  return list
}

/** Checks the options. Throws a `TypeError` that names the one which is wrong. */
export function readGrantOptions(options: GrantOptions): GrantSettings {
  const { tokenEndpoint, issuer, revocationEndpoint, clientId } = options ?? {}
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId: must be the identifier of the client')
  if ((tokenEndpoint === undefined) === (issuer === undefined))
    throw new TypeError('tokenEndpoint, issuer: pass exactly one of them')

  const allowInsecureHttp = options.dangerouslyAllowInsecureHttp === true
  const check = (address: unknown, name: string): URL => {
    const objection = objectionTo(address, allowInsecureHttp)
    if (objection !== undefined) throw new TypeError(`${name}: ${objection}`)
    return new URL(String(address))
  }

  if (options.fetch !== undefined && typeof options.fetch !== 'function')
    throw new TypeError('fetch: must be a function like fetch')

  return {
    place:
      tokenEndpoint === undefined
        ? { issuer: check(issuer, 'issuer') }
        : { tokenEndpoint: check(tokenEndpoint, 'tokenEndpoint').href },
    revocationEndpoint: revocationEndpoint === undefined ? undefined : check(revocationEndpoint, 'revocationEndpoint').href,
    clientId,
    auth: clientAuth(options.clientAuthentication, options.clientSecret),
    parameters: readParameters(options),
    fetch: options.fetch ?? (options.axios ? axiosFetch(options.axios) : (url, init) => globalThis.fetch(url, init)),
    allowInsecureHttp,
  }
}
