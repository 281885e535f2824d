import type { AxiosError, AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import { OAuthError, isOAuthError } from '../errors.js'
import type { RefreshResult } from '../session/in-flight-refresh.js'
import type { Attachment } from './attachment.js'
import { isReplayable, renewBody } from './body.js'
import { contextOf } from './carriers.js'
import type { Challenge } from './challenge.js'
import { removeCredential, setCredential, type Credential } from './credential.js'
import { timeLeft, timeoutError, waitWithin } from './deadline.js'
import type { Handler } from './innermost.js'
import { withoutSecrets } from './redact.js'
import { answersToken } from './redirect.js'
import { refusalOf, stepUpMessage, type Refusal } from './refusal.js'
import { discard, resend } from './replay.js'
import type { RequestContext } from './request-context.js'
import { OAuthRequestError, requestError } from './request-error.js'
import { emitQueued, emitSent } from './request-events.js'
import { requestOptions, summaryOf } from './request-options.js'
import { responseOf } from './response-transforms.js'
import { requireEpoch } from './sending-check.js'
import { forgetParams, paramsText } from './serialized-params.js'

/** The response interceptor: queues concurrent 401s behind the one refresh, and sends each request again, once. */
export function responseInterceptor({
  instance,
  environment,
  credentials,
  carriers,
  isAllowed,
  requireSafeRoute,
  stepUp,
  isExpired,
  beforeResend,
}: Attachment): Handler {
  /** Recovers a refused request; `undefined` when the caller gets this response. `isAccepted`: `validateStatus` accepts it. */
  function recover(response: AxiosResponse, isAccepted: boolean): Promise<AxiosResponse> | undefined {
    const { config } = response
    const context = contextOf(config)
    if (!context || context.stage === 'refresh-request' || context.stage === 'pending') return undefined
    const known = refusalOf(response, stepUp?.meetsClaims)
    if ((!known && !(isExpired && context.token)) || requestOptions(config)?.recover === false) return undefined
    if (context.stage === 'deferred' && !isAllowed(config)) return undefined
    if (!answersToken(response, context.credential ?? noCredential, isAllowed)) return undefined
    const refusal: Refusal | undefined = known ?? (isExpired?.(response) ? { type: 'expired' } : undefined)
    if (!refusal) return undefined
    if (refusal.type === 'expired' && !context.token && !context.credential && context.stage === 'sent') {
      if (isAccepted) return undefined
      throw requestError(sentWithoutToken(), config, response)
    }
    if (refusal.type === 'step-up' && !stepUp) {
      if (isAccepted) return undefined
      throw stepUpRequired(response, refusal.challenge, false)
    }
    const result = replacementFor(context, refusal, response)
    if (!isReplayable(config)) {
      if (isAccepted) return undefined
      throw notReplayable(response)
    }
    const { provider, requestId } = context
    const released = emitQueued(provider, config, requestId, 'rejected')
    // One plain callback, because every waiting request keeps it in memory.
    return waitWithin(result, config, context.startedAt, environment).then((replacement) => {
      released?.(replacement.type)
      if (replacement.type === 'token')
        return sendAgain(context, config, context.provider.latest(replacement.token, context.epoch), response)
      if (replacement.type === 'failed' && isAccepted) return response
      return giveUp(requestError(replacement.error, config, response), response)
    })
  }

  /** Gets another token for a refused request. */
  function replacementFor(context: RequestContext, refusal: Refusal, response: AxiosResponse): Promise<RefreshResult> {
    const { provider, token } = context
    if (refusal.type === 'step-up' && stepUp) {
      return stepUp(provider, token, refusal.challenge).catch((cause: unknown) => ({
        type: 'failed',
        error: (isOAuthError(cause) ? cause : stepUpRequired(response, refusal.challenge, true, cause)) as OAuthError,
      }))
    }
    const request = context.requestId === undefined ? undefined : summaryOf(response.config)
    if (token) return provider.getTokenAfter401(token, request)
    // The request could not wait for a token before it was sent.
    return provider
      .getToken(undefined, request)
      .then((result) => (result.type === 'none' ? { type: 'failed', error: sentWithoutToken() } : result))
  }

  function sendAgain(
    context: RequestContext,
    config: InternalAxiosRequestConfig,
    token: NonNullable<RequestContext['token']>,
    response: AxiosResponse,
  ): Promise<AxiosResponse> {
    const { provider, startedAt, beforeRedirect, requestId } = context
    const epoch = context.epoch ?? token.epoch
    // Before the config gets a credential, which would be that of another user.
    requireEpoch(provider, epoch, config, response)
    const credential = credentials.usesCookies ? context.credential : credentials.of(token, provider)
    // A function as the option header may name other headers for another token.
    if (context.credential && context.credential !== credential) removeCredential(config, context.credential)
    if (credential) setCredential(config, credential)
    carriers.put(config, { instance, provider, stage: 'sent', epoch, token, credential, startedAt, beforeRedirect, requestId })
    const send = (isSameBody = true): Promise<AxiosResponse> => {
      try {
        const left = timeLeft(config, startedAt, environment)
        if (left !== undefined && left <= 0) throw timeoutError(config)
        if (isSameBody) renewBody(config)
        return resend(instance, config, left, rethrow, () => {
          requireEpoch(provider, epoch, config, response)
          emitSent(provider.events, 'resent', config, requestId)
          // A listener may have ended the epoch.
          requireEpoch(provider, epoch, config, response)
          discard(response)
        })
      } catch (error) {
        return giveUp(error, response)
      }
    }
    if (!beforeResend) return send()
    return change(config, startedAt, credential).then(send, (error: unknown) => giveUp(error, response))
  }

  /** Lets the caller change the request, then checks its origin again. Resolves with whether the body is the same. */
  async function change(
    config: InternalAxiosRequestConfig,
    startedAt: number,
    credential: Credential | undefined,
  ): Promise<boolean> {
    const { data } = config as { data?: unknown }
    const params = paramsText(config)
    const changed = Promise.resolve(config)
      .then(beforeResend)
      .then(
        () => ({ type: 'changed' }) as const,
        (error: unknown) => ({ type: 'interrupted', error }) as const,
      )
    const result = await waitWithin(changed, config, startedAt, environment)
    if (result.type === 'interrupted') throw result.error
    const isSameBody = config.data === data
    // The adapter wrote the length of the first body into this header.
    if (!isSameBody) config.headers.delete('Content-Length')
    if (paramsText(config) !== params) forgetParams(config)
    if (!credential) return isSameBody
    if (isAllowed(config)) requireSafeRoute(config)
    else removeCredential(config, credential)
    return isSameBody
  }

  return {
    fulfilled: (response: AxiosResponse) => recover(response, true) ?? response,
    // Not an async function, whose frame would hold the error of the first response, with its stack, during the wait.
    rejected(error: unknown): Promise<AxiosResponse> {
      const response = responseOf(error)
      return (response && recover(response, false)) ?? rethrow(error)
    },
  }
}

function guarded(error: unknown): unknown {
  // A custom adapter may reject with an error of its own that has the members of axios' errors.
  return error instanceof Error && contextOf((error as AxiosError).config) ? withoutSecrets(error as AxiosError) : error
}

function rethrow(error: unknown): never {
  throw guarded(error)
}

/** Rejects the request. Discards the first response unless the error carries it: its connection would stay open. */
function giveUp(error: unknown, response: AxiosResponse): never {
  if ((error as Partial<AxiosError> | undefined)?.response !== response) discard(response)
  return rethrow(error)
}

const noCredential = [{ lowerName: 'authorization', value: undefined }]

function sentWithoutToken(): OAuthError {
  return new OAuthError(
    'OAUTH_SIGNED_OUT',
    'The request was sent without a token, since no user is signed in, and the server requires one. Call signIn(tokens) first.',
  )
}

function notReplayable(response: AxiosResponse): OAuthRequestError {
  return new OAuthRequestError(
    'OAUTH_NOT_REPLAYABLE',
    'The request was rejected, and its body is a stream that has been read. Send it again, or pass oauth: { body: () => stream }.',
    response.config,
    response,
  )
}

function stepUpRequired(response: AxiosResponse, challenge: Challenge, hasHandler: boolean, cause?: unknown): OAuthRequestError {
  const error = new OAuthRequestError('OAUTH_STEP_UP_REQUIRED', stepUpMessage(challenge, hasHandler), response.config, response, {
    cause,
  })
  return Object.assign(error, { challenge })
}
