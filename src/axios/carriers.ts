import type { InternalAxiosRequestConfig } from 'axios'
import { carryContext, type RequestContext } from './request-context.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/** Creates the `beforeRedirect` function of a request, which guards its redirects and carries its context. */
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
    this.#last = context
    this.#carrier = config.beforeRedirect = carryContext(this.#makeGuard(context), context)
  }

  /** Puts the last context on a config, if it equals the given one. */
  reuse(
    config: InternalAxiosRequestConfig,
    provider: RequestContext['provider'],
    stage: RequestContext['stage'],
    epoch: RequestContext['epoch'],
    token: RequestContext['token'],
    startedAt: number,
    beforeRedirect: BeforeRedirect | undefined,
  ): boolean {
    const last = this.#last
    const isSame =
      last !== undefined &&
      last.token === token &&
      last.stage === stage &&
      last.epoch === epoch &&
      last.provider === provider &&
      last.startedAt === startedAt &&
      last.beforeRedirect === beforeRedirect
    if (isSame) config.beforeRedirect = this.#carrier as BeforeRedirect
    return isSame
  }
}
