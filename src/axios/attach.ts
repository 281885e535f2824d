import type { AxiosInstance, AxiosRequestConfig } from 'axios'
import { redirectGuard, routeRule } from '../node-only.js'
import { isAtLeast } from '../release.js'
import { platform, type Environment } from '../session/environment.js'
import { openSession, type OpenSession } from '../session/open-session.js'
import type { Session } from '../session/session.js'
import type { TokenStore } from '../types.js'
import type { Attachment } from './attachment.js'
import { requestInterceptors } from './authorize.js'
import { Carriers } from './carriers.js'
import { cookieSession, type CookieStore } from './cookie-session.js'
import { CredentialFactory } from './credential.js'
import { expiryRule } from './refusal.js'
import { registerInnermost } from './innermost.js'
import { olderRelease } from './instance-release.js'
import { readSettings, type AttachOptions, type Caller, type SessionOptions } from './options.js'
import { originRule } from './origin.js'
import { persistenceFor } from './persistence-for.js'
import { responseInterceptor } from './recover.js'
import { isSamePlace, registry, type AttachedInstance } from './registry.js'
import { OAuthRequestError } from './request-error.js'
import { attachedSession, sessionObject, type AttachedSession } from './session-object.js'

/** One store, one session: instances attached to it share the refresh and the generation. `adopt` makes the changes of the call. */
function sessionFor(
  caller: Caller,
  store: TokenStore,
  options: SessionOptions,
  environment: Environment,
  earlier?: OpenSession,
): { readonly open: OpenSession; readonly adopt: () => void } {
  const { sessions } = registry()
  const known = sessions.get(store) ?? earlier
  const present = known?.operations.isClosed ? undefined : known
  const settings = readSettings(caller, store, options, present?.settings)
  const open = present ?? openSession(persistenceFor(caller, store), settings, environment)
  const adopt = (): void => {
    sessions.set(store, open)
    open.configure(settings)
  }
  return { open, adopt }
}

/**
 * Creates the session of a store, for programs that hold many users' sessions. A later call with the same store returns the same
 * session, and the options of that call replace the earlier ones. Throws a `TypeError` that names the invalid option.
 *
 * @example
 * const session = createSession(memoryStore(tokens), { refresh })
 * await api.get('/me', { oauth: session })
 */
export function createSession(store: TokenStore, options?: SessionOptions): Session {
  const { open, adopt } = sessionFor('createSession', store, options ?? {}, platform)
  adopt()
  const session = sessionObject(open)
  ;(store as CookieStore)[cookieSession]?.(session)
  return session
}

/**
 * Makes every request of an axios instance carry `Authorization: Bearer …` (RFC 6750 §2.1), and recovers requests that the server
 * rejects because the access token has expired: one refresh (RFC 6749 §6) serves any number of them, the new set is saved, and
 * each request is sent again.
 *
 * Attaching an instance again with the same store, or a store of the same place, replaces the earlier attachment. Throws a
 * `TypeError` that names the invalid option, or when the instance is attached to another store. Requests reject with errors whose
 * `code` is an `OAuthErrorCode`.
 *
 * @example
 * const api = axios.create({ baseURL: 'https://api.example.com' })
 * const session = attachOAuth(api, fileStore('tokens.json'), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 * await api.get('/me')
 */
export function attachOAuth(instance: AxiosInstance, store: TokenStore, options?: AttachOptions): AttachedSession {
  return attachIn(platform, instance, store, options ?? {})
}

/** Outside of `attachIn`, so that the result holds no instance. */
const both =
  (first: () => void, second: (() => void) | undefined): (() => void) =>
  () => {
    first()
    second?.()
  }

/** `attachOAuth` with a given clock and timers. */
export function attachIn(
  environment: Environment,
  instance: AxiosInstance,
  store: TokenStore,
  options: AttachOptions,
): AttachedSession {
  const { request, response } = instance?.interceptors ?? {}
  if (typeof request?.use !== 'function' || typeof response?.use !== 'function')
    throw new TypeError('attachOAuth: instance must be an axios instance, such as axios.create({ baseURL })')
  const { attached } = registry()
  const earlier = attached.get(instance)
  if (earlier && !isSamePlace(earlier.store, store))
    throw new TypeError(
      'attachOAuth: this instance is attached to another store. Call detach() on what the first call returned; to send single requests for another session, pass oauth: { session }.',
    )
  const allowInsecureHttp = options.dangerouslyAllowInsecureHttp === true
  const base = (): string | undefined => globalThis.document?.baseURI
  const axiosVersion = olderRelease(instance)
  const judgeOrigin = originRule({
    origins: options.origins,
    baseURL: () => instance.defaults.baseURL,
    page: () => globalThis.location?.href,
    base,
    allowInsecureHttp,
    // In earlier releases all adapters or some of them ignore the option.
    ignoresAllowAbsoluteUrls: !isAtLeast(axiosVersion, '1.9.0'),
  })
  const isAllowed = (config: AxiosRequestConfig): boolean => judgeOrigin(config) === 'allowed'
  const { open, adopt } = sessionFor('attachOAuth', store, options, environment, earlier?.open)
  // First what can throw: the instance, its earlier attachment and the session are unchanged then.
  const unwatch = open.sync.watch()
  let stopKeepAlive: (() => void) | undefined
  try {
    stopKeepAlive = options.keepAlive?.(open.provider)
  } catch (error) {
    unwatch()
    throw error
  }
  adopt()
  const credentials = new CredentialFactory(options.header, open.sentCredentials, cookieSession in store)
  const redirects = redirectGuard({ isAllowed, names: credentials.names, allowInsecureHttp })
  const judgeRoute = routeRule({ allowInsecureHttp, base, axiosVersion })
  const attachment: Attachment = {
    instance,
    provider: open.provider,
    environment,
    credentials,
    carriers: new Carriers(redirects.wrap),
    redirects,
    judgeOrigin,
    requireSafeRoute(config) {
      const danger = judgeRoute(config)
      if (danger !== undefined) throw new OAuthRequestError('OAUTH_INSECURE_PROXY', danger, config)
    },
    isAllowed,
    stepUp: options.stepUp,
    isExpired: expiryRule(options.isExpired),
    beforeResend: options.beforeResend,
  }
  earlier?.release()
  const unregister = registerInnermost(instance, (others) => ({
    request: requestInterceptors(attachment, others),
    response: responseInterceptor(attachment),
  }))
  const stop = both(unwatch, stopKeepAlive)
  const mine: AttachedInstance = {
    store,
    open,
    release() {
      if (attached.get(instance) !== mine) return
      attached.delete(instance)
      unregister()
      stop()
      forget()
    },
  }
  attached.set(instance, mine)
  const forget = open.operations.attach(mine.release, stop)
  const session = attachedSession(open, mine.release)
  ;(store as CookieStore)[cookieSession]?.(session)
  return session
}
