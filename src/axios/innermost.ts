import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios'

/** What axios keeps for each interceptor. Its types leave `handlers` out; it has been there in every 1.x. */
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

/**
 * In which order axios will run the request interceptors of this request: the first visited first, or last as it always was. Releases
 * that don't know the option keep the old order.
 */
function runsFirstVisitedFirst({ transitional }: AxiosRequestConfig): boolean {
  const known = 'legacyInterceptorReqResOrdering' in (axios.defaults.transitional ?? {})
  return known && transitional !== undefined && !(transitional as Ordering).legacyInterceptorReqResOrdering
}

function present(manager: Manager): Handler[] {
  return (manager.handlers ?? []).filter((handler) => handler !== null)
}

/**
 * Sees to it that `ours` are next to the wire, whatever was registered before or will be after them. axios visits its interceptors through
 * `forEach`; an own one on this very manager visits ours at the right end. Ids, `eject`, `clear` and copied handlers go on working.
 * `atEnd` tells at which end the wire is. Returns the undo.
 */
function visitInnermost(manager: Manager, ours: readonly Handler[], atEnd: (visit: Visit) => boolean): () => void {
  const own = new Set(ours)
  const visitAll = manager.forEach
  const hadOwn = Object.hasOwn(manager, 'forEach')
  const forEach = (visit: Visit): void => {
    const alive = present(manager).filter((handler) => own.has(handler))
    const others: Visit = (handler) => own.has(handler) || visit(handler)
    if (atEnd(visit)) {
      visitAll.call(manager, others)
      alive.reverse().forEach(visit)
    } else {
      alive.forEach(visit)
      visitAll.call(manager, others)
    }
  }
  manager.forEach = forEach
  return () => {
    if (manager.forEach !== forEach) return
    if (hadOwn) manager.forEach = visitAll
    else delete (manager as { forEach?: unknown }).forEach
  }
}

export interface Interceptors {
  /** Request handlers from the wire outwards. */
  readonly request: readonly Handler[]
  readonly response: Handler
}

export interface Registration {
  /** Are ours next to the wire for this request? Not when registered first, at no cost, and a request turns the order round. */
  readonly runsNextToAdapter: (config: AxiosRequestConfig) => boolean
  /** Has nobody else registered a request interceptor? Then axios runs ours right after asking whether they want to run. */
  readonly hasNoOtherInterceptors: () => boolean
  /** Are all others synchronous? Then axios awaits nothing, unless the asynchronous one of ours wants to run. */
  readonly othersAreSynchronous: () => boolean
  readonly undo: () => void
}

/** Registers our interceptors, next to the wire. */
export function registerInnermost(instance: AxiosInstance, { request, response }: Interceptors): Registration {
  const requests = instance.interceptors.request as unknown as Manager & AxiosInstance['interceptors']['request']
  const responses = instance.interceptors.response as unknown as Manager & AxiosInstance['interceptors']['response']
  const firstRequest = present(requests).length === 0 && !runsFirstVisitedFirst(instance.defaults as AxiosRequestConfig)
  const firstResponse = present(responses).length === 0

  const undo: (() => void)[] = []
  const register = (manager: typeof requests | typeof responses, handler: Handler): Handler => {
    const id = manager.use(handler.fulfilled as never, handler.rejected as never, handler as never)
    const registered = manager.handlers?.at(-1) as Handler
    // In older releases ids are places: after somebody's clear() ours may be another's.
    undo.push(() => void (manager.handlers?.includes(registered) && manager.eject(id)))
    return registered
  }
  const ours = request.map((handler) => register(requests, handler))
  const ourResponse = register(responses, response)

  // Registered first they are innermost by axios' own order, at no cost.
  if (!firstRequest) undo.unshift(visitInnermost(requests, ours, isWireAtEnd))
  if (!firstResponse) undo.unshift(visitInnermost(responses, [ourResponse], () => false))
  return {
    runsNextToAdapter: (config) => !firstRequest || !runsFirstVisitedFirst(config),
    hasNoOtherInterceptors: () => requests.handlers?.length === ours.length,
    othersAreSynchronous: () => present(requests).every((handler) => handler.synchronous || ours.includes(handler)),
    undo: () => undo.forEach((step) => step()),
  }
}

/** Asks axios for the config of the request, by an interceptor that doesn't want to run. */
function isWireAtEnd(visit: Visit): boolean {
  let atEnd = false
  const asks = (config: AxiosRequestConfig): boolean => {
    atEnd = runsFirstVisitedFirst(config)
    return false
  }
  visit({ fulfilled: undefined, rejected: undefined, runWhen: asks })
  return atEnd
}
