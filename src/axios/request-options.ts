import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { RequestSummary } from '../session/events.js'
import type { Session } from '../session/session.js'
import type { TokenProvider } from '../session/token-provider.js'
import { publicURL } from './redact.js'
import { openSessionOf } from './session-object.js'

/** The per-request option `oauth`. */
export interface OAuthRequestOptions {
  /** Sends the request for another session than the attached one, for a server process with many users. */
  session?: Session | undefined
  /**
   * Makes the body for each send of the request, so that a stream can be sent again. Pass it in place of `data`.
   *
   * @example
   * api.post('/upload', undefined, { oauth: { body: () => createReadStream('big.bin') } })
   */
  body?: (() => unknown) | undefined
  /** How long the token must stay valid, in milliseconds, for instance for a long upload. Default: 0. */
  validFor?: number | undefined
  /** `false`: the request carries the token, and the caller gets a 401 as it is. Default: `true`. */
  recover?: boolean | undefined
}

declare module 'axios' {
  export interface AxiosRequestConfig {
    /** `false`: the request is sent without a token and without recovery. A session: the request is sent for that session. */
    oauth?: false | Session | OAuthRequestOptions | undefined
  }
}

/** The session that a request belongs to; `undefined` when the request opts out. */
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

/** The options of a request, if it has any. */
export function requestOptions({ oauth }: AxiosRequestConfig): OAuthRequestOptions | undefined {
  return typeof oauth === 'object' && !openSessionOf(oauth) ? (oauth as OAuthRequestOptions) : undefined
}

export function summaryOf(config: InternalAxiosRequestConfig): RequestSummary {
  return { method: (config.method ?? 'get').toUpperCase(), url: publicURL(config.url) }
}
