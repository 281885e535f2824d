/** The part of `fetch` that token requests need. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** A request to the token endpoint, the revocation endpoint or for the metadata of the issuer. */
export interface FetchInit {
  method: string
  headers: Record<string, string>
  /** Text when `bodyFormat` is `json`. */
  body?: URLSearchParams | string
  redirect: 'manual'
  signal?: AbortSignal
}

/** How requests leave this process. */
export interface Transport {
  readonly fetch: Fetch
  /** A likely cause of a failed connection to this address, as a sentence; `undefined` when none is known. */
  readonly hint?: (url: string) => string | undefined
}
