import type { InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { Credential } from './credential.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * `pending`: other interceptors run before this package's. `deferred`: the request waits for a token or, if it can't wait, is
 * sent without one. `refresh-request`: the refresh function sends it. `sent`: the request is under way with the credential of the
 * context.
 */
export type Stage = 'pending' | 'deferred' | 'refresh-request' | 'sent'

/** The data that this package keeps for a request. */
export interface RequestContext {
  readonly provider: TokenProvider
  readonly stage: Stage
  /** `undefined` when no user was signed in. */
  readonly epoch: Epoch | undefined
  readonly token: ActiveToken | undefined
  readonly credential: Credential | undefined
  /** The start of the request on the monotonic clock; 0 when it has no time limit. */
  readonly startedAt: number
  /** Missing while request events have no listener. */
  readonly requestId: number | undefined
  /** The caller's own `beforeRedirect`. */
  readonly beforeRedirect: BeforeRedirect | undefined
}

/** A base class that returns a given object, so that a subclass adds its private field to that object. */
const Existing = function (carrier: object) {
  return carrier
} as unknown as new (carrier: object) => object

/**
 * Keeps the context in a private field of the config's `beforeRedirect` function. A function stays the same object in copies of the config
 * (`mergeConfig`, spreading, deep copies, reactive proxies), and neither JSON nor printed output shows its private field.
 */
class Carrier extends Existing {
  readonly #context: RequestContext

  constructor(carrier: BeforeRedirect, context: RequestContext) {
    super(carrier)
    this.#context = context
  }

  static contextOf(carrier: object): RequestContext | undefined {
    return #context in carrier ? carrier.#context : undefined
  }
}

interface Contexts {
  readonly carry: (carrier: BeforeRedirect, context: RequestContext) => void
  readonly of: (carrier: object) => RequestContext | undefined
}

const own: Contexts = {
  carry: (carrier, context) => void new Carrier(carrier, context),
  of: (carrier) => Carrier.contextOf(carrier),
}

const key = Symbol.for('axios-attach-oauth.request-contexts')
let contexts: Contexts | undefined

/** Shared by all copies of the package in this process, because one copy may receive configs that another has sent. */
function sharedContexts(): Contexts {
  const world = globalThis as unknown as Record<symbol, Contexts | undefined>
  return (contexts ??= world[key] ??= own)
}

export function carryContext(carrier: BeforeRedirect, context: RequestContext): BeforeRedirect {
  sharedContexts().carry(carrier, context)
  return carrier
}

export function contextOf(config: { readonly beforeRedirect?: unknown } | undefined): RequestContext | undefined {
  const carrier = config?.beforeRedirect
  return typeof carrier === 'function' ? sharedContexts().of(carrier) : undefined
}
