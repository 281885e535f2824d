import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import type { TokenProvider } from '../session/token-provider.js'
import { removeCredential } from './credential.js'
import type { RedirectGuard } from './redirect-guard.js'
import { registry } from './registry.js'
import type { BeforeRedirect, RequestContext } from './request-context.js'

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
      registry().contexts.set(this.#carrier, context)
    }
    config.beforeRedirect = this.#carrier as BeforeRedirect
  }
}

function isEqual(context: RequestContext, last: RequestContext | undefined): boolean {
  if (!last) return false
  for (const name in context) if (context[name as keyof RequestContext] !== last[name as keyof RequestContext]) return false
  return true
}

export function contextOf(config: { readonly beforeRedirect?: unknown } | undefined): RequestContext | undefined {
  return registry().contexts.get(config?.beforeRedirect as BeforeRedirect)
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

/** Removes the context of an earlier send from a reused config. Returns the epoch of that send if the epoch has ended. */
export function forgetRound(config: InternalAxiosRequestConfig, provider: TokenProvider | undefined): Epoch | undefined {
  const earlier = removeContext(config)
  return earlier?.epoch && earlier.provider === provider && !provider.continues(earlier.epoch) ? earlier.epoch : undefined
}
