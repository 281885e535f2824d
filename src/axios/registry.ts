import type { AxiosInstance } from 'axios'
import type { OpenSession } from '../session/open-session.js'
import type { TokenStore } from '../types.js'
import type { BeforeRedirect, RequestContext } from './request-context.js'

/** Increase with each change of the internals that two copies of the package share. */
const VERSION = 2

/** An instance and the store that it is attached to. */
export interface AttachedInstance {
  readonly store: TokenStore
  readonly open: OpenSession
  /** Removes the interceptors. */
  readonly release: () => void
}

interface Registry {
  readonly version: number
  /** The contexts of requests, by the `beforeRedirect` function of their configs. */
  readonly contexts: WeakMap<BeforeRedirect, RequestContext>
  readonly sessions: WeakMap<TokenStore, OpenSession>
  readonly attached: WeakMap<AxiosInstance, AttachedInstance>
}

const key = Symbol.for('axios-attach-oauth.registry')

/**
 * The sessions, attachments and requests of this process, shared by all copies of the package in it (ESM and CommonJS): one copy
 * may receive configs that another has sent. Throws a `TypeError` if the other copy is incompatible.
 */
export function registry(): Registry {
  const world = globalThis as unknown as Record<symbol, Registry | undefined>
  const found = (world[key] ??= {
    version: VERSION,
    contexts: new WeakMap(),
    sessions: new WeakMap(),
    attached: new WeakMap(),
  })
  if (found.version !== VERSION)
    throw new TypeError('axios-attach-oauth: two incompatible versions are loaded in one process. Install one version only.')
  return found
}

/** Do two stores keep the same record? */
export function isSamePlace(a: TokenStore, b: TokenStore): boolean {
  if (a === b) return true
  const { place } = a
  return place !== undefined && place.length === b.place?.length && place.every((part, i) => part === b.place?.[i])
}
