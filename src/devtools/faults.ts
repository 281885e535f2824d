import { AxiosError, getAdapter, type AxiosInstance } from 'axios'
import { requireFunction } from '../check-options.js'
import type { RefreshFunction } from '../types.js'

/** Faults that the panel switches on and off. */
export interface Faults {
  /** The token endpoint answers 503. */
  tokenEndpointDown: boolean
  /** No request reaches a server, and `navigator.onLine` says so. */
  offline: boolean
  /** Wraps the refresh function of a session, in development only. */
  refresh(refresh: RefreshFunction): RefreshFunction
  /** Wraps the adapter of an axios instance. Returns the undo. */
  attach(instance: AxiosInstance): () => void
}

/**
 * Makes the object through which the panel simulates faults. Without it the panel has no fault switches, so leave it out of a
 * production build.
 *
 * @example
 * const faults = import.meta.env.DEV ? createFaults() : undefined
 * const refresh = refreshToken({ issuer, clientId })
 * export const session = attachOAuth(api, webStore(), { refresh: faults?.refresh(refresh) ?? refresh })
 * faults?.attach(api)
 */
export function createFaults(): Faults {
  let offline = false
  const faults: Faults = {
    tokenEndpointDown: false,
    get offline() {
      return offline
    },
    set offline(value) {
      if (value === offline) return
      offline = value
      if (typeof navigator === 'undefined' || typeof dispatchEvent === 'undefined') return
      if (offline) Object.defineProperty(navigator, 'onLine', { configurable: true, value: false })
      else Reflect.deleteProperty(navigator, 'onLine')
      dispatchEvent(new Event(offline ? 'offline' : 'online'))
    },
    refresh(refresh) {
      requireFunction('faults.refresh: refresh', refresh)
      const wrapped: RefreshFunction = (tokens, context) => {
        if (offline) throw Object.assign(new TypeError('devtools: offline'), { code: 'ERR_NETWORK' })
        if (faults.tokenEndpointDown) throw Object.assign(new Error('devtools: the token endpoint is down'), { status: 503 })
        return refresh(tokens, context)
      }
      return Object.assign(wrapped, refresh)
    },
    attach(instance) {
      if (!instance?.defaults) throw new TypeError('faults.attach: instance must be an axios instance')
      const { adapter } = instance.defaults
      const wrapped: typeof adapter = (config) =>
        offline ? Promise.reject(new AxiosError('Network Error', 'ERR_NETWORK', config)) : getAdapter(adapter, config)(config)
      instance.defaults.adapter = wrapped
      return () => {
        if (instance.defaults.adapter === wrapped && adapter !== undefined) instance.defaults.adapter = adapter
      }
    },
  }
  return faults
}
