import type { AxiosInstance } from 'axios'
import { platform, type Environment } from '../session/environment.js'
import { Session } from '../session/session.js'
import type { TokenStore } from '../types.js'
import type { Attachment } from './attachment.js'
import { authorizer } from './authorize.js'
import { registerInnermost } from './innermost.js'
import { readSettings, type AttachOptions, type SessionOptions } from './options.js'
import { originRule } from './origin.js'
import { recoverer } from './recover.js'

/** What `attachOAuth` returns: the session, and the way to take it off the instance again. */
export interface AttachedSession extends Pick<
  Session,
  'tokens' | 'signIn' | 'signOut' | 'refresh' | 'on' | 'getSnapshot' | 'subscribe'
> {
  /** The session itself, for a request's `oauth` option. */
  readonly session: Session
  /** Takes both interceptors off: the instance is as if it had never been attached. Requests under way are finished. */
  readonly detach: () => void
}

// One store, one session: two instances attached to it share the flight and the generation. Weak, so that nothing outlives its owner.
const sessions = new WeakMap<TokenStore, Session>()
const attached = new WeakMap<AxiosInstance, Attachment>()

function sessionFor(store: TokenStore, options: SessionOptions, environment: Environment): Session {
  const settings = readSettings(store, sessions.has(store) ? { refresh: false } : options)
  const session = sessions.get(store) ?? new Session(store, settings, environment)
  sessions.set(store, session)
  return session
}

/**
 * The session of a store, made at the first call. For programs that hold many users' sessions; otherwise `attachOAuth` makes it. Options of
 * later calls are ignored. Throws a `TypeError` that names the option which is wrong.
 */
export function createSession(store: TokenStore, options: SessionOptions = {}): Session {
  return sessionFor(store, options, platform)
}

/**
 * Makes every request of an axios instance carry `Authorization: Bearer …` (RFC 6750 §2.1), and recovers those that are rejected because the
 * token has expired: one refresh (RFC 6749 §6) for any number of them, the new set stored, each request sent again.
 *
 * Throws a `TypeError` that names the option which is wrong, and when the instance is attached already. Requests reject with errors whose
 * `code` is one of `OAuthErrorCode`.
 *
 * @example
 * const api = axios.create({ baseURL: 'https://api.example.com' })
 * const session = attachOAuth(api, fileStore('tokens.json'), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 * await api.get('/me')
 */
export function attachOAuth(instance: AxiosInstance, store: TokenStore, options: AttachOptions = {}): AttachedSession {
  return attachIn(platform, instance, store, options)
}

/** The same in a world whose clock and timers are handed in. */
export function attachIn(
  environment: Environment,
  instance: AxiosInstance,
  store: TokenStore,
  options: AttachOptions,
): AttachedSession {
  if (typeof instance?.interceptors?.request?.use !== 'function')
    throw new TypeError('attachOAuth: instance must be an axios instance, such as axios.create({ baseURL })')
  if (attached.has(instance))
    throw new TypeError('attachOAuth: this instance is attached already; call detach() on what the first call returned')
  for (const name of ['stepUp', 'keepAlive'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new TypeError(`attachOAuth: ${name} must be what the function ${name}(…) has made`)
  const isAllowed = originRule({
    origins: options.origins,
    baseURL: () => instance.defaults.baseURL,
    page: () => globalThis.location?.href,
    allowInsecureHttp: options.dangerouslyAllowInsecureHttp === true,
  })
  const session = sessionFor(store, options, environment)
  // First, since a store may throw: a refused attempt leaves the instance as it was.
  const unwatch = session.watchStore()
  const attachment: Attachment = {
    instance,
    session,
    environment,
    isAllowed,
    stepUp: options.stepUp,
    inPlace: (config) => registration.inPlace(config),
    isAlone: () => registration.isAlone(),
    isSynchronous: () => registration.isSynchronous(),
  }
  const registration = registerInnermost(instance, { request: authorizer(attachment), response: recoverer(attachment) })
  attached.set(instance, attachment)
  const rest = options.keepAlive?.(session)
  const { tokens, signIn, signOut, refresh, on, getSnapshot, subscribe } = session
  return {
    session,
    tokens,
    signIn,
    signOut,
    refresh,
    on,
    getSnapshot,
    subscribe,
    detach() {
      // It may have been attached anew since.
      if (attached.get(instance) !== attachment) return
      attached.delete(instance)
      registration.undo()
      unwatch()
      rest?.()
    },
  }
}
