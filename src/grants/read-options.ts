import type { ClientAuth } from 'oauth4webapi'
import { readAuthentication } from './authenticate.js'
import { objectionTo } from './endpoint.js'
import type { Fetch, FetchInit, Transport } from './fetch.js'
import type { GrantOptions } from './options.js'
import { platformTransport } from './platform-fetch.js'
import { renamable, requestForm } from './request-form.js'
import { axiosTransport } from './transport.js'
import { wrongOption } from './wrong-option.js'

/** The checked options. */
export interface GrantSettings extends Transport {
  readonly location: { readonly tokenEndpoint: string } | { readonly issuer: URL }
  readonly revocationEndpoint: string | undefined
  readonly clientId: string
  readonly grantType: string | undefined
  readonly parameters: readonly (readonly [string, string])[]
  readonly authenticate: ClientAuth
  /** Converts a request to the form that the server expects. */
  readonly prepare: (init: FetchInit) => FetchInit
  /** A sentence about an error code of the token endpoint. */
  readonly adviceOn: (error: string) => string | undefined
  readonly allowInsecureHttp: boolean
}

const known: Record<keyof GrantOptions, true> = {
  tokenEndpoint: true,
  issuer: true,
  revocationEndpoint: true,
  clientId: true,
  clientSecret: true,
  clientAuthentication: true,
  scope: true,
  resource: true,
  audience: true,
  parameters: true,
  grantType: true,
  parameterNames: true,
  bodyFormat: true,
  headers: true,
  axios: true,
  fetch: true,
  dangerouslyAllowInsecureHttp: true,
}

/** Parameters set by the grant or by other options. */
const reserved = [...renamable, 'client_assertion', 'client_assertion_type', 'resource', 'audience']

type Wrong = (message: string) => TypeError

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function dictionary(wrong: Wrong, option: string, given: unknown): [string, string][] {
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong(`${option} must be an object`)
  const entries = Object.entries(given as Record<string, unknown>)
  for (const [name, value] of entries) if (typeof value !== 'string') throw wrong(`${option}.${name} must be a string`)
  return entries as [string, string][]
}

function readParameters(wrong: Wrong, options: GrantOptions, renamed: readonly string[]): [string, string][] {
  const { scope, audience, resource } = options
  const list: [string, string][] = []
  const add = (name: string, value: unknown): void => {
    if (typeof value !== 'string') throw wrong(`${name} must be a string${name === 'resource' ? ', or a list of strings' : ''}`)
    list.push([name, value])
  }
  if (scope !== undefined) add('scope', scope)
  if (audience !== undefined) add('audience', audience)
  for (const each of [resource ?? []].flat()) add('resource', each)
  for (const [name, value] of dictionary(wrong, 'parameters', options.parameters)) {
    if (reserved.includes(name) || renamed.includes(name))
      throw wrong(`parameters.${name} can't be set here; use the option of that name, if there is one`)
    list.push([name, value])
  }
  return list
}

function readNames(wrong: Wrong, given: unknown): [string, string][] {
  const names = dictionary(wrong, 'parameterNames', given)
  for (const [name, value] of names) {
    if (!(renamable as readonly string[]).includes(name))
      throw wrong(`parameterNames.${name} is unknown; known are ${renamable.join(', ')}`)
    if (value === '') throw wrong(`parameterNames.${name} must be a non-empty string`)
  }
  return names
}

function readHeaders(wrong: Wrong, options: GrantOptions): [string, string][] {
  const entries = dictionary(wrong, 'headers', options.headers)
  const { clientAuthentication, clientSecret } = options
  const authenticates = (clientAuthentication ?? (clientSecret === undefined && 'none')) !== 'none'
  for (const [name, value] of entries) {
    try {
      new Headers([[name, value]])
    } catch {
      throw wrong(`headers.${name} is not a valid header`)
    }
    if (/^content-(type|length)$/i.test(name)) throw wrong(`headers.${name} can't be set here; bodyFormat decides it`)
    if (/^authorization$/i.test(name) && authenticates)
      throw wrong(`headers.${name} needs clientAuthentication: 'none', which sends no other credentials`)
  }
  return entries
}

function readTransport(wrong: Wrong, { axios, fetch }: GrantOptions, allowInsecureHttp: boolean): Transport {
  if (fetch !== undefined && typeof fetch !== 'function') throw wrong('fetch must be a function like fetch')
  if (axios !== undefined && typeof (axios as Partial<typeof axios> | null)?.defaults !== 'object')
    throw wrong('axios must be an axios instance')
  if (fetch) return { fetch: fetch as Fetch }
  return axios ? axiosTransport(axios, allowInsecureHttp) : platformTransport(allowInsecureHttp)
}

/** Checks the options of the function `name`. Throws a `TypeError` that names both. */
export function readGrantOptions(name: string, given: GrantOptions): GrantSettings {
  const wrong: Wrong = (message) => wrongOption(`${name}: ${message}`)
  const options = given ?? {}
  for (const option of Object.keys(options)) if (!Object.hasOwn(known, option)) throw wrong(`unknown option '${option}'`)

  const {
    tokenEndpoint,
    issuer,
    revocationEndpoint,
    clientId,
    grantType,
    bodyFormat = 'form',
    dangerouslyAllowInsecureHttp,
  } = options
  if (!isText(clientId)) throw wrong('clientId must be a non-empty string')
  if ((tokenEndpoint === undefined) === (issuer === undefined)) throw wrong('pass either tokenEndpoint or issuer')
  if (grantType !== undefined && !isText(grantType)) throw wrong('grantType must be a non-empty string')
  if (bodyFormat !== 'form' && bodyFormat !== 'json') throw wrong("bodyFormat must be 'form' or 'json'")
  if (dangerouslyAllowInsecureHttp !== undefined && typeof dangerouslyAllowInsecureHttp !== 'boolean')
    throw wrong('dangerouslyAllowInsecureHttp must be true or false')

  const allowInsecureHttp = dangerouslyAllowInsecureHttp === true
  const address = (value: unknown, option: string): URL => {
    const objection = objectionTo(value, allowInsecureHttp)
    if (objection !== undefined) throw wrong(`${option} ${objection}`)
    return new URL(String(value))
  }
  const location =
    tokenEndpoint === undefined
      ? { issuer: address(issuer, 'issuer') }
      : { tokenEndpoint: address(tokenEndpoint, 'tokenEndpoint').href }
  const revocation = revocationEndpoint === undefined ? undefined : address(revocationEndpoint, 'revocationEndpoint').href

  const { authenticate, advice } = readAuthentication(name, clientId, options.clientAuthentication, options.clientSecret)
  const names = readNames(wrong, options.parameterNames)
  const headers = readHeaders(wrong, options)
  return {
    ...readTransport(wrong, options, allowInsecureHttp),
    location,
    revocationEndpoint: revocation,
    clientId,
    grantType,
    parameters: readParameters(
      wrong,
      options,
      names.map(([, renamed]) => renamed),
    ),
    async authenticate(server, client, body, sent) {
      for (const [header, value] of headers) sent.set(header, value)
      await authenticate(server, client, body, sent)
    },
    prepare: requestForm(Object.fromEntries(names), bodyFormat),
    adviceOn: (error) => (error === 'invalid_client' ? advice : undefined),
    allowInsecureHttp,
  }
}
