import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { RequestSummary } from '../session/events.js'
import type { Session } from '../session/session.js'
import type { TokenProvider } from '../session/token-provider.js'
import { publicURL } from './redact.js'
import { openSessionOf } from './session-object.js'

/** The per-request option `oauth`. */
export interface OAuthRequestOptions {
  /** Sends the request for another session than the attached one: one of many users in one server process. */
  session?: Session | undefined
  /**
   * Makes the body, once for each time that the request is sent. With it, a stream can be sent again: pass it in place of `data`.
   *
   * @example
   * api.post('/upload', undefined, { oauth: { body: () => createReadStream('big.bin') } })
   */
  body?: (() => unknown) | undefined
  /** How long the token must stay valid, in milliseconds, for instance for a long upload. Default: 0. */
  validFor?: number | undefined
  /** `false`: the request carries the token, and a 401 is the caller's answer. Default: `true`. */
  recover?: boolean | undefined
}

declare module 'axios' {
  export interface AxiosRequestConfig {
    /** `false`: the request is sent without a token and without recovery. A session: the request is sent for that session. */
    oauth?: false | Session | OAuthRequestOptions | undefined
  }
}

/** The session that a request belongs to; `undefined` when it has opted out. */
export function providerFor({ oauth }: AxiosRequestConfig, attached: TokenProvider): TokenProvider | undefined {
  if (!oauth) return oauth === false ? undefined : attached
  const own = openSessionOf(oauth)
  if (own) return own.provider
  const { session } = oauth as OAuthRequestOptions
  if (session === undefined) return attached
  const other = openSessionOf(session)
  // Falling back to the attached session would send the request for another user.
  if (!other) throw new TypeError('oauth.session must be a session that attachOAuth or createSession returned')
  return other.provider
}

/** The options of a request, when it has some. */
export function requestOptions({ oauth }: AxiosRequestConfig): OAuthRequestOptions | undefined {
  return typeof oauth === 'object' && !openSessionOf(oauth) ? (oauth as OAuthRequestOptions) : undefined
}

export function summaryOf(config: InternalAxiosRequestConfig): RequestSummary {
  return { method: (config.method ?? 'get').toUpperCase(), url: publicURL(config.url) }
}
