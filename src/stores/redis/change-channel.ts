import { ChangeListeners, type ChangeListener } from '../change-listeners.js'
import type { RedisClient } from './client.js'

/** The members with which `redis` and `ioredis` listen; each client has some of the optional ones. */
interface Subscriber {
  on(event: string, listener: (...args: never[]) => void): unknown
  connect?(): Promise<unknown>
  subscribe(channel: string, listener?: (message: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  destroy?(): unknown
  disconnect?(): unknown
  unref?(): unknown
  readonly isOpen?: boolean
}

const noop = (): void => undefined

/** `redis` must be connected and takes a listener for each subscription, unlike `ioredis`. */
const isNodeRedis = (subscriber: Subscriber): boolean => typeof subscriber.isOpen === 'boolean'

/** The delay before a closed subscriber is replaced, in milliseconds. */
const REOPEN_AFTER = 1000

/**
 * The connection that listens for all stores of one client. Opens for the first listener and closes after the last one. The
 * client itself reconnects and restores the subscriptions; when it gives up, a new connection replaces it.
 */
class ChangeChannel {
  readonly #create: () => Subscriber
  readonly #isOwn: boolean
  readonly #listeners = new ChangeListeners()
  #subscriber: Subscriber | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(create: () => Subscriber, isOwn: boolean) {
    this.#create = create
    this.#isOwn = isOwn
  }

  /** Calls `listener` with each message; returns the undo. */
  listen(channel: string, listener: ChangeListener): () => void {
    const isFirst = !this.#listeners.has(channel)
    const remove = this.#listeners.add(channel, listener)
    if (isFirst) {
      if (this.#subscriber) this.#subscribe(this.#subscriber, channel)
      else if (!this.#timer) this.#open()
    }
    return () => {
      if (!remove()) return
      if (this.#listeners.isEmpty) return this.close()
      this.#subscriber?.unsubscribe(channel).catch(noop)
    }
  }

  /** Returns whether the channel already has a listener, so that another needs no command. */
  hasListener(channel: string): boolean {
    return this.#listeners.has(channel)
  }

  /** Ends the connection. The listeners stay: the next connection restores their subscriptions. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    if (!subscriber) return
    if (!this.#isOwn) {
      for (const channel of this.#listeners.topics) subscriber.unsubscribe(channel).catch(noop)
      return
    }
    try {
      if (subscriber.destroy) subscriber.destroy()
      else subscriber.disconnect?.()
    } catch {
      // The subscriber has already been closed.
    }
  }

  /** Opens a connection if there are listeners and none is open. */
  reopen(): void {
    if (!this.#subscriber && !this.#timer && !this.#listeners.isEmpty) this.#open()
  }

  #open(): void {
    let subscriber: Subscriber
    try {
      subscriber = this.#create()
    } catch {
      return this.#reopenLater()
    }
    this.#subscriber = subscriber
    let state: 'new' | 'ready' | 'ended' = 'new'
    const onEnd = (): void => {
      if (this.#subscriber !== subscriber) return
      // The application connects its own subscriber again, if it wants to.
      if (this.#isOwn) this.#reopenLater()
      else state = 'ended'
    }
    subscriber.on('error', () => subscriber.isOpen === false && onEnd())
    subscriber.on('end', onEnd)
    subscriber.on('ready', () => {
      // Of no effect before the connection exists.
      if (this.#isOwn) subscriber.unref?.()
      if (state !== 'new' && this.#subscriber === subscriber) this.#resume(subscriber, state === 'ended')
      state = 'ready'
    })
    // ioredis passes the messages of all channels to this listener; redis has one for each subscription.
    subscriber.on('message', ((channel: string, message: string) => this.#listeners.notify(channel, message)) as never)
    if (subscriber.connect && subscriber.isOpen === false) subscriber.connect().catch(onEnd)
    for (const channel of this.#listeners.topics) this.#subscribe(subscriber, channel)
  }

  #reopenLater(): void {
    this.close()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#listeners.isEmpty) this.#open()
    }, REOPEN_AFTER)
    this.#timer.unref?.()
  }

  #subscribe(subscriber: Subscriber, channel: string): void {
    const subscribed = isNodeRedis(subscriber)
      ? subscriber.subscribe(channel, (message) => this.#listeners.notify(channel, message))
      : subscriber.subscribe(channel)
    // Messages sent before the subscription took effect are lost.
    subscribed.then(() => this.#listeners.notify(channel, undefined)).catch(noop)
  }

  /** Makes every listener read again after a reconnect, since messages sent meanwhile are lost. */
  #resume(subscriber: Subscriber, wasClosed: boolean): void {
    for (const channel of this.#listeners.topics) {
      if (wasClosed) {
        this.#subscribe(subscriber, channel)
        continue
      }
      // redis restores its subscriptions before it is ready, ioredis afterwards.
      const subscribed = isNodeRedis(subscriber) ? Promise.resolve() : subscriber.subscribe(channel)
      subscribed.then(() => this.#listeners.notify(channel, undefined)).catch(noop)
    }
  }
}

const byClient = new WeakMap<object, ChangeChannel>()

/** Returns the channel of a client, or of the given subscriber; `undefined` if no second connection can be made. */
export function changeChannelOf(client: RedisClient, given: unknown): ChangeChannel | undefined {
  if (given === false) return undefined
  if (given !== undefined) {
    if (typeof (given as Subscriber | null)?.subscribe !== 'function')
      throw new TypeError('redisStore: subscriber must be a client that is used for listening alone, or false')
  } else if (typeof client.duplicate !== 'function') return undefined
  const owner = (given ?? client) as object
  const present = byClient.get(owner)
  if (present) return present
  const channel = new ChangeChannel(() => (given ?? client.duplicate?.()) as Subscriber, given === undefined)
  byClient.set(owner, channel)
  if (given === undefined) {
    // Closing the client closes its duplicate, and connecting it again opens another one.
    client.on?.('end', () => channel.close())
    client.on?.('ready', () => channel.reopen())
  }
  return channel
}

export type { ChangeChannel }
