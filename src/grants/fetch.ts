/** The part of `fetch` that token requests need. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** A request to the token endpoint or the revocation endpoint, or for the issuer's metadata. */
export interface FetchInit {
  method: string
  headers: Record<string, string>
  /** Text when `bodyFormat` is `json`. */
  body?: URLSearchParams | string
  redirect: 'manual'
  signal?: AbortSignal
}

/** How token requests are sent. */
export interface Transport {
  readonly fetch: Fetch
  /** A likely cause of a failed connection to this address, as a sentence; `undefined` when unknown. */
  readonly hint?: (url: string) => string | undefined
}
