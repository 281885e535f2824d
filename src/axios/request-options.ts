import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { checkedElsewhere, checkOptions, flag, isFunction, milliseconds, type OptionRule } from '../check-options.js'
import type { RequestSummary } from '../session/events.js'
import type { Session } from '../session/session.js'
import type { TokenProvider } from '../session/token-provider.js'
import { publicURL } from './redact.js'
import { openSessionOf } from './session-object.js'

/** The per-request option `oauth`. */
export interface OAuthRequestOptions {
  /**
   * Sends the request for another session than the attached one, for a server process with many users. A member that is
   * `undefined` is a `TypeError`: the request would be sent for another user.
   */
  session?: Session
  /**
   * Creates the body, so that a stream can be sent again. Called once more for a second send if it has returned a stream; any
   * other body is kept. Pass it in place of `data`.
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

/** The options of one request that `oauthFetch` accepts as well. */
export const requestRules: Readonly<Record<string, OptionRule>> = {
  body: ['a function that makes the body', isFunction],
  validFor: milliseconds,
  recover: flag,
}

const rules: typeof requestRules = { ...requestRules, session: checkedElsewhere }

/** Throws a `TypeError` unless `oauth` is an object with valid options. */
function checkRequestOptions(oauth: unknown): void {
  if (typeof oauth !== 'object' || !oauth || Array.isArray(oauth))
    throw new TypeError('oauth must be false, a session, or an object of options')
  checkOptions('oauth.', oauth, rules)
}

/** The session in a value of the option `oauth`. */
export function sessionIn(oauth: unknown): TokenProvider | undefined {
  return (openSessionOf(oauth) ?? openSessionOf((oauth as OAuthRequestOptions | undefined)?.session))?.provider
}

/**
 * The session that a request belongs to; `undefined` when the request opts out. `defaults`: those of the instance. `seen`: the
 * session that was found before other interceptors ran; the defaults may have changed since.
 */
export function providerFor(
  { oauth }: AxiosRequestConfig,
  attached: TokenProvider,
  defaults: AxiosRequestConfig,
  seen?: TokenProvider,
): TokenProvider | undefined {
  if (oauth === undefined) return attached
  if (oauth === false) return undefined
  if (!openSessionOf(oauth)) {
    checkRequestOptions(oauth)
    // axios replaces a session in the defaults by the options of the request.
    if (!('session' in oauth)) return seen ?? sessionIn(defaults.oauth) ?? attached
  }
  const provider = sessionIn(oauth)
  // Falling back to the attached session would send the request for another user.
  if (!provider) throw new TypeError('oauth.session must be a session that attachOAuth or createSession returned')
  return provider
}

/** The options of a request, if it has any. A session has no member of these names. */
export function requestOptions({ oauth }: AxiosRequestConfig): OAuthRequestOptions | undefined {
  return (oauth || undefined) as OAuthRequestOptions | undefined
}

export function summaryOf(config: InternalAxiosRequestConfig): RequestSummary {
  return { method: (config.method ?? 'get').toUpperCase(), url: publicURL(config.url) }
}
