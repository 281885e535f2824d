import { OAuthError } from '../../errors.js'
import type { PostgresClient, PostgresPool, PostgresResult } from './pool.js'

const noop = (): void => undefined

/** How often the connection is asked whether it is still there, in milliseconds. Two questions without an answer mean that it isn't. */
const HEARTBEAT = 3000
/** How often it is looked whether the application ends the pool, in milliseconds: the pool waits for its last connection, and doesn't say so. */
const LOOK_AFTER_POOL = 200
/** How long a connection that nobody uses is kept, in milliseconds. */
const LINGER = 2000
/** How often the listening is tried again while the server is away, in milliseconds. */
const LISTEN_AGAIN_AFTER = 500

/** The channel of all notices: PostgreSQL delivers them within one database. */
export const CHANNEL = 'axios_attach_oauth'

/**
 * The server frees what a connection holds as soon as it sees that the other side has gone: with these it looks within about 20 s also where a machine has lost its
 * power. And no limit that is meant for others ends a connection that waits for a token endpoint. A server that doesn't know one of them does without.
 */
const settings: readonly (readonly [string, string])[] = [
  ['tcp_keepalives_idle', '10'],
  ['tcp_keepalives_interval', '3'],
  ['tcp_keepalives_count', '3'],
  ['idle_session_timeout', '0'],
  ['statement_timeout', '10000'],
]

/** A connection out of the pool, for as long as it lives. */
export class Connection {
  readonly #client: PostgresClient
  readonly #lost = new AbortController()
  readonly #ticking: ReturnType<typeof setInterval>
  #unanswered = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: PostgresClient, onNotice: (payload: string) => void, onTick: () => void) {
    this.#client = client
    client.on('error', this.#onError)
    client.on('end', this.#onError)
    client.on('notification', ((notice: { channel?: string; payload?: string }) => {
      if (notice.channel === CHANNEL) onNotice(notice.payload ?? '')
    }) as never)
    let ticks = 0
    this.#ticking = setInterval(() => {
      if (++ticks % (HEARTBEAT / LOOK_AFTER_POOL) === 0) this.#beat()
      onTick()
    }, LOOK_AFTER_POOL)
    this.#ticking.unref?.()
  }

  /** Aborted when the connection has ended, whoever ended it. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** One question at a time, in the order in which they came. */
  query(text: string, values?: unknown[]): Promise<PostgresResult> {
    const result = this.#last.then(() => this.#client.query(text, values))
    this.#last = result.catch(noop)
    return result
  }

  /** Does it keep the process alive? */
  keepAlive(keep: boolean): void {
    if (this.lost.aborted) return
    if (keep) this.#client.ref?.()
    else this.#client.unref?.()
  }

  /** Ends it. It is not given back: it has settings and locks of its own. */
  close(reason: string): void {
    if (this.lost.aborted) return
    clearInterval(this.#ticking)
    this.#lost.abort(new OAuthError('OAUTH_STORE_FAILED', `${reason}, and the locks of the token stores with it.`))
    try {
      this.#client.release(true)
    } catch {
      // It was released already.
    }
  }

  // It stays: a connection that has ended may complain more than once.
  readonly #onError = (): void => this.close('The connection to PostgreSQL has ended')

  #beat(): void {
    // A process that was stopped itself finds one question unanswered, and the answer right after it.
    if (this.#unanswered >= 2) return this.close('The connection to PostgreSQL does not answer: it was ended')
    this.#unanswered++
    this.query('SELECT 1').then(() => (this.#unanswered = 0), noop)
  }
}

/** Gets the payload of a notice, or nothing after a time in which notices may have been missed. */
export type NoticeListener = (payload: string | undefined) => void

/**
 * The one connection that all stores of a pool share for locks and for listening: any number of users take one connection out of the pool, and not
 * one each. It is opened at the first need and closed when nobody needs it any longer.
 */
export class SharedConnection {
  static readonly #byPool = new WeakMap<PostgresPool, SharedConnection>()

  static of(pool: PostgresPool): SharedConnection {
    const present = SharedConnection.#byPool.get(pool)
    if (present) return present
    const shared = new SharedConnection(pool)
    SharedConnection.#byPool.set(pool, shared)
    return shared
  }

  readonly #pool: PostgresPool
  readonly #listeners = new Set<NoticeListener>()
  /** Within this process the locks of one connection don't keep anybody out: here is who goes first. */
  readonly turns = new Map<string, Promise<unknown>>()
  #present: Promise<Connection> | undefined
  #open: Connection | undefined
  #users = 0
  #closing: ReturnType<typeof setTimeout> | undefined
  #relistening: ReturnType<typeof setTimeout> | undefined

  private constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  /** Runs `work` with a way to get the connection; a new one, where the last has ended. */
  async use<Result>(work: (connection: () => Promise<Connection>) => Promise<Result>): Promise<Result> {
    this.#users++
    clearTimeout(this.#closing)
    this.#open?.keepAlive(true)
    try {
      return await work(() => this.#get())
    } finally {
      this.#users--
      this.#rest()
    }
  }

  /** Is anybody listening already, so that one more costs nothing? */
  get listening(): boolean {
    return this.#listeners.size > 0
  }

  /** Calls `listener` with each notice; returns its own undo. */
  listen(listener: NoticeListener): () => void {
    // An entry of its own, so that one function may listen twice.
    const entry: NoticeListener = (payload) => listener(payload)
    this.#listeners.add(entry)
    if (this.#listeners.size === 1) void this.#startListening()
    return () => {
      if (!this.#listeners.delete(entry) || this.#listeners.size > 0) return
      clearTimeout(this.#relistening)
      this.#relistening = undefined
      this.#open?.query(`UNLISTEN ${CHANNEL}`).catch(noop)
      this.#rest()
    }
  }

  async #startListening(): Promise<void> {
    const connection = await this.#get().catch(noop)
    if (!connection) this.#listenAgain()
    else if (this.listening) await this.#listenOn(connection)
    this.#rest()
  }

  async #listenOn(connection: Connection): Promise<void> {
    await connection.query(`LISTEN ${CHANNEL}`).catch(noop)
    // What happened before it was in place, nobody can tell: everybody looks.
    this.#tell(undefined)
  }

  #listenAgain(): void {
    if (!this.listening || this.#relistening || this.#pool.ending) return
    this.#relistening = setTimeout(() => {
      this.#relistening = undefined
      if (this.listening) void this.#startListening()
    }, LISTEN_AGAIN_AFTER)
    this.#relistening.unref?.()
  }

  #tell(payload: string | undefined): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(payload)
      } catch {
        // Who listens changes nothing.
      }
    }
  }

  #get(): Promise<Connection> {
    if (this.#present) return this.#present
    const opening = this.#connect()
    this.#present = opening
    opening.catch(() => {
      if (this.#present === opening) this.#present = undefined
    })
    return opening
  }

  async #connect(): Promise<Connection> {
    const client = await this.#pool.connect()
    const connection = new Connection(
      client,
      (payload) => this.#tell(payload),
      () => this.#pool.ending && this.#users === 0 && this.#close(),
    )
    connection.lost.addEventListener('abort', () => {
      if (this.#open === connection) this.#forget()
    })
    this.#open = connection
    for (const [name, value] of settings) connection.query('SELECT set_config($1, $2, false)', [name, value]).catch(noop)
    if (connection.lost.aborted) this.#forget()
    return connection
  }

  #forget(): void {
    this.#open = undefined
    this.#present = undefined
    this.#listenAgain()
  }

  /** Nobody waits for anything: the connection keeps no process alive, and unless somebody listens, it is closed soon. */
  #rest(): void {
    if (this.#users > 0) return
    this.#open?.keepAlive(false)
    if (this.#pool.ending) return this.#close()
    if (this.listening) return
    clearTimeout(this.#closing)
    this.#closing = setTimeout(() => {
      if (this.#users === 0 && !this.listening) this.#close()
    }, LINGER)
    this.#closing.unref?.()
  }

  #close(): void {
    const connection = this.#open
    this.#open = undefined
    this.#present = undefined
    connection?.close('The connection to PostgreSQL was no longer needed: it was ended')
  }
}
