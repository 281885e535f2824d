import type { InternalAxiosRequestConfig } from 'axios'
import { isFunction, type OptionRule } from '../check-options.js'
import { copyJSON } from '../copy-json.js'
import type { Epoch, SentCredential } from '../session/epoch.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import { toTokenSet } from '../tokens.js'
import type { TokenSet } from '../types.js'
import { isObject } from './is-stream.js'

/** One header that carries a token. */
export interface CredentialHeader {
  readonly name: string
  /** The name in lower case. */
  readonly lowerName: string
  readonly value: string
}

/** The headers that carry a token: one, unless the option `header` is a function. */
export type Credential = readonly CredentialHeader[]

/** No header: the browser sends HttpOnly cookies itself when credentials are included. */
const cookieCredential: Credential = []

/** Cookies, where `withCredentials` has a value of the caller's own. */
const callersCookies: Credential = []

/** The option `header`. */
export type HeaderOption =
  | string
  | { readonly name: string; readonly scheme?: string }
  | ((tokens: TokenSet) => Readonly<Record<string, string | null | undefined>>)

/** How many header values are remembered of the instances attached to one session, and of each session. */
const REMEMBERED = 50
const REMEMBERED_OF_SESSION = 10

/** Puts a header value at the start of a list, unless the list holds it. */
function remember(list: SentCredential[], sent: SentCredential, most: number): void {
  if (list.some(({ value, epoch }) => value === sent.value && epoch === sent.epoch)) return
  list.unshift(sent)
  list.splice(most)
}

const tokenPattern = /^[\w!#$%&'*+.^`|~-]+$/
const isToken = (text: unknown): boolean => typeof text === 'string' && tokenPattern.test(text)

/** The accepted form of the option `header`. */
export const headerRule: OptionRule = [
  'the name of a header, { name, scheme } of plain words such as Authorization and Bearer, or a function of the token set',
  (value) => {
    const { name = value, scheme } = Object(value) as { name?: unknown; scheme?: unknown }
    return isFunction(value) || (isToken(name) && (scheme === undefined || isToken(scheme)))
  },
]

/** A value of another kind, or with a line break, would be sent as something else, or not at all. */
const isHeader = ([name, value]: [PropertyKey, unknown]): boolean =>
  isToken(name) && typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)

function headersOf(option: HeaderOption | undefined, token: ActiveToken): Readonly<Record<string, string>> {
  const { accessToken } = token
  if (accessToken === undefined) return {}
  if (typeof option === 'function') {
    const headers: unknown = option(copyJSON(toTokenSet(token.record.parsed.tokens)))
    const entries = Object.entries(Object(headers) as object)
    // As in axios, a header without a value is not sent.
    const given = entries.filter(([, value]) => value !== undefined && value !== null)
    const isPlain = isObject(headers) && !('then' in headers || (entries.length === 0 && Symbol.iterator in headers))
    if (!isPlain || !given.every(isHeader) || (given.length === 0 && entries.length > 0))
      throw new TypeError('attachOAuth: the function header must return an object of header names and values')
    return Object.fromEntries(given) as Record<string, string>
  }
  if (typeof option === 'string') return { [option]: accessToken }
  const { name, scheme } = option ?? { name: 'Authorization', scheme: 'Bearer' }
  return { [name]: scheme === undefined ? accessToken : `${scheme} ${accessToken}` }
}

/** Makes the credentials of one attachment, and recognizes them. */
export class CredentialFactory {
  /** The names of all headers that have carried a token, in lower case. */
  readonly names = new Set<string>()
  readonly #lengths = new Set<number>()
  /**
   * `true` when the credential is `Authorization` alone, which fetch and browsers remove on a redirect to another origin.
   */
  readonly isUsual: boolean
  /** `true` when cookies carry the session, and no header does. */
  readonly usesCookies: boolean
  readonly #option: HeaderOption | undefined
  #token: ActiveToken | undefined
  #credential: Credential | undefined
  readonly #recent: SentCredential[]

  /** `recent`: the credentials that attachments to the same session have sent. */
  constructor(option: HeaderOption | undefined, recent: SentCredential[], usesCookies: boolean) {
    this.usesCookies = usesCookies
    this.#option = option
    this.#recent = recent
    const name =
      typeof option === 'string' ? option : typeof option === 'function' ? undefined : (option?.name ?? 'Authorization')
    if (name !== undefined) this.#add(name.toLowerCase())
    this.isUsual = name?.toLowerCase() === 'authorization'
  }

  /** The credential of a token; `undefined` for a set without an access token. Cookies need no token. */
  of(token: ActiveToken | undefined, provider: TokenProvider): Credential | undefined {
    if (this.usesCookies) return cookieCredential
    if (!token) return undefined
    if (token === this.#token) return this.#credential
    const credential = Object.entries(headersOf(this.#option, token)).map(([name, value]) => ({
      name,
      lowerName: name.toLowerCase(),
      value,
    }))
    this.#token = token
    this.#credential = credential.length > 0 ? credential : undefined
    for (const { lowerName, value } of credential) {
      this.#add(lowerName)
      const sent = { value, epoch: token.epoch }
      remember(this.#recent, sent, REMEMBERED)
      remember(provider.sentCredentials, sent, REMEMBERED_OF_SESSION)
    }
    return this.#credential
  }

  #add(lowerName: string): void {
    this.names.add(lowerName)
    this.#lengths.add(lowerName.length)
  }

  /** The epoch of a header value that this package has set. */
  recognize(value: unknown, { sentCredentials }: TokenProvider): Epoch | undefined {
    return [...sentCredentials, ...this.#recent].find((sent) => sent.value === value)?.epoch
  }

  /**
   * The name of the header that holds a credential, either the caller's or one set by this package. An empty header does not
   * count.
   */
  find({ headers }: InternalAxiosRequestConfig): string | undefined {
    // Most names differ in length, which is cheaper to compare.
    for (const name in headers)
      if (this.#lengths.has(name.length) && this.names.has(name.toLowerCase()) && headers[name]) return name
    return undefined
  }
}

/** Sets the credential, replacing empty headers and an earlier credential. Returns what was set. */
export function setCredential(config: InternalAxiosRequestConfig, credential: Credential): Credential {
  const { headers } = config
  if (credential === cookieCredential) {
    if (config.withCredentials !== undefined) return callersCookies
    config.withCredentials = true
  }
  for (const { name, lowerName, value } of credential) {
    // Of two spellings, adapters send the last one.
    if (headers[lowerName] !== undefined) delete headers[lowerName]
    headers[name] = value
  }
  return credential
}

/** Removes the credential, unless the caller has replaced it. */
export function removeCredential(config: InternalAxiosRequestConfig, credential: Credential): void {
  const { headers } = config
  if (credential === cookieCredential) delete config.withCredentials
  for (const present in headers)
    if (credential.some(({ lowerName, value }) => present.toLowerCase() === lowerName && headers[present] === value))
      delete headers[present]
}
