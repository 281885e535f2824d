import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { Epoch } from '../session/epoch.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { RedirectGuard } from './redirect-guard.js'
import { removeCredential } from './credential.js'
import { sessionIn } from './request-options.js'
import { carryContext, contextOf, type RequestContext } from './request-context.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * Stores contexts on the `beforeRedirect` function of configs. Requests with equal contexts share one function, so most requests
 * allocate nothing.
 */
export class Carriers {
  readonly #wrap: RedirectGuard['wrap']
  #last: RequestContext | undefined
  #carrier: BeforeRedirect | undefined

  constructor(wrap: RedirectGuard['wrap']) {
    this.#wrap = wrap
  }

  put(config: InternalAxiosRequestConfig, context: RequestContext): void {
    this.#last = context
    this.#carrier = config.beforeRedirect = carryContext(this.#wrap(context.beforeRedirect), context)
  }

  /** Stores the last context on a config if it equals the given one. */
  reuse(
    config: InternalAxiosRequestConfig,
    provider: RequestContext['provider'],
    stage: RequestContext['stage'],
    epoch: RequestContext['epoch'],
    token: RequestContext['token'],
    credential: RequestContext['credential'],
    startedAt: number,
    beforeRedirect: BeforeRedirect | undefined,
    requestId: number | undefined,
  ): boolean {
    const last = this.#last
    const isSame =
      last !== undefined &&
      last.token === token &&
      last.credential === credential &&
      last.stage === stage &&
      last.epoch === epoch &&
      last.provider === provider &&
      last.startedAt === startedAt &&
      last.beforeRedirect === beforeRedirect &&
      last.requestId === requestId
    if (isSame) config.beforeRedirect = this.#carrier as BeforeRedirect
    return isSame
  }
}

/**
 * Removes the context and credential of an earlier send from a reused config. Returns the epoch of that send if it has ended, or
 * if the session is another one, which the config does not name.
 */
export function forgetRound(config: InternalAxiosRequestConfig, provider: TokenProvider | undefined): Epoch | undefined {
  const earlier = contextOf(config)
  if (!earlier) return undefined
  config.beforeRedirect = earlier.beforeRedirect as never
  if (!earlier.beforeRedirect) delete (config as AxiosRequestConfig).beforeRedirect
  if (earlier.credential) removeCredential(config, earlier.credential)
  const { epoch } = earlier
  const isOfAnother = earlier.provider !== provider && sessionIn(config.oauth) !== undefined
  return provider && epoch && !isOfAnother && !provider.continues(epoch) ? epoch : undefined
}
