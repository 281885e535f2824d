import type { InternalAxiosRequestConfig } from 'axios'
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
