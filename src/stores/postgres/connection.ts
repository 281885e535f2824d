import { OAuthError } from '../../errors.js'
import { isOutage, isServerError } from './failure.js'
import type { StoreClient } from './open-client.js'
import type { PostgresResult } from './pool.js'
import { StatementQueue, type Priority, type WaitingStatement } from './statement-queue.js'

const noop = (): void => undefined

/** The interval between checks of the connection, in milliseconds. */
const HEARTBEAT = 3000
/** The number of consecutive intervals without any answer after which the connection counts as dead. */
const SILENT_INTERVALS = 2
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
  // A statement blocked by another transaction gives way to the statements of other users, and is sent again.
  ['lock_timeout', '20'],
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
  readonly #queue = new StatementQueue()
  /** A statement has been sent and its answer has not arrived. */
  #busy = false
  /** An answer has arrived since the last check. */
  #answered = true
  #silentIntervals = 0

  constructor(client: StoreClient, { onNotification, onTick }: ConnectionEvents) {
    this.#client = client
    client.on('error', this.#onEnd)
    client.on('end', this.#onEnd)
    client.on('notification', ((notification: { channel?: string; payload?: string }) => {
      if (notification.channel === CHANNEL) onNotification(notification.payload ?? '')
    }) as never)
    let ticks = 0
    this.#ticking = setInterval(() => {
      if (++ticks % (HEARTBEAT / TICK) === 0) this.#checkAlive()
      onTick()
    }, TICK)
    this.#ticking.unref?.()
    for (const [name, value] of settings) this.query('SELECT set_config($1, $2, false)', [name, value]).catch(noop)
  }

  /** Aborted when the connection has ended, for any reason. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Runs one statement at a time, by priority and in the order of the calls. */
  query(text: string, values?: unknown[], priority: Priority = 'lock'): Promise<PostgresResult> {
    return new Promise((resolve, reject) => {
      this.#queue.add(priority, { text, values, resolve, reject })
      this.#sendNext()
    })
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
    this.#sendNext()
  }

  // Never removed: a connection may report its end more than once.
  readonly #onEnd = (): void => this.close('The connection to PostgreSQL has ended')

  #sendNext(): void {
    if (this.lost.aborted) {
      for (let next = this.#queue.take(); next; next = this.#queue.take()) next.reject(new Error('Connection terminated'))
    } else if (!this.#busy) {
      const next = this.#queue.take()
      if (next) void this.#send(next)
    }
  }

  async #send({ text, values, resolve, reject }: WaitingStatement): Promise<void> {
    this.#busy = true
    try {
      const result = await this.#client.query(text, values)
      this.#answered = true
      resolve(result)
    } catch (error) {
      if (isServerError(error)) this.#answered = true
      if (isOutage(error)) this.#onEnd()
      reject(error)
    }
    this.#busy = false
    this.#sendNext()
  }

  /** Ends a connection without any answer, to a probe or to another statement. A busy connection needs no probe. */
  #checkAlive(): void {
    // A process that was itself suspended finds one interval silent and gets the answer right afterwards.
    this.#silentIntervals = this.#answered ? 0 : this.#silentIntervals + 1
    if (this.#silentIntervals >= SILENT_INTERVALS) return this.close('The connection to PostgreSQL does not answer and was ended')
    this.#answered = false
    if (!this.#busy) this.query('SELECT 1', undefined, 'keepalive').catch(noop)
  }
}
