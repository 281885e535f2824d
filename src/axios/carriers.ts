import type { InternalAxiosRequestConfig } from 'axios'
import { carryContext, type RequestContext } from './request-context.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/** Makes the `beforeRedirect` function that a request gets: it guards its redirects and carries its context. */
export type MakeGuard = (context: RequestContext) => BeforeRedirect

/** Puts contexts on configs. Requests whose contexts are equal share one function: most requests cost no allocation. */
export class Carriers {
  readonly #makeGuard: MakeGuard
  #last: RequestContext | undefined
  #carrier: BeforeRedirect | undefined

  constructor(makeGuard: MakeGuard) {
    this.#makeGuard = makeGuard
  }

  put(config: InternalAxiosRequestConfig, context: RequestContext): void {
    config.beforeRedirect = this.#carrierOf(context)
  }

  #carrierOf(context: RequestContext): BeforeRedirect {
    const last = this.#last
    if (
      this.#carrier &&
      last?.token === context.token &&
      last?.stage === context.stage &&
      last?.epoch === context.epoch &&
      last?.provider === context.provider &&
      last?.startedAt === context.startedAt &&
      last?.beforeRedirect === context.beforeRedirect
    )
      return this.#carrier
    this.#last = context
    return (this.#carrier = carryContext(this.#makeGuard(context), context))
  }
}
