import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Held } from '../session/state.js'
import type { OriginRule } from './origin.js'

type BeforeRedirect = NonNullable<InternalAxiosRequestConfig['beforeRedirect']>

/**
 * Keeps the token from following a redirect in Node. The http adapter leaves the header on for every name below the present one, which is another
 * origin all the same.
 */
export function redirectGuard(isAllowed: OriginRule): (config: InternalAxiosRequestConfig) => void {
  const guards = new WeakSet<BeforeRedirect>()

  const guard = (callers: BeforeRedirect | undefined): BeforeRedirect => {
    const guarded: BeforeRedirect = (options, ...details) => {
      const headers = (options.headers ?? {}) as Record<string, unknown>
      if (!isAllowed({ url: String(options.href) }))
        for (const name in headers) if (name.toLowerCase() === 'authorization') Reflect.deleteProperty(headers, name)
      callers?.(options, ...details)
    }
    guards.add(guarded)
    return guarded
  }

  const usual = guard(undefined)
  return (config) => {
    const { beforeRedirect } = config
    if (beforeRedirect === undefined) config.beforeRedirect = usual
    else if (!guards.has(beforeRedirect)) config.beforeRedirect = guard(beforeRedirect)
  }
}

/** What tells, of Node's requests and of a browser's, where the answer came from. */
interface LastRequest {
  getHeader?(name: string): unknown
  readonly responseURL?: string
}

/**
 * Does this answer judge the token? Not when a redirect has led to where the token does not go, nor when another authorization went out instead (a URL with
 * a password in it). The fetch adapter doesn't tell.
 */
export function answersToken({ request, config }: AxiosResponse, held: Held | undefined, isAllowed: OriginRule): boolean {
  const { getHeader, responseURL } = (request ?? {}) as LastRequest
  if (typeof getHeader === 'function') return getHeader.call(request, 'authorization') === held?.authorization
  // A mock may tell a relative address.
  return !responseURL || isAllowed({ ...config, url: responseURL })
}
