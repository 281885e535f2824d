import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { checkOptions, type OptionRule } from '../check-options.js'
import { defined } from '../defined.js'
import { defaultPolicy, type ClassifyFailure, type PolicySettings, type WindowSize } from '../policy.js'
import type { RefreshResult } from '../session/in-flight-refresh.js'
import type { SessionSettings } from '../session/settings.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { RefreshFunction, RevokeFunction, TokenStore } from '../types.js'
import type { Challenge } from './challenge.js'
import type { HeaderOption } from './credential.js'
import { attachRules, foreign, groups, numberRules, sessionRules } from './option-rules.js'

/** Some of the members; the others keep their defaults. */
type Some<Members> = { [Name in keyof Members]?: Members[Name] | undefined }

/** The options of a session. Times are milliseconds. Members left out of an object option keep their defaults. */
export interface SessionOptions {
  /** The session's name, repeated as `session` in every event. Default: none. */
  name?: string | undefined
  /**
   * Gets a new token set: a grant of `axios-attach-oauth/grants`, or any function `(tokens, context) → token response`. `false`: another program
   * renews the stored set, and this session only reads it. Default: the store's own `refresh`.
   */
  refresh?: RefreshFunction | false | undefined
  /** Revokes tokens at the server (RFC 7009). Default: the refresh function's own `revoke`. */
  revoke?: RevokeFunction | undefined
  /**
   * Decides what a failed refresh means, before the built-in rules: `ended` signs out, `misconfigured` and `transient` keep the tokens. Returns nothing to leave
   * the decision to those rules. Default: the built-in rules.
   *
   * @example
   * classify: ({ body }) => ((body as { code?: string }).code === 'SESSION_GONE' ? 'ended' : undefined)
   */
  classify?: ClassifyFailure | undefined
  /** The time limit of a refresh, its retries included. An answer that comes later is still used and saved. Default: 60,000. */
  refreshTimeout?: number | undefined
  /** At most `count` refreshes in `interval`; refreshes due to normal expiry do not count. Default: 5 in 30,000. */
  refreshLimit?: Some<PolicySettings['refreshLimit']> | undefined
  /** The time before the expiry in which a refresh runs in the background: `fraction` of the lifetime, `max` at most. Default: 0.2 and 300,000. */
  refreshWindow?: Some<WindowSize> | undefined
  /** The time before the expiry in which requests wait for the refresh. Default: 0.05 and 30,000. */
  blockingWindow?: Some<WindowSize> | undefined
  /**
   * Retries of a token request that the server provably did not process (429, 503, no connection). `limit`: attempts in all;
   * `delay`: the first pause, which doubles and is jittered; `maxRetryAfter`: the longest `Retry-After` that is honored. Default:
   * 3, 1,000 and 20,000.
   */
  retry?: Some<PolicySettings['retry']> | undefined
  /**
   * How long a refresh token is not sent after a failed refresh; doubles with each further failure. Default: 10,000, at most
   * 60,000.
   */
  cooldown?: Some<PolicySettings['cooldown']> | undefined
  /** The time limit of one read or write of the store. Default: 10,000. */
  storeTimeout?: number | undefined
  /** The time limit for acquiring the store's lock. Must be longer than `refreshTimeout`. Default: `refreshTimeout` + 15,000. */
  lockTimeout?: number | undefined
  /**
   * `true`: waiting requests reject when a refreshed set can't be saved. Default: `false`: they are sent, and the set stays in
   * memory.
   */
  strictSaving?: boolean | undefined
  /** `true`: requests reject while no user is signed in. Default: `false`: they are sent without a token. */
  rejectSignedOut?: boolean | undefined
  /**
   * `true`: the refresh token is used even if the store can't be written. For servers that do not rotate refresh tokens. Default:
   * `false`, unless a refresh has shown that the server does not rotate.
   */
  refreshWhenUnwritable?: boolean | undefined
}

/** Gets a token that meets a challenge: made by `stepUp` of `axios-attach-oauth/step-up`. */
export interface StepUp {
  (
    provider: Pick<TokenProvider, 'peekToken' | 'services' | 'getTokenAfter401'>,
    token: ActiveToken | undefined,
    challenge: Challenge,
  ): Promise<RefreshResult>
  /** Distinguishes it from a handler. */
  readonly option: 'stepUp'
  /** The token of a refresh can carry the claims of a challenge, also of one with `invalid_token`. */
  readonly meetsClaims?: true
}

/**
 * Keeps a token fresh while no request is made: made by `keepAlive` of `axios-attach-oauth/keep-alive`. Returns the function that
 * stops it.
 */
export interface KeepAlive {
  (provider: Pick<TokenProvider, 'getToken'>): () => void
  /** Distinguishes it from the function `keepAlive`. */
  readonly option: 'keepAlive'
}

/** The options of `attachOAuth`: those of the session, and those of this instance only. */
export interface AttachOptions extends SessionOptions {
  /**
   * Meets a challenge that asks for another scope or a stronger sign-in (RFC 6750 §3.1, RFC 9470): `stepUp(…)` of `axios-attach-oauth/step-up`.
   * Default: the request rejects with `OAUTH_STEP_UP_REQUIRED`.
   */
  stepUp?: StepUp | undefined
  /**
   * Refreshes before the expiry even while no request is made: `keepAlive()` of `axios-attach-oauth/keep-alive`. Default: no
   * background timer.
   */
  keepAlive?: KeepAlive | undefined
  /**
   * The header that carries the token: a name, a name and a scheme, or a function of the token set that returns the headers. Default:
   * `Authorization: Bearer <token>` (RFC 6750 §2.1).
   *
   * @example
   * attachOAuth(api, store, { refresh, header: 'X-Shopify-Access-Token' })
   * attachOAuth(api, store, { refresh, header: { name: 'Authorization', scheme: 'Zoho-oauthtoken' } })
   */
  header?: HeaderOption | undefined
  /**
   * Recognizes further responses that mean an expired token, besides a 401 and `invalid_token`: a list of statuses, or a function
   * that returns `true`, not a promise. Called once, for the first response to a request that carried the token. Default: none.
   *
   * @example
   * attachOAuth(api, store, { refresh, isExpired: [403, 419] })
   * attachOAuth(api, store, { refresh, isExpired: ({ data }) => data?.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED' })
   */
  isExpired?: readonly number[] | ((response: AxiosResponse) => unknown) | undefined
  /**
   * Changes a request before it is sent again, for instance to add a new nonce or signature. May be async. Changes the config in
   * place; a returned value is ignored. The config already carries the new token and the serialized body, and no transform runs
   * again: another body is text, bytes, a form or a stream. `origins` applies to the changed request too, and a throw rejects with
   * that error. Default: the second send equals the first one.
   *
   * @example
   * attachOAuth(api, store, { refresh, beforeResend: (config) => void config.headers.set('X-Nonce', crypto.randomUUID()) })
   */
  beforeResend?: ((config: InternalAxiosRequestConfig) => void | PromiseLike<void>) | undefined
  /** The origins that get the token, such as `['https://api.example.com']`. Default: the origin of the instance's `baseURL`. */
  origins?: readonly string[] | undefined
  /** `true`: tokens may travel over plain http to other machines. Default: `false`. */
  dangerouslyAllowInsecureHttp?: boolean | undefined
}

/** By how much the default `lockTimeout` exceeds `refreshTimeout`, in milliseconds. */
const LOCK_MARGIN = 15_000

/** The rules for the options of each function that has a session's options. */
const rules = {
  attachOAuth: attachRules satisfies Record<keyof AttachOptions, OptionRule>,
  createSession: sessionRules satisfies Record<keyof SessionOptions, OptionRule>,
}

/** The function that the application has called, named in messages. */
export type Caller = keyof typeof rules

type Mutable<Value> = { -readonly [Name in keyof Value]: Value[Name] }

/** Of a new session. `lockTimeout` depends on `refreshTimeout`. */
const defaults: SessionSettings = {
  name: undefined,
  refresh: undefined,
  revoke: undefined,
  classify: undefined,
  refreshTimeout: 60_000,
  storeTimeout: 10_000,
  lockTimeout: 0,
  strictSaving: false,
  rejectSignedOut: false,
  refreshWhenUnwritable: false,
  policy: defaultPolicy,
}

/**
 * Checks the options of one call, which replace those of the session that it changes (`present`) or the defaults. Throws a
 * `TypeError` that names the option.
 */
export function readSettings(
  caller: Caller,
  store: TokenStore,
  options: SessionOptions,
  present?: SessionSettings,
): SessionSettings {
  if (typeof store?.read !== 'function' || typeof store.write !== 'function')
    throw new TypeError(`${caller}: store must be an object with the functions read and write, such as memoryStore(tokens)`)
  for (const name of foreign)
    if (name in Object(options))
      throw new TypeError(`${caller}: ${name} is unknown; pass isExpired to attachOAuth: a list of statuses, or a function`)
  checkOptions(`${caller}: `, options, rules[caller])
  const refresh = options.refresh ?? (present ? undefined : store.refresh)
  checkOptions(`${caller}: `, { refresh }, rules[caller])
  if (!present && refresh === undefined)
    throw new TypeError(
      `${caller}: refresh is missing: pass a refresh function, or false when another program renews the stored tokens`,
    )
  const given = defined(options)
  const before = present ?? defaults
  const settings: Mutable<SessionSettings> = { ...before }
  Object.assign(settings, Object.fromEntries(Object.entries(given).filter(([name]) => name in defaults)))
  if (refresh !== undefined) {
    settings.refresh = refresh || undefined
    // The option revoke of an earlier call stays; a default taken from the refresh function is replaced with that function.
    if (before.revoke === before.refresh?.revoke) settings.revoke = given.revoke ?? settings.refresh?.revoke
  }
  for (const group of groups) {
    const numbers = given[group]
    if (!numbers) continue
    const usual = defaultPolicy[group]
    checkOptions(`${caller}: ${group}.`, numbers, numberRules(usual))
    settings.policy = { ...settings.policy, [group]: { ...usual, ...defined(numbers) } }
  }
  const { refreshTimeout } = settings
  if (given.lockTimeout === undefined) {
    if (refreshTimeout >= before.lockTimeout) settings.lockTimeout = refreshTimeout + LOCK_MARGIN
  } else if (given.lockTimeout <= refreshTimeout)
    throw new TypeError(`${caller}: lockTimeout must be longer than refreshTimeout (${refreshTimeout})`)
  return settings
}
