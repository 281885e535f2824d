import { defaultPolicy, type PolicySettings, type WindowSize } from '../policy.js'
import type { SessionSettings } from '../session/parts.js'
import type { Session } from '../session/session.js'
import type { Held } from '../session/state.js'
import type { Challenge } from './challenge.js'
import type { RefreshFunction, RevokeFunction, TokenStore } from '../types.js'

/** The options of a session. Times are milliseconds. */
export interface SessionOptions {
  /**
   * Gets a new token set: one of `axios-attach-oauth/grants`, or any function `(tokens, context) → token response`. `false`: somebody else
   * renews what is in the store, and this session only reads it. Default: the store's own `refresh`.
   */
  refresh?: RefreshFunction | false
  /** Tells the server to forget tokens (RFC 7009). Default: the refresh function's own `revoke`. */
  revoke?: RevokeFunction
  /** How long a refresh may take, its retries included. Default: 60,000. */
  refreshTimeout?: number
  /** At most so many refreshes in so many milliseconds; those that a token's own expiry asks for don't count. Default: 5 in 30,000. */
  refreshLimit?: { readonly flights: number; readonly within: number }
  /** From how long before its expiry on a token is refreshed in the background: a share of its lifetime, and so many milliseconds at most. Default: 0.2 and 300,000. */
  refreshAhead?: WindowSize
  /** From how long before its expiry on requests wait for the refresh. Default: 0.05 and 30,000. */
  waitAhead?: WindowSize
  /**
   * How often a token request that was provably not processed (429, 503, no connection) is sent at most, the first delay, which doubles and is drawn at random below
   * that, and the longest `Retry-After` that is waited for. Default: 3 times, 1,000, 20,000.
   */
  retries?: { readonly tries: number; readonly delay: number; readonly longest: number }
  /** How long a refresh token is left alone after a failure; doubled with each further one up to the longest. Default: 10,000 and 60,000. */
  coolDown?: { readonly first: number; readonly longest: number }
  /** How long one step of the store may take. Default: 10,000. */
  storeTimeout?: number
  /** How long the store's lock is waited for; longer than `refreshTimeout`. Default: 75,000. */
  lockTimeout?: number
  /** Reject waiting requests when a refreshed set could not be stored. Default: `false`, they go on and the set is kept in memory. */
  strictSaving?: boolean
  /** Reject requests while nobody is signed in, instead of sending them without a token. Default: `false`. */
  rejectSignedOut?: boolean
}

/** Gets a token that meets a challenge which no refresh can meet: made by `stepUp` of `axios-attach-oauth/step-up`. */
export type StepUp = (session: Session, held: Held | undefined, challenge: Challenge) => Promise<Held>

/** Keeps a session's token fresh while nobody asks for it: made by `keepAlive` of `axios-attach-oauth/keep-alive`. Returns its end. */
export type KeepAlive = (session: Session) => () => void

/** The options of `attachOAuth`. */
export interface AttachOptions extends SessionOptions {
  /**
   * What to do when the resource server wants another scope or a stronger sign-in (RFC 6750 §3.1, RFC 9470): `stepUp(…)` of
   * `axios-attach-oauth/step-up`. Default: the request rejects with `OAUTH_STEP_UP_REQUIRED`.
   */
  stepUp?: StepUp
  /** Refreshes ahead also while no request is made: `keepAlive()` of `axios-attach-oauth/keep-alive`. Default: nothing runs in the background. */
  keepAlive?: KeepAlive
  /** The origins that get the token, such as `['https://api.example.com']`. Default: that of the instance's `baseURL`. */
  origins?: readonly string[]
  /** Lets tokens travel over plain http to other machines than this one. Default: `false`. */
  dangerouslyAllowInsecureHttp?: boolean
}

function fail(message: string): never {
  throw new TypeError(`attachOAuth: ${message}`)
}

function milliseconds(
  options: SessionOptions,
  name: 'refreshTimeout' | 'storeTimeout' | 'lockTimeout',
  fallback: number,
): number {
  const value = options[name] ?? fallback
  if (typeof value !== 'number' || !(value > 0 && value < 2 ** 31)) fail(`${name} must be a number of milliseconds above 0`)
  return value
}

/** Each group of numbers is given whole, with the members that its default has. */
function policyOf(options: SessionOptions): PolicySettings {
  const given: Partial<Record<keyof PolicySettings, unknown>> = {}
  for (const [name, usual] of Object.entries(defaultPolicy) as [keyof PolicySettings, Record<string, number>][]) {
    const group = (options[name] ?? usual) as Record<string, number>
    if (!Object.keys(usual).every((key) => Number(group[key]) >= (key === 'flights' || key === 'tries' ? 1 : 0)))
      fail(`${name} must be like ${JSON.stringify(usual)}`)
    given[name] = group
  }
  return given as unknown as PolicySettings
}

export function checkStore(store: TokenStore): void {
  if (typeof store?.read !== 'function' || typeof store.write !== 'function')
    fail('store must be an object with the functions read and write, such as memoryStore(tokens)')
}

/** Checks the options once and fills in the defaults. Throws a `TypeError` that names the option. */
export function readSettings(store: TokenStore, options: SessionOptions): SessionSettings {
  checkStore(store)
  const given =
    options.refresh ??
    store.refresh ??
    fail('refresh is missing: pass a refresh function, or false if somebody else renews the stored tokens')
  if (given !== false && typeof given !== 'function')
    fail('refresh must be a function (tokens, context) → token response, or false')
  const refresh = given || undefined
  const revoke = options.revoke ?? refresh?.revoke
  if (revoke !== undefined && typeof revoke !== 'function') fail('revoke must be a function')
  return {
    refresh,
    revoke,
    flightTimeout: milliseconds(options, 'refreshTimeout', 60_000),
    policy: policyOf(options),
    storeTimeout: milliseconds(options, 'storeTimeout', 10_000),
    lockTimeout: milliseconds(options, 'lockTimeout', 75_000),
    strictSaving: options.strictSaving === true,
    rejectSignedOut: options.rejectSignedOut === true,
  }
}
