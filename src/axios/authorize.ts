import axios, { AxiosHeaders, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios'
import { whileReadable } from '../node-only.js'
import { epochEnded } from '../session/refresh-error.js'
import type { Epoch } from '../session/epoch.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenProvider } from '../session/token-provider.js'
import type { Attachment } from './attachment.js'
import { checkBeforeAdapter, onlyTransform } from './before-adapter.js'
import { bodyFactory, copySearchParams, createBody, prepareBody, serializeBody } from './body.js'
import { contextOf, forgetRound, removeContext } from './carriers.js'
import { setCredential, type Credential } from './credential.js'
import { waitWithin } from './deadline.js'
import { finalConfig, type HeadersClass } from './final-config.js'
import type { Handler, OtherInterceptors } from './innermost.js'
import { nothingAllowed } from './origin.js'
import { guardTransforms } from './response-transforms.js'
import { memoizeParams } from './serialized-params.js'
import type { Stage } from './request-context.js'
import { OAuthRequestError, requestError } from './request-error.js'
import { refuseFetchRedirects } from './redirect.js'
import { emitQueued, emitSent } from './request-events.js'
import { providerFor, summaryOf } from './request-options.js'
import { requireEpoch, sendingCheck } from './sending-check.js'
import { demandOf } from './token-demand.js'

const rethrow = (error: unknown): never => {
  throw error
}

/** axios' own transform, which changes neither the URL nor the credential. */
const axiosTransform = onlyTransform(axios.defaults.transformRequest)

/**
 * The request interceptor, as two functions. While a valid token is in memory, only the synchronous one runs, and axios creates
 * no promise before the adapter. When the request has to wait, only the asynchronous one runs.
 */
export function requestInterceptors(attachment: Attachment, others: OtherInterceptors): readonly Handler[] {
  const {
    instance,
    provider: attached,
    environment,
    credentials,
    carriers,
    redirects,
    judgeOrigin,
    requireSafeRoute,
    isAllowed,
  } = attachment
  const checkLater = checkBeforeAdapter(sendingCheck(isAllowed))
  /** Another copy of axios has its own. */
  let HeadersOfInstance: HeadersClass = AxiosHeaders

  const providerOf = (config: AxiosRequestConfig, seen?: TokenProvider): TokenProvider | undefined =>
    providerFor(config, attached, instance.defaults as AxiosRequestConfig, seen)

  const startOf = (config: AxiosRequestConfig): number => (config.timeout ? environment.monotonic() : 0)

  // Without other interceptors, axios runs these right after `runWhen`, so its answer is still valid.
  let answered: AxiosRequestConfig | undefined
  let answer: ActiveToken | undefined
  let answeredBy = attached
  let hasBody = false
  let deferred: AxiosRequestConfig | undefined

  function carry(
    config: InternalAxiosRequestConfig,
    provider: TokenProvider,
    stage: Stage,
    epoch: Epoch | undefined,
    token: ActiveToken | undefined,
    startedAt: number,
    credential?: Credential,
  ): number | undefined {
    let { beforeRedirect } = config
    let requestId: number | undefined
    if (beforeRedirect) {
      const context = contextOf(config)
      if (context) ({ beforeRedirect, requestId } = context)
    }
    if (provider.events.watchesRequests) requestId ??= provider.events.nextRequestId()
    carriers.put(config, { instance, provider, stage, epoch, token, credential, startedAt, beforeRedirect, requestId })
    return requestId
  }

  /** Decides, before any interceptor runs, whether this request has to wait. */
  function mustWait(requestConfig: AxiosRequestConfig): boolean {
    const config = requestConfig as InternalAxiosRequestConfig
    // Reading an axios config is slow, so each member is read once.
    const { oauth, beforeRedirect, data } = config
    answered = deferred = undefined
    const provider = oauth === undefined ? attached : providerOf(config)
    const ended = beforeRedirect && forgetRound(config, provider, instance)
    HeadersOfInstance = config.headers.constructor as HeadersClass
    if (!provider) return false
    if (provider.isRefreshRequest(config)) {
      carry(config, provider, 'refresh-request', undefined, undefined, 0)
      return false
    }
    hasBody = data !== undefined || oauth !== undefined
    // Read before `peekToken`, which may start a refresh and thereby run listeners.
    const epoch = ended ?? provider.epoch
    const token = ended ? undefined : provider.peekToken(hasBody ? demandOf(config) : undefined)
    if (!token) {
      carry(config, provider, 'deferred', epoch, undefined, startOf(config))
      deferred = config
      copySearchParams(config)
      return true
    }
    if (others.areMissing()) {
      answered = config
      answer = token
      answeredBy = provider
    } else carry(config, provider, 'pending', epoch, undefined, 0)
    return false
  }

  /** Does the request get the credential? Needs the final config. The caller's own credential wins. */
  function isConcerned(config: InternalAxiosRequestConfig, provider: TokenProvider): boolean {
    const name = credentials.find(config)
    if ((config.auth && credentials.isUsual) || (name !== undefined && !isEarlier(config, name, provider))) return false
    const verdict = judgeOrigin(config)
    if (verdict === 'nothing-allowed') throw new OAuthRequestError('OAUTH_ORIGIN_UNKNOWN', nothingAllowed, config)
    return verdict === 'allowed'
  }

  /** Removes a credential of this package from a config that was copied without its context. */
  function isEarlier(config: InternalAxiosRequestConfig, name: string, provider: TokenProvider): boolean {
    const epoch = credentials.recognize(config.headers[name], provider)
    if (!epoch) return false
    if (!provider.continues(epoch)) throw requestError(epochEnded(), config)
    delete config.headers[name]
    return true
  }

  function attach(
    config: InternalAxiosRequestConfig,
    provider: TokenProvider,
    epoch: Epoch | undefined,
    token: ActiveToken | undefined,
    startedAt: number,
    stage: Stage = 'sent',
  ): InternalAxiosRequestConfig {
    memoizeParams(config)
    guardTransforms(config)
    let credential = credentials.of(token, provider)
    if (credential) {
      requireSafeRoute(config)
      credential = setCredential(config, credential)
      redirects.prepareTransport(config)
      if (!credentials.isUsual) refuseFetchRedirects(config)
    }
    const requestId = carry(config, provider, stage, epoch, token, startedAt, credential)
    if (token && requestId !== undefined) {
      emitSent(provider.events, 'sent', config, requestId)
      // A listener may have ended the epoch.
      requireEpoch(provider, epoch, config)
    }
    return config
  }

  function authorizeNow(given: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    if (given !== answered) return authorize(given, false)
    answered = undefined
    const provider = answeredBy
    const token = answer
    if (!token || !isConcerned(given, provider)) return createBody(given)
    if (onlyTransform(given.transformRequest) !== axiosTransform) checkLater(given)
    if (hasBody) prepareBody(given)
    return attach(given, provider, token.epoch, token, startOf(given))
  }

  /**
   * `isLater`: the request waits for a token. Not an async function: each of ten thousand waiting requests would hold its frame.
   */
  function authorize(
    given: InternalAxiosRequestConfig,
    isLater: boolean,
  ): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    const context = contextOf(given)
    // Another attachment handles this request, or already has.
    if (context?.stage === 'sent' || (context?.stage === 'deferred' && !isLater)) return given
    const provider = providerOf(given, context?.provider)
    if (!provider || context?.stage === 'refresh-request') return forget(given)
    const config = finalConfig(given, HeadersOfInstance)
    if (!isConcerned(config, provider)) return forget(config)
    const seen = context?.provider === provider ? context : undefined
    const epoch = seen ? seen.epoch : provider.epoch
    const startedAt = seen?.stage === 'deferred' ? seen.startedAt : startOf(config)
    requireEpoch(provider, epoch, config)
    const demand = demandOf(config)
    const present = isLater ? undefined : provider.peekToken(demand, true)
    // If the other interceptors are asynchronous, axios awaits this one as well. Otherwise the request can't wait here, for
    // instance because an interceptor has set another session: it recovers after its 401.
    if (present || (!isLater && others.areSynchronous())) {
      checkLater(config)
      prepareBody(config)
      return attach(config, provider, present ? present.epoch : epoch, present, startedAt, present ? 'sent' : 'deferred')
    }
    const released = emitQueued(provider, config, context?.requestId, 'token')
    // The caller may change the body and the parameters while the request waits.
    const isReady = config.data !== undefined && !bodyFactory(config)
    if (isReady) {
      prepareBody(config)
      serializeBody(config)
    }
    memoizeParams(config, true)
    const request = released && summaryOf(config)
    const result = provider.getToken(credentials.usesCookies ? { ...demand, isOptional: true } : demand, request)
    return waitWithin(whileReadable(result, config), config, startedAt, environment).then((result) => {
      released?.(result.type)
      if (result.type !== 'token' && result.type !== 'none') throw requestError(result.error, config)
      requireEpoch(provider, epoch, config)
      checkLater(config)
      const token = result.type === 'token' ? provider.latest(result.token, epoch) : undefined
      if (!isReady) prepareBody(config)
      return attach(config, provider, token ? token.epoch : provider.epoch, token, startedAt)
    })
  }

  /** Sends the request as the caller made it. */
  function forget(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    removeContext(config)
    return createBody(config)
  }

  return [
    {
      fulfilled: (config: InternalAxiosRequestConfig) => authorize(config, true),
      rejected: rethrow,
      synchronous: false,
      runWhen: mustWait,
    },
    { fulfilled: authorizeNow, rejected: rethrow, synchronous: true, runWhen: (config) => config !== deferred },
  ]
}
