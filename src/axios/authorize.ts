import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import { epochEnded } from '../session/refresh-error.js'
import type { Epoch } from '../session/epoch.js'
import type { ActiveToken } from '../session/state.js'
import type { TokenDemand, TokenProvider } from '../session/token-provider.js'
import type { Attachment } from './attachment.js'
import { checkBeforeAdapter } from './before-adapter.js'
import { createBody, isReplayable, prepareBody } from './body.js'
import { authorizationName, carries, removeCredential, setCredential } from './credential.js'
import { waitWithin } from './deadline.js'
import type { Handler } from './innermost.js'
import { memoizeParams } from './serialized-params.js'
import { contextOf, type Stage } from './request-context.js'
import { requestError } from './request-error.js'
import { providerFor, requestOptions, summaryOf } from './request-options.js'

const rethrow = (error: unknown): never => {
  throw error
}

const oneShot: TokenDemand = { isOneShot: true }

/** What a request needs of its token; `undefined` for nearly all. */
function demandOf(config: AxiosRequestConfig): TokenDemand | undefined {
  const validFor = config.oauth ? requestOptions(config)?.validFor : undefined
  if (validFor) return { validFor, isOneShot: !isReplayable(config) }
  return isReplayable(config) ? undefined : oneShot
}

/**
 * The request interceptor, in two parts. While a valid token is in memory only the synchronous one runs, and axios needs no promise before the adapter. When
 * the request has to wait, only the asynchronous one runs.
 */
export function requestInterceptors(attachment: Attachment): readonly Handler[] {
  const { instance, provider: attached, environment, credentials, carriers, isAllowed, order } = attachment
  const checkLater = checkBeforeAdapter(checkSending)

  const startOf = (config: AxiosRequestConfig): number => (config.timeout ? environment.monotonic() : 0)

  // Where no other interceptors run, axios calls ours right after asking whether they want to run: the answer still stands.
  let answered: AxiosRequestConfig | undefined
  let answer: ActiveToken | undefined
  let deferred: AxiosRequestConfig | undefined

  function carry(
    config: InternalAxiosRequestConfig,
    provider: TokenProvider,
    stage: Stage,
    epoch: Epoch | undefined,
    token: ActiveToken | undefined,
    startedAt: number,
  ): void {
    const { beforeRedirect } = contextOf(config) ?? config
    const credential = token && credentials.of(token)
    carriers.put(config, { provider, stage, epoch, token, credential, startedAt, beforeRedirect })
  }

  /** Forgets an earlier round of a config that comes back, and the credential that went with it. Returns the epoch that the request belongs to. */
  function beginRound(config: InternalAxiosRequestConfig, provider: TokenProvider | undefined): Epoch | undefined {
    const earlier = config.beforeRedirect && contextOf(config)
    if (!earlier) return provider?.epoch
    config.beforeRedirect = earlier.beforeRedirect as never
    if (!earlier.beforeRedirect) delete (config as AxiosRequestConfig).beforeRedirect
    if (earlier.credential) removeCredential(config, earlier.credential)
    const isOwn = earlier.provider === provider && earlier.epoch !== undefined
    return isOwn && !earlier.provider.continues(earlier.epoch) ? earlier.epoch : provider?.epoch
  }

  /** Asked before any interceptor runs: does this request have to wait? */
  function mustWait(requestConfig: AxiosRequestConfig): boolean {
    const config = requestConfig as InternalAxiosRequestConfig
    const provider = providerFor(config, attached)
    const epoch = beginRound(config, provider)
    answered = deferred = undefined
    if (!provider) return false
    if (provider.isRefreshRequest(config)) {
      carry(config, provider, 'refresh-request', undefined, undefined, 0)
      return false
    }
    const token = provider.isCurrent(epoch) ? provider.peekToken(demandOf(config)) : undefined
    if (!token) {
      carry(config, provider, 'deferred', epoch, undefined, startOf(config))
      deferred = config
      return true
    }
    if (order.hasNoOtherInterceptors()) {
      answered = config
      answer = token
    } else carry(config, provider, 'pending', epoch, undefined, 0)
    return false
  }

  /** Is the request to carry the credential? Judged on what is really sent. */
  function isConcerned(config: InternalAxiosRequestConfig): boolean {
    // The caller's own credential wins.
    return !config.auth && authorizationName(config) === undefined && isAllowed(config)
  }

  function send(
    config: InternalAxiosRequestConfig,
    provider: TokenProvider,
    epoch: Epoch | undefined,
    token: ActiveToken | undefined,
    startedAt: number,
    stage: Stage = 'sent',
  ): InternalAxiosRequestConfig {
    prepareBody(config, instance.defaults.adapter)
    memoizeParams(config)
    const credential = token && credentials.of(token)
    if (credential) setCredential(config, credential)
    carry(config, provider, stage, epoch, token, startedAt)
    return config
  }

  function authorizeNow(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    if (config === answered) {
      answered = undefined
      const provider = providerFor(config, attached)
      if (!provider || !answer || !isConcerned(config)) return createBody(config)
      if (config.transformRequest !== instance.defaults.transformRequest) checkLater(config)
      return send(config, provider, provider.epoch, answer, startOf(config))
    }
    const context = contextOf(config)
    // The asynchronous one takes care of it, or has done so: a request may turn the order round.
    if (context?.stage === 'deferred' || context?.stage === 'sent') return config
    const provider = providerFor(config, attached)
    if (context?.stage === 'refresh-request' || !provider || !recognize(config, provider)) return forget(config)
    const epoch = context?.provider === provider ? context.epoch : provider.epoch
    if (!isConcerned(config)) return forget(config)
    const next = order.runsNextToAdapter(config)
    const token = next && provider.isCurrent(epoch) ? provider.peekToken(demandOf(config), true) : undefined
    checkLater(config)
    if (token) return send(config, provider, token.epoch, token, startOf(config))
    // The request can't wait here: its 401 gets it the token, as where an interceptor has handed the request to another session.
    if (!next || order.othersAreSynchronous()) return send(config, provider, epoch, undefined, startOf(config), 'deferred')
    // Other interceptors took their time, so axios awaits this one, too.
    return authorizeLater(config)
  }

  /** No async function: each of ten thousand waiting requests would hold its frame. */
  function authorizeLater(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    const context = contextOf(config)
    if (context?.stage === 'sent') return config
    const provider = providerFor(config, attached)
    if (!provider || !recognize(config, provider) || !isConcerned(config)) return forget(config)
    const isSeen = context?.provider === provider
    const epoch = isSeen ? context.epoch : provider.epoch
    const startedAt = isSeen && context.stage === 'deferred' ? context.startedAt : startOf(config)
    if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config)
    const { events } = provider
    if (events.has('queued')) events.emit('queued', { ...summaryOf(config), because: 'token' })
    return waitWithin(provider.getToken(demandOf(config)), config, startedAt, environment).then(
      (result) => {
        if (events.has('released')) events.emit('released', summaryOf(config))
        if (result.type === 'failed' || result.type === 'rejected') throw requestError(result.error, config)
        if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config)
        checkLater(config)
        const token = result.type === 'token' ? result.token : undefined
        return send(config, provider, token ? token.epoch : provider.epoch, token, startedAt)
      },
      (error: unknown) => {
        if (events.has('released')) events.emit('released', summaryOf(config))
        throw error
      },
    )
  }

  /** A config that was copied without its context may still hold a credential of ours. `false`: it belongs to another user. */
  function recognize(config: InternalAxiosRequestConfig, provider: TokenProvider): boolean {
    const name = authorizationName(config)
    const token = name === undefined ? undefined : credentials.recognize(config.headers[name])
    if (name === undefined || !token) return true
    delete config.headers[name]
    if (!provider.continues(token.epoch)) throw requestError(epochEnded(), config)
    return true
  }

  /** The request is sent as the caller made it. */
  function forget(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
    const context = contextOf(config)
    if (context) config.beforeRedirect = context.beforeRedirect as never
    return createBody(config)
  }

  /** Right before the adapter: what happened since the token was attached? */
  function checkSending(config: InternalAxiosRequestConfig): void {
    const context = contextOf(config)
    if (!context || (context.stage !== 'sent' && context.stage !== 'deferred')) return
    const { provider, epoch, credential } = context
    if (!provider.isCurrent(epoch)) throw requestError(epochEnded(), config)
    if (!credential) return
    // A request transform has changed the header or the address.
    if (carries(config, credential) && isAllowed(config)) return
    removeCredential(config, credential)
    config.beforeRedirect = context.beforeRedirect as never
  }

  return [
    { fulfilled: authorizeLater, rejected: rethrow, synchronous: false, runWhen: mustWait },
    { fulfilled: authorizeNow, rejected: rethrow, synchronous: true, runWhen: (config) => config !== deferred },
  ]
}
