import type { AxiosInstance } from 'axios'
import type { AttachOptions, RefreshFunction, TokenJSON } from 'axios-attach-oauth'
import type { GrantOptions } from 'axios-attach-oauth/grants'
import type { FailureShape } from './failure-shape.js'

/** The refresh functions through which each provider is tried. */
export const ways = ['grants', 'refresh-token', 'own axios', 'own fetch'] as const
export type Way = (typeof ways)[number]

/** An answer as it is sent. An object is sent as JSON. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body: object | string
}

/** What a server sees of a request. */
export interface Seen {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

/** The `n`th pair of tokens. */
export interface IssuedTokens {
  readonly access: string
  readonly refresh: string
  readonly now: number
}

/** One provider: what differs from RFC 6749 and RFC 6750. Everything else is as there. */
export interface Provider {
  readonly name: string
  /** The successful answer of the token endpoint. Default: RFC 6749 §5.1 with a rotated refresh token. */
  readonly issue?: (tokens: IssuedTokens) => Answer
  /** The set that a program has stored. Default: the answer of the token endpoint with `expires_at`. `isExpired` asks for one whose time is over. */
  readonly stored?: (tokens: IssuedTokens, isExpired: boolean) => TokenJSON
  /** The lifetime in seconds after a refresh; `Infinity` when it is not known. Default: 3600. */
  readonly lifetime?: number
  /** What the store holds after a refresh, besides the tokens. */
  readonly keeps?: object
  /** Default: `invalid_grant`. */
  readonly ended?: FailureShape
  /** Default: a 503. */
  readonly overloaded?: FailureShape
  /** The answer of the API to a token that it does not accept. Default: 401 with `invalid_token`. */
  readonly rejects?: Answer
  /** The credential as the API expects it. Default: `Authorization: Bearer …`. */
  readonly credential?: (access: string) => Readonly<Record<string, string>>
  /** Does the token endpoint accept the form of this request? Default: a form with `grant_type`, `refresh_token` and `client_id`. */
  readonly accepts?: (request: Seen) => boolean
  /** Options of `attachOAuth`. */
  readonly options?: Omit<AttachOptions, 'refresh'>
  /** Further options of `refreshToken` in `axios-attach-oauth/grants`. */
  readonly grant?: Partial<GrantOptions>
  /** Wraps a refresh function. */
  readonly wrap?: (refresh: RefreshFunction) => RefreshFunction
  /** Prepares the instance. */
  readonly prepare?: (api: AxiosInstance) => void
  /** The ways that make sense. Default: all. */
  readonly ways?: readonly Way[]
  /** How the provider is used: an option or the lines that are needed. Default: by itself. */
  readonly how?: string
}
