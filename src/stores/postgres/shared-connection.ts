import { ChangeListeners, type ChangeListener } from '../change-listeners.js'
import { CHANNEL, Connection } from './connection.js'
import { openClient, opensOwnClient } from './open-client.js'
import type { PostgresPool, PostgresResult } from './pool.js'
import type { Priority } from './statement-queue.js'

const noop = (): void => undefined

/** How long an unused connection is kept, in milliseconds. */
const IDLE_LIMIT = 10_000
/** How long an unused connection taken out of the pool is kept, in milliseconds. */
const POOLED_IDLE_LIMIT = 1000
/** The delay before LISTEN is tried again while the server is unreachable, in milliseconds. */
const LISTEN_RETRY_DELAY = 500

/**
 * The connection shared by all stores of a pool, for locks, statements and notifications, so that any number of users needs one
 * connection. Opens at the first need and closes when it is no longer needed.
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
  readonly #idleLimit: number
  readonly #listeners = new ChangeListeners()
  /** The queues of this process, by lock: an advisory lock does not exclude other users of the same connection. */
  readonly queues = new Map<string, Promise<unknown>>()
  #opening: Promise<Connection> | undefined
  #open: Connection | undefined
  #users = 0
  #closing: ReturnType<typeof setTimeout> | undefined
  #listenRetry: ReturnType<typeof setTimeout> | undefined

  private constructor(pool: PostgresPool) {
    this.#pool = pool
    this.#idleLimit = opensOwnClient(pool) ? IDLE_LIMIT : POOLED_IDLE_LIMIT
  }

  /** Runs `work` with a function that returns the connection, or a new one if the last has ended. */
  async use<Result>(work: (connect: () => Promise<Connection>) => Promise<Result>): Promise<Result> {
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

  /** Runs one statement. */
  query(text: string, values: unknown[] | undefined, priority: Priority): Promise<PostgresResult> {
    return this.use(async (connect) => (await connect()).query(text, values, priority))
  }

  /** Returns whether the connection already listens, so that another listener needs no statement. */
  get isListening(): boolean {
    return !this.#listeners.isEmpty
  }

  /** Calls `listener` with each message of a topic; returns the undo. */
  listen(topic: string, listener: ChangeListener): () => void {
    const wasListening = this.isListening
    const remove = this.#listeners.add(topic, listener)
    if (!wasListening) void this.#startListening()
    return () => {
      if (!remove() || this.isListening) return
      clearTimeout(this.#listenRetry)
      this.#listenRetry = undefined
      this.#open?.query(`UNLISTEN ${CHANNEL}`).catch(noop)
      this.#rest()
    }
  }

  async #startListening(): Promise<void> {
    const connection = await this.#get().catch(noop)
    if (!connection) this.#listenLater()
    else if (this.isListening) {
      await connection.query(`LISTEN ${CHANNEL}`).catch(noop)
      // Notifications sent before LISTEN took effect are lost.
      this.#listeners.notifyAll()
    }
    this.#rest()
  }

  #listenLater(): void {
    if (!this.isListening || this.#listenRetry || this.#pool.ending) return
    this.#listenRetry = setTimeout(() => {
      this.#listenRetry = undefined
      if (this.isListening) void this.#startListening()
    }, LISTEN_RETRY_DELAY)
    this.#listenRetry.unref?.()
  }

  /** Delivers a notification. A payload is the topic, a space and the message. */
  #onNotification(payload: string): void {
    const space = payload.indexOf(' ')
    this.#listeners.notify(payload.slice(0, space), payload.slice(space + 1))
  }

  #get(): Promise<Connection> {
    if (this.#opening) return this.#opening
    const opening = this.#connect()
    this.#opening = opening
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined
    })
    return opening
  }

  async #connect(): Promise<Connection> {
    const connection = new Connection(await openClient(this.#pool), {
      onNotification: (payload) => this.#onNotification(payload),
      onTick: () => this.#pool.ending && this.#users === 0 && this.#close(),
    })
    connection.lost.addEventListener('abort', () => {
      if (this.#open === connection) this.#forget()
    })
    this.#open = connection
    return connection
  }

  #forget(): void {
    this.#open = undefined
    this.#opening = undefined
    this.#listenLater()
  }

  /** Called when no work uses the connection: it then keeps no process alive, and closes after a while if it has no listeners. */
  #rest(): void {
    if (this.#users > 0) return
    this.#open?.keepAlive(false)
    if (this.#pool.ending) return this.#close()
    if (this.isListening) return
    clearTimeout(this.#closing)
    this.#closing = setTimeout(() => {
      if (this.#users === 0 && !this.isListening) this.#close()
    }, this.#idleLimit)
    this.#closing.unref?.()
  }

  #close(): void {
    const connection = this.#open
    this.#open = undefined
    this.#opening = undefined
    connection?.close('The connection to PostgreSQL was no longer needed and was ended')
  }
}
