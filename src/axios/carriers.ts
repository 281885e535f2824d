import type { AxiosInstance, AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import type { TokenProvider } from '../session/token-provider.js'
import { removeCredential } from './credential.js'
import type { RedirectGuard } from './redirect-guard.js'
import { registry } from './registry.js'
import type { BeforeRedirect, RequestContext } from './request-context.js'
import { sessionIn } from './request-options.js'

/**
 * Stores contexts by the `beforeRedirect` function of configs. A function stays the same object in copies of the config
 * (`mergeConfig`, spreading, deep copies, reactive proxies). Requests with equal contexts share one function.
 */
export class Carriers {
  readonly #wrap: RedirectGuard['wrap']
  #last: RequestContext | undefined
  #carrier: BeforeRedirect | undefined

  constructor(wrap: RedirectGuard['wrap']) {
    this.#wrap = wrap
  }

  put(config: InternalAxiosRequestConfig, context: RequestContext): void {
    if (!isEqual(context, this.#last)) {
      this.#last = context
      this.#carrier = this.#wrap(context.beforeRedirect)
      sharedContexts().set(this.#carrier, context)
    }
    config.beforeRedirect = this.#carrier as BeforeRedirect
  }
}

function isEqual(context: RequestContext, last: RequestContext | undefined): boolean {
  // Member by member: a loop over the names would slow each request down. The instance is that of the attachment.
  return (
    last !== undefined &&
    last.token === context.token &&
    last.credential === context.credential &&
    last.stage === context.stage &&
    last.epoch === context.epoch &&
    last.provider === context.provider &&
    last.startedAt === context.startedAt &&
    last.beforeRedirect === context.beforeRedirect &&
    last.requestId === context.requestId
  )
}

/** Looked up once: every request needs them, and members of the global object are slow to read. */
let contexts: WeakMap<BeforeRedirect, RequestContext> | undefined

function sharedContexts(): WeakMap<BeforeRedirect, RequestContext> {
  return (contexts ??= registry().contexts)
}

export function contextOf(config: { readonly beforeRedirect?: unknown } | undefined): RequestContext | undefined {
  return sharedContexts().get(config?.beforeRedirect as BeforeRedirect)
}

/** Removes the context of a request, and its credential. Returns the context. */
export function removeContext(config: InternalAxiosRequestConfig): RequestContext | undefined {
  const context = contextOf(config)
  if (!context) return undefined
  if (context.beforeRedirect) config.beforeRedirect = context.beforeRedirect
  else delete (config as AxiosRequestConfig).beforeRedirect
  if (context.credential) removeCredential(config, context.credential)
  return context
}

/**
 * Removes the context of an earlier send from a reused config. Returns the epoch of that send if it has ended, or if the instance
 * has been attached for another user since.
 */
export function forgetRound(
  config: InternalAxiosRequestConfig,
  provider: TokenProvider | undefined,
  instance: AxiosInstance,
): Epoch | undefined {
  const earlier = removeContext(config)
  if (!provider || !earlier?.epoch) return undefined
  const { epoch } = earlier
  if (earlier.provider !== provider) {
    // The application names the session, or has chosen another instance.
    if (sessionIn(config.oauth)) return undefined
    if (earlier.instance !== instance) return provider.isOfAnotherUser(epoch) ? epoch : undefined
    // A new session of the same record, for instance after a hot reload.
    if (provider.hasTokensOf(earlier.provider)) return undefined
  }
  return provider.continues(epoch) ? undefined : epoch
}
