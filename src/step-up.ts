import type { Challenge } from './axios/challenge.js'
import type { StepUp } from './axios/options.js'
import { checkOptions, duration } from './check-options.js'
import { copyJSON } from './copy-json.js'
import { safeError } from './errors.js'
import { isSameEpoch, type Epoch } from './session/epoch.js'
import type { RefreshResult } from './session/in-flight-refresh.js'
import { epochEnded } from './session/refresh-error.js'
import type { ActiveToken } from './session/state.js'
import { runStepUp } from './session/step-up-run.js'
import { toTokenSet } from './tokens.js'
import type { AnyTokenResponse, TokenResponse, TokenSet } from './types.js'

export type { StepUp }

/** The demand of a resource server that a refresh can't meet. */
export interface StepUpDemand {
  /** `insufficient_scope` (RFC 6750 §3.1), `insufficient_user_authentication` (RFC 9470 §3) or `insufficient_claims`. */
  readonly error: string
  /** The scope to request, separated by spaces (RFC 6750 §3). */
  readonly scope?: string
  /** The authentication context classes, in order of preference (RFC 9470 §3): `acr_values` of the authorization request. */
  readonly acrValues?: readonly string[]
  /** The maximum age of the sign-in, in seconds (RFC 9470 §3): `max_age` of the authorization request. */
  readonly maxAge?: number
  /** The claims to request, as in the challenge: Microsoft's servers send base64url of JSON. */
  readonly claims?: string
  /** The whole challenge. */
  readonly challenge: Challenge
}

/** The second argument of a step-up handler. */
export interface StepUpContext {
  /** Aborted at the time limit. */
  readonly signal: AbortSignal
  /** The present token set; `undefined` when the request was sent without a token. */
  readonly tokens: TokenSet | undefined
}

/**
 * Meets a demand, typically by a new authorization request with the demand's values. Resolves with the token response, or with
 * `undefined` when the user declines.
 */
export type StepUpHandler = (
  demand: StepUpDemand,
  context: StepUpContext,
) => AnyTokenResponse | undefined | PromiseLike<AnyTokenResponse | undefined>

/** The options of `stepUp`. */
export interface StepUpOptions {
  /** How long the handler may take, in milliseconds. Default: 300,000. */
  readonly timeout?: number | undefined
}

function demandOf(challenge: Challenge): StepUpDemand {
  const { error = '', scope, acr_values, max_age, claims } = challenge.parameters
  const maxAge = Number(max_age)
  return {
    error,
    challenge,
    ...(scope !== undefined && { scope }),
    ...(acr_values !== undefined && { acrValues: acr_values.split(' ').filter(Boolean) }),
    ...(maxAge >= 0 && { maxAge }),
    ...(claims !== undefined && { claims }),
  }
}

/** The key of a demand: requests with equal demands wait for one answer. */
function keyOf({ error, scope, acrValues, maxAge, claims }: StepUpDemand): string {
  return JSON.stringify([error, scope, acrValues, maxAge, claims])
}

/** Calls the handler within its time limit; its signal is also aborted with `ended`. A synchronous throw is a rejection. */
async function ask(
  handler: StepUpHandler,
  demand: StepUpDemand,
  tokens: TokenSet | undefined,
  timeout: number,
  ended: AbortSignal,
): Promise<TokenResponse> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = safeError(`The step-up took longer than ${timeout} ms`)
      controller.abort(error)
      reject(error)
    }, timeout)
  })
  // The handler may still answer; its tokens are then revoked.
  ended.addEventListener('abort', () => {
    clearTimeout(timer)
    controller.abort(ended.reason)
  })
  try {
    const answer = await Promise.race([Promise.resolve(handler(demand, { signal: controller.signal, tokens })), late])
    if (answer) return answer as TokenResponse
  } finally {
    clearTimeout(timer)
  }
  throw safeError('The step-up was declined')
}

const rules = { timeout: duration }

/** A demand that was met or declined causes no further prompt within this time, in milliseconds. */
const PAUSE = 30_000

/** The outcome of a prompt. */
interface Answered {
  readonly at: number
  readonly epoch: Epoch | undefined
  /** Missing when the user declined. */
  readonly token?: ActiveToken
}

/** The demands of one session. */
interface Asked {
  /** The open prompt. */
  open?: { readonly epoch: Epoch | undefined; readonly result: Promise<RefreshResult> }
  readonly answered: Map<string, Answered>
}

/** By token provider, because a session may be attached to several instances, or be attached again while a prompt is open. */
const sessions = new WeakMap<object, Asked>()

function forgetOld({ answered }: Asked): void {
  const now = performance.now()
  for (const [key, { at }] of answered) if (now - at >= PAUSE) answered.delete(key)
}

/**
 * Makes the option `stepUp` of `attachOAuth`. When the resource server asks for another scope or a stronger sign-in (RFC 6750
 * §3.1, RFC 9470), the handler is called once for all requests with equal demands. Its token set is saved, then these requests
 * are sent again. Other requests continue meanwhile.
 *
 * One prompt is open at a time: a request with another demand waits for it and is sent again with its token. A demand that was
 * met or declined causes no further prompt for 30 s. A rejection or a time-out counts as declined: the pop-ups of identity SDKs
 * reject when the user closes them.
 *
 * When the handler rejects, declines or takes too long, the waiting requests reject with `OAUTH_STEP_UP_REQUIRED`; the error has
 * the `challenge` and, as `cause`, the reason. Throws a `TypeError` when the handler is not a function or the time limit is
 * invalid.
 *
 * @example
 * attachOAuth(api, store, { refresh, stepUp: stepUp(({ scope, acrValues }) => signInAgain({ scope, acr_values: acrValues })) })
 */
export function stepUp(handler: StepUpHandler, options?: StepUpOptions): StepUp {
  checkOptions('stepUp: ', options ?? {}, rules)
  const { timeout = 300_000 } = options ?? {}
  if (typeof handler !== 'function') throw new TypeError('stepUp: handler must be a function (demand, context) → token response')
  async function meet(...[provider, token, challenge]: Parameters<StepUp>): Promise<RefreshResult> {
    // The user signed in or out while the request was under way.
    if (token && !isSameEpoch(token.epoch, provider.services.state.epoch)) return { type: 'rejected', error: epochEnded() }
    const asked = sessions.get(provider) ?? { answered: new Map<string, Answered>() }
    sessions.set(provider, asked)
    const demand = demandOf(challenge)
    const key = keyOf(demand)
    const present = provider.peekToken()
    forgetOld(asked)
    const before = asked.answered.get(key)
    if (before && before.epoch === present?.epoch) {
      // The demand was met while this request was under way.
      const isOlder = token !== undefined && before.token !== undefined && token.generation < before.token.generation
      if (present && isOlder) return { type: 'token', token: present }
      throw safeError(`The same demand was ${before.token ? 'met' : 'declined'} less than 30 s ago`)
    }
    const { epoch } = token ?? present ?? {}
    if (asked.open && asked.open.epoch === epoch) return asked.open.result
    const tokens = token && copyJSON(toTokenSet(token.record.parsed.tokens))
    const open = { epoch, result: runStepUp(provider.services, (ended) => ask(handler, demand, tokens, timeout, ended)) }
    asked.open = open
    const end = (met?: ActiveToken): void => {
      if (asked.open === open) delete asked.open
      asked.answered.set(key, { at: performance.now(), epoch: met?.epoch ?? present?.epoch, ...(met && { token: met }) })
    }
    try {
      const outcome = await open.result
      end(outcome.type === 'token' ? outcome.token : undefined)
      return outcome
    } catch (error) {
      end()
      throw error
    }
  }
  return Object.assign(meet, { option: 'stepUp' } as const)
}
