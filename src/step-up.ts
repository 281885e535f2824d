import type { Challenge } from './axios/challenge.js'
import type { StepUp } from './axios/options.js'
import type { Session } from './session/session.js'
import type { Held } from './session/state.js'
import type { TokenResponse } from './types.js'

export type { StepUp }

/** What a resource server wants beyond what a refresh can give. */
export interface StepUpDemand {
  /** `insufficient_scope` (RFC 6750 §3.1), `insufficient_user_authentication` (RFC 9470 §3) or `insufficient_claims`. */
  readonly error: string
  /** The scope to ask for, separated by spaces (RFC 6750 §3). */
  readonly scope?: string
  /** The authentication context classes, in order of preference (RFC 9470 §3): `acr_values` of the authorization request. */
  readonly acrValues?: readonly string[]
  /** How old the sign-in may be, in seconds (RFC 9470 §3): `max_age` of the authorization request. */
  readonly maxAge?: number
  /** The claims to ask for, as the server has written them: Microsoft's servers send base64url of JSON. */
  readonly claims?: string
  /** The challenge itself. */
  readonly challenge: Challenge
}

/** What a step-up handler gets besides the demand. */
export interface StepUpContext {
  /** Aborted when the time limit is over. */
  readonly signal: AbortSignal
}

/**
 * Asks the user: typically a new authorization request with what the demand names. Resolves with the token response, or with `undefined` when the
 * user declines.
 */
export type StepUpHandler = (
  demand: StepUpDemand,
  context: StepUpContext,
) => TokenResponse | undefined | PromiseLike<TokenResponse | undefined>

/** The options of `stepUp`. */
export interface StepUpOptions {
  /** How long the handler may take, in milliseconds. Default: 300,000. */
  readonly timeout?: number
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

/** Requests that need the same thing wait for the same answer. */
function keyOf({ error, scope, acrValues, maxAge, claims }: StepUpDemand): string {
  return JSON.stringify([error, scope, acrValues, maxAge, claims])
}

/** Calls the handler within its time limit. A synchronous throw is a rejection. */
async function ask(handler: StepUpHandler, demand: StepUpDemand, timeout: number): Promise<TokenResponse> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`The step-up took longer than ${timeout} ms`)
      controller.abort(error)
      reject(error)
    }, timeout)
  })
  try {
    const answer = await Promise.race([Promise.resolve(handler(demand, { signal: controller.signal })), late])
    if (answer) return answer
  } finally {
    clearTimeout(timer)
  }
  throw new Error('The step-up was declined')
}

/** What one session has asked its user for. */
interface Asked {
  readonly waiting: Map<string, Promise<Held>>
  /** The demand that was met last, and the token that met it: a request that was sent with an older one goes with this. */
  met?: { readonly key: string; readonly held: Held }
}

/**
 * Makes the option `stepUp` of `attachOAuth`. When the resource server wants another scope or a stronger sign-in (RFC 6750 §3.1, RFC 9470), the handler is asked once
 * for all requests that need the same thing; its token set is stored and releases them. Other requests go on meanwhile.
 *
 * When the handler rejects, declines or takes too long, the waiting requests reject with `OAUTH_STEP_UP_REQUIRED`, whose `challenge` says what was wanted and whose
 * `cause` says why. Throws a `TypeError` when the handler is no function or the time limit is none.
 *
 * @example
 * attachOAuth(api, store, { refresh, stepUp: stepUp(({ scope, acrValues }) => signInAgain({ scope, acr_values: acrValues })) })
 */
export function stepUp(handler: StepUpHandler, { timeout = 300_000 }: StepUpOptions = {}): StepUp {
  if (typeof handler !== 'function') throw new TypeError('stepUp: handler must be a function (demand, context) → token response')
  if (!(timeout > 0 && timeout < 2 ** 31)) throw new TypeError('stepUp: timeout must be a number of milliseconds above 0')
  const sessions = new WeakMap<Session, Asked>()

  return (session, held, challenge) => {
    const asked = sessions.get(session) ?? { waiting: new Map<string, Promise<Held>>() }
    sessions.set(session, asked)
    const demand = demandOf(challenge)
    const key = keyOf(demand)
    const present = session.current()
    const { met } = asked
    if (present && held && met?.key === key && met.held.epoch === present.epoch && held.generation < met.held.generation)
      return Promise.resolve(present)
    const waiting =
      asked.waiting.get(key) ??
      session
        .obtain(() => ask(handler, demand, timeout))
        .then((stronger) => {
          asked.met = { key, held: stronger }
          return stronger
        })
        .finally(() => asked.waiting.delete(key))
    asked.waiting.set(key, waiting)
    return waiting
  }
}
