import { ChangeListeners, type ChangeListener } from '../change-listeners.js'
import type { RedisClient } from './client.js'

/** The members for listening that `redis` and `ioredis` have; each client has some of the optional ones. */
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

/** `redis` needs to be connected, and takes a listener for each subscription; `ioredis` does neither. */
const isNodeRedis = (subscriber: Subscriber): boolean => typeof subscriber.isOpen === 'boolean'

/** How long to wait before a subscriber that has ended is replaced, in milliseconds. */
const REOPEN_AFTER = 1000

/**
 * One connection that listens for all stores of one client. It opens for the first listener and closes after the last one. The client reconnects by
 * itself and restores the subscriptions; once it has given up, a new connection replaces it.
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

  /** Calls `listener` with each message; returns its own undo. */
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

  /** Returns whether the channel has a listener already, so that one more costs no command. */
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
      // The subscriber was closed already.
    }
  }

  #open(): void {
    let subscriber: Subscriber
    try {
      subscriber = this.#create()
    } catch {
      return this.#reopenLater()
    }
    this.#subscriber = subscriber
    let wasReady = false
    const onEnd = (): void => {
      if (this.#subscriber === subscriber) this.#reopenLater()
    }
    subscriber.on('error', () => subscriber.isOpen === false && onEnd())
    subscriber.on('end', onEnd)
    subscriber.on('ready', () => {
      if (wasReady && this.#subscriber === subscriber) this.#resume(subscriber)
      wasReady = true
    })
    // ioredis passes the messages of all channels to this listener; redis has one for each subscription.
    subscriber.on('message', ((channel: string, message: string) => this.#listeners.notify(channel, message)) as never)
    if (subscriber.connect && subscriber.isOpen === false) {
      subscriber.connect().catch(onEnd)
      subscriber.unref?.()
    }
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
    // Messages sent before the subscription was in place are lost.
    subscribed.then(() => this.#listeners.notify(channel, undefined)).catch(noop)
  }

  /** After a reconnect every listener reads again, since messages sent meanwhile are lost. */
  #resume(subscriber: Subscriber): void {
    for (const channel of this.#listeners.topics) {
      // redis restores its subscriptions before it is ready, ioredis afterwards.
      const subscribed = isNodeRedis(subscriber) ? Promise.resolve() : subscriber.subscribe(channel)
      subscribed.then(() => this.#listeners.notify(channel, undefined)).catch(noop)
    }
  }
}

const byClient = new WeakMap<object, ChangeChannel>()

/** Returns the channel of a client, or of the subscriber that was given; `undefined` where no second connection can be made. */
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
  // Closing the client closes the connection that was duplicated from it.
  if (given === undefined) client.on?.('end', () => channel.close())
  return channel
}

export type { ChangeChannel }
