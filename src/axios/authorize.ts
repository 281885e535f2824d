import type { AxiosRequestConfig, InternalAxiosRequestConfig } from 'axios'
import type { Held } from '../session/state.js'
import type { Session } from '../session/session.js'
import { sessionOf, summaryOf, type Attachment } from './attachment.js'
import { isReplayable, makeBody, prepareBody } from './body.js'
import type { Handler } from './innermost.js'
import { keepParams } from './params.js'
import { redirectGuard } from './redirect.js'
import { requestError } from './request-error.js'
import { Ticket, authorizationName, forgetTicket, putTicket, ticketOf, type Stage } from './ticket.js'
import { waitFor } from './wait.js'

const rethrow = (error: unknown): never => {
  throw error
}

/**
 * The request interceptor, in two parts. While a valid token is in memory only the synchronous one runs, and axios needs no promise before the
 * adapter. The asynchronous one joins it when there is something to wait for.
 */
export function authorizer(attachment: Attachment): readonly Handler[] {
  const { instance, session: attached, environment, isAllowed } = attachment

  const guardRedirects = redirectGuard(isAllowed)

  const startOf = (config: AxiosRequestConfig): number => (config.timeout ? environment.monotonic() : 0)

  /** The session that this request belongs to, if it is to carry a token: judged on what is really sent. */
  function concerned(config: InternalAxiosRequestConfig): Session | undefined {
    const session = sessionOf(config, attached)
    // The caller's own authorization wins.
    if (!session || config.auth || authorizationName(config) !== undefined || !isAllowed(config)) return undefined
    return session.isOwn(config) ? undefined : session
  }

  function attach(
    config: InternalAxiosRequestConfig,
    session: Session,
    held: Held | undefined,
    startedAt: number,
    stage: Stage = 'sent',
  ): typeof config {
    prepareBody(config, instance.defaults.adapter)
    keepParams(config)
    if (held) {
      config.headers.Authorization = held.authorization
      guardRedirects(config)
    }
    putTicket(config, new Ticket(session, held, startedAt, stage))
    return config
  }

  // Where nobody else has interceptors, the second question follows the first one at once: the answer still stands.
  let answered: AxiosRequestConfig | undefined
  let answer: Held | undefined

  /** Asked before any interceptor runs: must this request wait? */
  function mustWait(config: AxiosRequestConfig): boolean {
    forgetTicket(config as InternalAxiosRequestConfig)
    const session = sessionOf(config, attached)
    if (!session) return false
    const isOwn = session.isOwn(config)
    const held = isOwn ? undefined : session.current(!isReplayable(config))
    if (held) {
      answered = attachment.isAlone() ? config : undefined
      answer = held
      return false
    }
    const stage = isOwn ? 'own' : 'expected'
    putTicket(config as InternalAxiosRequestConfig, new Ticket(session, undefined, startOf(config), stage))
    return !isOwn
  }

  function authorizeNow(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    const isAnswered = config === answered
    answered = undefined
    const stage = isAnswered ? undefined : ticketOf(config)?.stage
    if (stage === 'expected') return config
    if (stage) forgetTicket(config)
    const session = stage === 'own' ? undefined : concerned(config)
    if (!session) return makeBody(config)
    if (isAnswered) return attach(config, session, answer, startOf(config))
    const held = attachment.inPlace(config) ? session.current(!isReplayable(config), true) : undefined
    if (held) return attach(config, session, held, startOf(config))
    // It can't wait here: the 401 gets it its token, as it does where an interceptor has handed the request to another session.
    if (!attachment.inPlace(config) || attachment.isSynchronous())
      return attach(config, session, undefined, startOf(config), 'unplaced')
    // What was valid when the request came in can only be gone by now if others took their time, and then axios awaits this.
    return authorizeLater(config)
  }

  /** No async function: of ten thousand requests that wait, each would hold its frame. */
  function authorizeLater(config: InternalAxiosRequestConfig): InternalAxiosRequestConfig | Promise<InternalAxiosRequestConfig> {
    const ticket = ticketOf(config)
    if (ticket && ticket.stage !== 'expected') return config
    forgetTicket(config)
    const session = concerned(config)
    if (!session) return makeBody(config)
    const { events } = session
    const startedAt = ticket?.startedAt ?? startOf(config)
    if (events.has('queued')) events.emit('queued', { ...summaryOf(config), because: 'token' })
    const released = (): void => {
      if (events.has('released')) events.emit('released', summaryOf(config))
    }
    return waitFor(session.acquire(!isReplayable(config)), config, startedAt, environment).then(
      (held) => {
        released()
        return attach(config, session, held, startedAt)
      },
      (error: unknown) => {
        released()
        throw requestError(error, config)
      },
    )
  }

  return [
    { fulfilled: authorizeLater, rejected: rethrow, synchronous: false, runWhen: mustWait },
    { fulfilled: authorizeNow, rejected: rethrow, synchronous: true },
  ]
}
