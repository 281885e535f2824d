import type { InternalAxiosRequestConfig } from 'axios'
import { beyondRefresh, parseChallenges, rejectsToken, type Challenge } from './axios/challenge.js'
import { cookieSession } from './axios/cookie-session.js'
import type { StepUp } from './axios/options.js'
import { originOf, originRule, type OriginRule } from './axios/origin.js'
import { emitQueued, emitSent } from './axios/request-events.js'
import { requestRules, summaryOf } from './axios/request-options.js'
import { openSessionOf } from './axios/session-object.js'
import { checkedElsewhere, checkOptions, flag, isFunction, resultOf, type OptionRule } from './check-options.js'
import { isOAuthError, type OAuthError } from './errors.js'
import { fetchError, notReplayable, OAuthFetchError, stepUpRequired } from './fetch/error.js'
import { readRequest, type Fetch, type Outgoing } from './fetch/outgoing.js'
import { routeRule } from './node-only.js'
import type { RefreshResult } from './session/in-flight-refresh.js'
import { epochEnded } from './session/refresh-error.js'
import type { Session } from './session/session.js'
import type { ActiveToken } from './session/state.js'
import type { TokenProvider, TokenResult } from './session/token-provider.js'
import { untilAborted } from './until-aborted.js'

export { OAuthFetchError }

/** The options of `oauthFetch`. */
export interface OAuthFetchOptions {
  /** The origins that get the token, such as `['https://api.example.com']`. Default: in a browser the page's own origin, elsewhere none. */
  readonly origins?: readonly string[]
  /**
   * Meets a challenge that asks for another scope or a stronger sign-in (RFC 6750 §3.1, RFC 9470): `stepUp(…)` of `axios-attach-oauth/step-up`.
   * Default: the request rejects with `OAUTH_STEP_UP_REQUIRED`.
   */
  readonly stepUp?: StepUp
  /** Sends the requests. Default: the platform's `fetch`. */
  readonly fetch?: Fetch
  /** `true`: tokens may travel over plain http to other machines. Default: `false`. */
  readonly dangerouslyAllowInsecureHttp?: boolean
}

/** The option `oauth` of one request. */
export interface OAuthFetchRequestOptions {
  /** Makes the body for each send of the request, so that a stream can be sent again. Pass it in place of `body`. */
  readonly body?: (() => unknown) | undefined
  /** How long the token must stay valid, in milliseconds. Default: 0. */
  readonly validFor?: number | undefined
  /** `false`: the request carries the token, and the caller gets a 401 as it is. Default: `true`. */
  readonly recover?: boolean | undefined
}

/** `fetch` with the option `oauth`; `false` sends the request unchanged. */
export type OAuthFetch = (
  input: RequestInfo | URL,
  init?: RequestInit & { readonly oauth?: false | OAuthFetchRequestOptions | undefined },
) => Promise<Response>

const rules: Readonly<Record<keyof OAuthFetchOptions, OptionRule>> = {
  origins: checkedElsewhere,
  stepUp: resultOf('stepUp'),
  fetch: ['a function', isFunction],
  dangerouslyAllowInsecureHttp: flag,
}

function checkRequestOptions(oauth: unknown): void {
  if (oauth === undefined) return
  if (openSessionOf(oauth)) throw new TypeError('oauth must not be a session: this fetch sends for the session of oauthFetch')
  if (typeof oauth !== 'object' || !oauth || Array.isArray(oauth))
    throw new TypeError('oauth must be false or an object of options')
  checkOptions('oauth.', oauth, requestRules)
}

const nothingAllowed =
  'Tell which origins may get the token: by the option origins of oauthFetch, such as ["https://api.example.com"]. ' +
  'Plain http is for loopback only, unless dangerouslyAllowInsecureHttp is set.'

function judgeOrigins(origins: readonly string[] | undefined, allowInsecureHttp: boolean): OriginRule {
  try {
    return originRule({
      origins,
      baseURL: () => undefined,
      page: () => globalThis.location?.href,
      base: () => globalThis.document?.baseURI,
      allowInsecureHttp,
    })
  } catch (error) {
    throw new TypeError((error as Error).message.replace('attachOAuth', 'oauthFetch'))
  }
}

/**
 * The challenge that a refresh can't meet, or `true` when the response rejects the token. A response after a redirect to another
 * origin does not count: the platform has removed the token.
 */
function refusalOf(
  { url }: Outgoing,
  // The option fetch of a test may resolve with less than a response.
  { status, headers, redirected, url: landed }: Partial<Response> = {},
  meetsClaims: boolean | undefined,
): Challenge | boolean {
  const isElsewhere = redirected && originOf(String(landed)) !== originOf(url, globalThis.document?.baseURI)
  if (isElsewhere || (status !== 401 && status !== 403 && status !== 400)) return false
  const challenges = parseChallenges(headers?.get('www-authenticate'))
  return (status === 400 ? undefined : beyondRefresh(challenges, meetsClaims)) ?? rejectsToken(status, challenges)
}

/**
 * Makes a `fetch` for a session: requests to allowed origins carry its access token. Any number of concurrent 401s lead to one
 * refresh, shared with the axios instances attached to the session, and each request is sent again once. A request is never sent
 * for another user than the one it was made for.
 *
 * A request with its own `Authorization` header, to another origin, or with `oauth: false` is sent unchanged. When a refresh
 * fails for a transient reason, the request resolves with the 401; when the session ends, it rejects with `OAUTH_INVALID_GRANT`
 * or `OAUTH_SIGNED_OUT`. A request whose body is a stream can't be sent again and rejects with `OAUTH_NOT_REPLAYABLE`. An abort
 * rejects with `signal.reason`. Errors are `OAuthFetchError`s, whose `response` is the server's answer. Throws a `TypeError` that
 * names the invalid option, or for a session in HttpOnly cookies.
 *
 * @example
 * const fetchWithToken = oauthFetch(session, { origins: ['https://api.example.com'] })
 * const response = await fetchWithToken('https://api.example.com/me')
 */
export function oauthFetch(session: Session, options?: OAuthFetchOptions): OAuthFetch {
  const given: OAuthFetchOptions = options ?? {}
  checkOptions('oauthFetch: ', given, rules)
  const { origins, stepUp, fetch = (input, init) => globalThis.fetch(input, init) } = given
  const allowInsecureHttp = given.dangerouslyAllowInsecureHttp === true
  const provider = openSessionOf(session)?.provider
  if (!provider) throw new TypeError('oauthFetch: session must be a session that attachOAuth or createSession returned')
  if (cookieSession in session)
    throw new TypeError('oauthFetch: the tokens of this session are in HttpOnly cookies: use fetch with credentials, or axios')
  const judgeOrigin = judgeOrigins(origins, allowInsecureHttp)
  const judgeRoute = routeRule({ allowInsecureHttp, base: () => globalThis.document?.baseURI })

  /** Does the request get the token? */
  function isConcerned({ url, headers, signal }: Outgoing): boolean {
    if (headers.get('authorization') || provider?.isRefreshRequest({ signal })) return false
    const verdict = judgeOrigin({ url })
    if (verdict === 'nothing-allowed') throw new OAuthFetchError('OAUTH_ORIGIN_UNKNOWN', nothingAllowed)
    const danger = verdict === 'allowed' ? judgeRoute({ url, adapter: 'fetch' }) : undefined
    if (danger !== undefined) throw new OAuthFetchError('OAUTH_INSECURE_PROXY', danger)
    return verdict === 'allowed'
  }

  return async (input, settings) => {
    const { oauth, ...init } = settings ?? {}
    if (oauth === false) return fetch(input, init)
    checkRequestOptions(oauth)
    const request = readRequest(fetch, input, init, oauth?.body)
    if (!isConcerned(request)) return request.send(undefined, true)
    return sendFor(provider, request, oauth ?? {}, stepUp).catch((error: unknown) => {
      throw fetchError(error)
    })
  }
}

/** Sends a request of the session, and sends it once more with another token after a 401. */
async function sendFor(
  provider: TokenProvider,
  request: Outgoing,
  { validFor, recover }: OAuthFetchRequestOptions,
  stepUp: StepUp | undefined,
): Promise<Response> {
  const { url, method, signal, isOneShot } = request
  const config = { url, method } as InternalAxiosRequestConfig
  const requestId = provider.events.watchesRequests ? provider.events.nextRequestId() : undefined
  const emit = (name: 'sent' | 'resent'): void => emitSent(provider.events, name, config, requestId)
  let { epoch } = provider
  const requireEpoch = (response?: Response): void => {
    if (!provider.isCurrent(epoch)) throw fetchError(epochEnded(), response)
  }

  const demand = isOneShot || validFor ? { isOneShot, validFor } : undefined
  const summary = requestId === undefined ? undefined : summaryOf(config)
  /** Waits for a token until the request is aborted. */
  async function wait<Result extends TokenResult>(
    because: 'token' | 'rejected',
    getToken: () => Promise<Result>,
    onAbort?: () => void,
  ): Promise<Result> {
    const released = emitQueued(provider, config, requestId, because)
    const outcome = await untilAborted(getToken(), signal).catch((error: unknown) => {
      released?.('interrupted')
      onAbort?.()
      throw error
    })
    released?.(outcome.type)
    return outcome
  }

  let token = provider.peekToken(demand)
  if (!token) {
    const result = await wait('token', () => provider.getToken(demand, summary))
    if ('error' in result) throw result.error
    requireEpoch()
    token = result.type === 'token' ? provider.latest(result.token, epoch) : undefined
  }
  epoch = token ? token.epoch : provider.epoch
  if (token) emit('sent')
  const response = await request.send(bearer(token), isOneShot || !token, requireEpoch)
  if (!token || recover === false) return response
  const refusal = refusalOf(request, response, stepUp?.meetsClaims)
  if (refusal === false) return response

  const result =
    refusal === true ? provider.getTokenAfter401(token, summary) : runStepUp(provider, token, refusal, stepUp, response)
  if (isOneShot) throw notReplayable(response)
  const replacement = await wait(
    'rejected',
    () => result,
    () => discard(response),
  )
  if (replacement.type === 'failed') return response
  if (replacement.type !== 'token') throw fetchError(replacement.error, response)
  return request.send(bearer(provider.latest(replacement.token, epoch)), true, () => {
    requireEpoch(response)
    emit('resent')
    // A listener may have ended the epoch.
    requireEpoch(response)
    discard(response)
  })
}

/** Frees the connection of a response that is not read. */
function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}

function bearer(token: ActiveToken | undefined): string | undefined {
  return token?.accessToken === undefined ? undefined : `Bearer ${token.accessToken}`
}

/** Gets a token that meets the challenge. */
function runStepUp(
  provider: TokenProvider,
  token: ActiveToken,
  challenge: Challenge,
  stepUp: StepUp | undefined,
  response: Response,
): Promise<RefreshResult> {
  if (!stepUp) throw stepUpRequired(response, challenge, false)
  return stepUp(provider, token, challenge).catch((cause: unknown) => ({
    type: 'rejected',
    error: isOAuthError(cause) ? (cause as OAuthError) : stepUpRequired(response, challenge, true, cause),
  }))
}
