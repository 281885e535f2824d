import { OAuthError } from '../../errors.js'
import { isOutage } from './failure.js'
import type { StoreClient } from './open-client.js'
import type { PostgresResult } from './pool.js'

const noop = (): void => undefined

/** The interval between probes of the connection, in milliseconds. Two unanswered probes mean a dead connection. */
const HEARTBEAT = 3000
/** The interval of the check whether the application has ended the pool, in milliseconds: pools have no event for that. */
const TICK = 100

/** The channel of all notifications, which PostgreSQL delivers within one database. */
export const CHANNEL = 'axios_attach_oauth'

/**
 * With these settings the server notices within about 20 s that a client machine has lost power, and frees the locks of its
 * connection. They also override limits of the application that would end the connection during a token request. A setting that
 * the server doesn't know is skipped.
 */
const settings: readonly (readonly [string, string])[] = [
  ['tcp_keepalives_idle', '10'],
  ['tcp_keepalives_interval', '3'],
  ['tcp_keepalives_count', '3'],
  ['idle_session_timeout', '0'],
  ['statement_timeout', '10000'],
  // Short enough that a locked row does not look like a dead connection.
  ['lock_timeout', '3000'],
]

/** The callbacks of a connection. */
export interface ConnectionEvents {
  readonly onNotification: (payload: string) => void
  readonly onTick: () => void
}

/** The store's connection, for as long as it lives. */
export class Connection {
  readonly #client: StoreClient
  readonly #lost = new AbortController()
  readonly #ticking: ReturnType<typeof setInterval>
  #unanswered = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: StoreClient, { onNotification, onTick }: ConnectionEvents) {
    this.#client = client
    client.on('error', this.#onEnd)
    client.on('end', this.#onEnd)
    client.on('notification', ((notification: { channel?: string; payload?: string }) => {
      if (notification.channel === CHANNEL) onNotification(notification.payload ?? '')
    }) as never)
    let ticks = 0
    this.#ticking = setInterval(() => {
      if (++ticks % (HEARTBEAT / TICK) === 0) this.#probe()
      onTick()
    }, TICK)
    this.#ticking.unref?.()
    for (const [name, value] of settings) this.query('SELECT set_config($1, $2, false)', [name, value]).catch(noop)
  }

  /** Aborted when the connection has ended, for any reason. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Runs one statement at a time, in the order of the calls. */
  query(text: string, values?: unknown[]): Promise<PostgresResult> {
    const result = this.#last.then(() => this.#client.query(text, values))
    this.#last = result.catch((error: unknown) => {
      if (isOutage(error)) this.#onEnd()
    })
    return result
  }

  /** Sets whether the connection keeps the process alive. */
  keepAlive(keep: boolean): void {
    if (this.lost.aborted) return
    if (keep) this.#client.ref?.()
    else this.#client.unref?.()
  }

  /** Ends the connection, and with it its locks and settings. */
  close(reason: string): void {
    if (this.lost.aborted) return
    clearInterval(this.#ticking)
    this.#lost.abort(new OAuthError('OAUTH_STORE_FAILED', `${reason}, and with it the locks of the token stores.`))
    try {
      this.#client.close()
    } catch {
      // The client has already been closed.
    }
  }

  // Never removed: a connection may report its end more than once.
  readonly #onEnd = (): void => this.close('The connection to PostgreSQL has ended')

  #probe(): void {
    // A process that was itself suspended finds one probe unanswered and gets the answer right afterwards.
    if (this.#unanswered >= 2) return this.close('The connection to PostgreSQL does not answer and was ended')
    this.#unanswered++
    this.query('SELECT 1').then(() => (this.#unanswered = 0), noop)
  }
}
