import type { AxiosInstance, AxiosRequestConfig } from 'axios'
import { isAtLeast } from '../release.js'
import { releaseOf } from './instance-release.js'

/** An entry of axios' interceptor manager. axios' types leave `handlers` out; every 1.x has it. */
export interface Handler {
  readonly fulfilled: unknown
  readonly rejected: unknown
  readonly synchronous?: boolean
  readonly runWhen?: ((config: AxiosRequestConfig) => boolean) | null
}

type Visit = (handler: Handler) => void

interface Manager {
  handlers: (Handler | null)[] | null
  forEach(visit: Visit): void
}

interface Ordering {
  legacyInterceptorReqResOrdering?: boolean
}

/** Does axios run a request's interceptors in the order in which it visits them? */
type OrderRule = (config: AxiosRequestConfig) => boolean

/** Releases without the option run the interceptors in reverse. */
function orderRule(instance: AxiosInstance): OrderRule {
  if (!isAtLeast(releaseOf(instance), '1.13.5')) return () => false
  return ({ transitional }) => transitional !== undefined && !(transitional as Ordering).legacyInterceptorReqResOrdering
}

/**
 * Runs `handlers` next to the adapter, regardless of the order of registration. axios visits its interceptors through `forEach`,
 * which this function replaces on one manager; ids, `eject`, `clear` and copied handlers keep working. `atEnd`: does the adapter
 * follow the last handler visited? Returns the undo.
 */
function visitInnermost(manager: Manager, handlers: readonly Handler[], atEnd: (visit: Visit) => boolean): () => void {
  const own = new Set(handlers)
  const visitAll = manager.forEach
  const hadOwn = Object.hasOwn(manager, 'forEach')
  const forEach = (visit: Visit): void => {
    const visitOwn = (): void => manager.handlers?.forEach((handler) => handler && own.has(handler) && visit(handler))
    const isAtEnd = atEnd(visit)
    if (!isAtEnd) visitOwn()
    visitAll.call(manager, (handler) => own.has(handler) || visit(handler))
    if (isAtEnd) visitOwn()
  }
  manager.forEach = forEach
  return () => {
    if (manager.forEach !== forEach) return
    if (hadOwn) manager.forEach = visitAll
    else delete (manager as { forEach?: unknown }).forEach
  }
}

export interface Interceptors {
  readonly request: readonly Handler[]
  readonly response: Handler
}

/** The other request interceptors of the instance. */
export interface OtherInterceptors {
  /** Is no other request interceptor registered? Then axios runs this package's right after `runWhen`. */
  readonly areMissing: () => boolean
  /**
   * Are the application's request interceptors synchronous? Then axios awaits nothing, unless this package's asynchronous
   * interceptor runs.
   */
  readonly areSynchronous: () => boolean
}

/** Registers interceptors next to the adapter. Returns the undo. */
export function registerInnermost(instance: AxiosInstance, create: (others: OtherInterceptors) => Interceptors): () => void {
  const requests = instance.interceptors.request as unknown as Manager & AxiosInstance['interceptors']['request']
  const responses = instance.interceptors.response as unknown as Manager & AxiosInstance['interceptors']['response']
  const runsFirstVisitedFirst = orderRule(instance)

  const undo: (() => void)[] = []
  const register = (manager: typeof requests | typeof responses, handler: Handler): Handler => {
    const id = manager.use(handler.fulfilled as never, handler.rejected as never, handler as never)
    const registered = manager.handlers?.at(-1) as Handler
    // In older releases an id is an index, which after `clear()` may belong to another interceptor.
    undo.push(() => void (manager.handlers?.includes(registered) && manager.eject(id)))
    return registered
  }
  const { request, response } = create({
    areMissing: () => requests.handlers?.length === own.length,
    areSynchronous: () => !requests.handlers?.some((handler) => handler && !handler.synchronous && !own.includes(handler)),
  })
  const own = request.map((handler) => register(requests, handler))
  undo.push(visitInnermost(requests, own, (visit) => isAdapterAtEnd(visit, runsFirstVisitedFirst)))
  undo.push(visitInnermost(responses, [register(responses, response)], () => false))
  return () => undo.forEach((step) => step())
}

/** Obtains the request's config through the `runWhen` of an interceptor that never runs. */
function isAdapterAtEnd(visit: Visit, runsFirstVisitedFirst: OrderRule): boolean {
  let atEnd = false
  const asks = (config: AxiosRequestConfig): boolean => {
    atEnd = runsFirstVisitedFirst(config)
    return false
  }
  visit({ fulfilled: undefined, rejected: undefined, runWhen: asks })
  return atEnd
}
