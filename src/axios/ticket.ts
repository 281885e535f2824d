import type { InternalAxiosRequestConfig } from 'axios'
import type { Held } from '../session/state.js'
import type { Session } from '../session/session.js'

/** The member of a config that holds the ticket: a string, since axios loses symbols on the way before 1.19. */
const key = 'axios-attach-oauth'

/**
 * `expected`: the asynchronous interceptor will see to it. `unplaced`: let through unjudged, since others change it after us. `own`: a request of the
 * refresh function, none of our business.
 */
export type Stage = 'expected' | 'unplaced' | 'own' | 'sent'

/**
 * What the package knows about a request that it has let through. It rides on the config because copies of that are made on the way; its
 * fields are private, so that it shows in no JSON and no log.
 */
export class Ticket {
  readonly #session: Session
  readonly #held: Held | undefined
  readonly #startedAt: number
  readonly #stage: Stage

  constructor(session: Session, held: Held | undefined, startedAt: number, stage: Stage) {
    this.#session = session
    this.#held = held
    this.#startedAt = startedAt
    this.#stage = stage
  }

  get session(): Session {
    return this.#session
  }

  /** The token that it was sent with; `undefined` when nobody was signed in. */
  get held(): Held | undefined {
    return this.#held
  }

  /** When the request came in, on the monotonic clock; only where it has a time limit. */
  get startedAt(): number {
    return this.#startedAt
  }

  get stage(): Stage {
    return this.#stage
  }

  toJSON(): undefined {
    return undefined
  }
}

type Carrier = InternalAxiosRequestConfig & { [key]?: unknown }

export function ticketOf(config: unknown): Ticket | undefined {
  const ticket = (config as Carrier | undefined)?.[key]
  return ticket instanceof Ticket ? ticket : undefined
}

export function putTicket(config: InternalAxiosRequestConfig, ticket: Ticket): void {
  ;(config as Carrier)[key] = ticket
}

/**
 * Takes the ticket of an earlier round off a config that comes back (`api.request(response.config)`), and the header that went with it: it
 * is not the caller's own, and its token may be an old one.
 */
export function forgetTicket(config: InternalAxiosRequestConfig): void {
  const ticket = ticketOf(config)
  if (!ticket) return
  delete (config as Carrier)[key]
  const name = authorizationName(config)
  if (name !== undefined && config.headers[name] === ticket.held?.authorization) delete config.headers[name]
}

/** Under which name the headers hold an authorization, whoever put it there. Looking is cheaper than `headers.has`. */
export function authorizationName({ headers }: InternalAxiosRequestConfig): string | undefined {
  for (const name in headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization' && headers[name] !== undefined) return name
  }
  return undefined
}
