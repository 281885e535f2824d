import { isAxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import { isOAuthError } from '../errors.js'
import type { Held } from '../session/state.js'
import { summaryOf, type Attachment } from './attachment.js'
import { isReplayable } from './body.js'
import { beyondRefresh, parseChallenges, type Challenge } from './challenge.js'
import type { Handler } from './innermost.js'
import { withoutSecrets } from './redact.js'
import { answersToken } from './redirect.js'
import { discard, sendAgain } from './replay.js'
import { OAuthRequestError, requestError } from './request-error.js'
import { Ticket, authorizationName, putTicket, ticketOf } from './ticket.js'
import { timeLeft, timeoutError, waitFor } from './wait.js'

/** The response interceptor: queues concurrent 401s behind the one flight and sends each request again, once. */
export function recoverer({ instance, environment, isAllowed, stepUp }: Attachment): Handler {
  /** Cures a refused request, or returns `undefined` when the refusal is the caller's answer. */
  function cure(response: AxiosResponse): Promise<AxiosResponse> | undefined {
    const { config, status } = response
    if (status !== 401 && status !== 403) return undefined
    const ticket = ticketOf(config)
    if (!ticket || (ticket.stage === 'unplaced' && !isAllowed(config))) return undefined
    if (!answersToken(response, ticket.held, isAllowed)) return undefined
    const challenge = beyondRefresh(parseChallenges(response.headers['www-authenticate']))
    if (!challenge && status === 403) return undefined
    if (!challenge) return recover(ticket, config, response, renew(ticket, response))
    if (!stepUp) throw stepUpRequired(response, challenge)
    const steppedUp = stepUp(ticket.session, ticket.held, challenge).catch((cause: unknown) => {
      throw isOAuthError(cause) ? cause : stepUpRequired(response, challenge, cause)
    })
    return recover(ticket, config, response, steppedUp)
  }

  /** No async function: of ten thousand requests that wait, each would hold its frame. */
  function recover(
    ticket: Ticket,
    config: InternalAxiosRequestConfig,
    response: AxiosResponse,
    renewed: Promise<Held>,
  ): Promise<AxiosResponse> {
    if (!isReplayable(config)) {
      renewed.catch(() => undefined)
      throw new OAuthRequestError(
        'OAUTH_NOT_REPLAYABLE',
        'The request was rejected, and its body was a stream that is used up. Send it again, or pass oauth: { body: () => stream }.',
        config,
        response,
      )
    }
    discard(response)
    const { events } = ticket.session
    if (events.has('queued')) events.emit('queued', { ...summaryOf(config), because: 'rejected' })
    const released = (): void => {
      if (events.has('released')) events.emit('released', summaryOf(config))
    }
    return waitFor(renewed, config, ticket.startedAt, environment).then(
      (held) => {
        released()
        return resend(ticket, config, held)
      },
      (error: unknown) => {
        released()
        throw requestError(error, config, response)
      },
    )
  }

  function renew({ session, held, stage }: Ticket, response: AxiosResponse): Promise<Held> {
    if (held) return session.renew(held)
    const signedOut = (): OAuthRequestError =>
      new OAuthRequestError(
        'OAUTH_SIGNED_OUT',
        'The request was sent without a token, as nobody is signed in, and the server wants one. Call signIn(tokens) first.',
        response.config,
        response,
      )
    if (stage !== 'unplaced') throw signedOut()
    // It had to go out without a token, whoever is signed in.
    return session.acquire().then((acquired) => {
      if (acquired) return acquired
      throw signedOut()
    })
  }

  function resend({ session, startedAt }: Ticket, config: InternalAxiosRequestConfig, held: Held): Promise<AxiosResponse> {
    const left = timeLeft(config, startedAt, environment)
    if (left !== undefined && left <= 0) throw timeoutError(config)
    config.headers[authorizationName(config) ?? 'Authorization'] = held.authorization
    putTicket(config, new Ticket(session, held, startedAt, 'sent'))
    if (session.events.has('resent')) session.events.emit('resent', summaryOf(config))
    return sendAgain(instance, config, left)
  }

  const guarded = (error: unknown): unknown => (isAxiosError(error) && ticketOf(error.config) ? withoutSecrets(error) : error)
  const rethrow = (error: unknown): never => {
    throw guarded(error)
  }

  return {
    fulfilled: (response: AxiosResponse) => cure(response)?.catch(rethrow) ?? response,
    // No async function: while the request waits, it would hold the error of the first answer, with its stack.
    rejected(error: unknown): Promise<AxiosResponse> {
      try {
        const cured = isAxiosError(error) && error.response ? cure(error.response) : undefined
        if (cured) return cured.catch(rethrow)
      } catch (failure) {
        return rethrow(failure)
      }
      return rethrow(error)
    },
  }
}

function stepUpRequired(response: AxiosResponse, challenge: Challenge, cause?: unknown): OAuthRequestError {
  const error = new OAuthRequestError(
    'OAUTH_STEP_UP_REQUIRED',
    `The resource server wants more than a refresh can give (${challenge.parameters.error}): sign in again with what its challenge asks for.`,
    response.config,
    response,
    cause,
  )
  return Object.assign(error, { challenge })
}
