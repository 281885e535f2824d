import type { RefreshFunction, TokenResponse } from './types.js'

/** Options of the small `refreshToken`. */
export interface RefreshTokenOptions {
  /** The token endpoint (RFC 6749 §3.2): https, or http on loopback. */
  tokenEndpoint: string
  /** The client identifier of a public client (RFC 6749 §2.2). */
  clientId: string
  /** The scope to ask for (RFC 6749 §6). Default: none is sent. */
  scope?: string
  /** Further parameters of the token request. Default: none. */
  parameters?: Readonly<Record<string, string>>
  /** Sends the token request. Default: the platform's `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

type Members = Record<string, unknown>

/** Answers are cut at this many bytes. */
const MAX_BODY = 1_000_000
const secureAddress = /^(https:\/\/|http:\/\/(([\w-]+\.)*localhost|127(\.\d+){3}|\[::1])(:\d+)?([/?#]|$))/i
const isCode = (code: unknown): code is string => /^[\w.-]{1,64}$/.test(typeof code === 'string' ? code : '')

function wrong(option: string): never {
  throw new TypeError(`refreshToken: ${option}`)
}

/** Has the shape of the `TokenEndpointError` of `axios-attach-oauth/grants`; what may hold a secret is non-enumerable. */
function failure(message: string, known?: Members, body?: Members): Error {
  const error = Object.assign(new Error(`The token endpoint ${message}`), known)
  const hidden = { name: 'TokenEndpointError', isTokenEndpointError: true, body, error_description: body?.error_description }
  for (const [name, value] of Object.entries(hidden)) Object.defineProperty(error, name, { value, configurable: true })
  return error
}

/** `undefined` when there is more than the limit. */
async function read({ body, ...response }: Response): Promise<string | undefined> {
  return undefined
}
