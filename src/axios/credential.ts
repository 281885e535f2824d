import type { InternalAxiosRequestConfig } from 'axios'
import type { ActiveToken } from '../session/state.js'

/** The header that carries a token. */
export interface Credential {
  readonly name: string
  /** The name in lower case. */
  readonly lowerName: string
  readonly value: string
}

/** How many credentials are remembered, to recognize them in configs that were copied without their context. */
const REMEMBERED = 8

/** Makes the credentials of one attachment, and recognizes them. */
export class CredentialFactory {
  #token: ActiveToken | undefined
  #credential: Credential | undefined
  /** The names of all headers that have carried a token, in lower case. */
  readonly names = new Set(['authorization'])
  readonly #recent: { readonly value: string; readonly token: ActiveToken }[] = []

  /** The credential of a token (RFC 6750 §2.1); `undefined` for a set without an access token. */
  of(token: ActiveToken): Credential | undefined {
    if (token === this.#token) return this.#credential
    const { accessToken } = token
    this.#token = token
    this.#credential = accessToken === undefined ? undefined : {
      name: 'Authorization',
      lowerName: 'authorization',
      value: `Bearer ${accessToken}`,
    }
    if (this.#credential) this.#recent.push({ value: this.#credential.value, token })
    if (this.#recent.length > REMEMBERED) this.#recent.shift()
    return this.#credential
  }

  /** The token of a header value that this attachment has set. */
  recognize(value: unknown): ActiveToken | undefined {
    return this.#recent.findLast((recent) => recent.value === value)?.token
  }
}

/** The name under which the headers hold an authorization. Looping is cheaper than `headers.has`. */
export function authorizationName({ headers }: InternalAxiosRequestConfig): string | undefined {
  for (const name in headers) if (name.length === 13 && name.toLowerCase() === 'authorization' && !isEmpty(headers[name])) return name
  return undefined
}

/** Sets the credential in place of an empty header or of an earlier credential. */
export function setCredential({ headers }: InternalAxiosRequestConfig, { name, lowerName, value }: Credential): void {
  // Of two spellings, adapters send the last one.
  if (headers[lowerName] !== undefined) delete headers[lowerName]
  headers[name] = value
}

/** Removes the credential, unless the caller has replaced it. */
export function removeCredential({ headers }: InternalAxiosRequestConfig, { lowerName, value }: Credential): void {
  for (const present in headers) if (present.toLowerCase() === lowerName && headers[present] === value) delete headers[present]
}

/** Do the headers still hold the credential? */
export function carries({ headers }: InternalAxiosRequestConfig, { name, value }: Credential): boolean {
  return headers[name] === value
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === false
}
