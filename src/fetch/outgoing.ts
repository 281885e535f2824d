import { defined } from '../defined.js'

/** A request for `fetch`, which can be sent twice if its body permits. */
export interface Outgoing {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly signal: AbortSignal | undefined
  /** The body is a stream, and no factory can make another. */
  readonly isOneShot: boolean
  /** Sends the request with the header. `check` runs right before; `isLast`: there is no second send. */
  readonly send: (authorization: string | undefined, isLast: boolean, check?: () => void) => Promise<Response>
}

export type Fetch = (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)
}

/** A copy of a body that its owner may change while the request waits. */
function copyBody(body: BodyInit | null | undefined): BodyInit | null | undefined {
  if (body instanceof URLSearchParams) return new URLSearchParams(body)
  if (body instanceof ArrayBuffer) return body.slice(0)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (typeof FormData === 'undefined' || !(body instanceof FormData) || !body.forEach) return body
  const copy = new FormData()
  body.forEach((value, name) => copy.append(name, value))
  return copy
}

/** The settings of a `Request` that `fetch` resets when it has a second argument. */
function keptSettings({ referrer, referrerPolicy }: Request): RequestInit {
  // Some platforms have no referrer.
  return defined({ referrer, referrerPolicy })
}

/** Reads the arguments of `fetch`. A `Request` with a body is cloned for the first send. */
export function readRequest(fetch: Fetch, input: RequestInfo | URL, init: RequestInit, createBody?: () => unknown): Outgoing {
  const request = typeof input === 'object' && 'headers' in input ? input : undefined
  const hasBody = init.body !== undefined && init.body !== null
  const settings: RequestInit = {
    ...(request && keptSettings(request)),
    ...init,
    ...(hasBody && !createBody && { body: copyBody(init.body) as BodyInit }),
  }
  const headers = new Headers(init.headers ?? request?.headers)
  return {
    url: request?.url ?? String(input),
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    headers,
    signal: init.signal ?? request?.signal,
    isOneShot: !createBody && isStream(init.body),
    async send(authorization, isLast, check) {
      const sent = new Headers(headers)
      if (authorization !== undefined) sent.set('authorization', authorization)
      const target = request && !isLast && !hasBody && request.body !== null ? request.clone() : input
      const own = createBody && { body: (await createBody()) as BodyInit, duplex: 'half' }
      check?.()
      return fetch(target, { ...settings, headers: sent, ...own })
    },
  }
}
