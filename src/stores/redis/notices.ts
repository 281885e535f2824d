import type { RedisClient } from './client.js'

/** What `redis` and `ioredis` give for listening; each has its own half of it. */
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

/** Gets the text of a notice, or nothing after a time in which notices may have been missed. */
export type NoticeListener = (message: string | undefined) => void

const noop = (): void => undefined

/** They differ: `redis` wants to be connected, and a listener for each subscription. */
const isNodeRedis = (subscriber: Subscriber): boolean => typeof subscriber.isOpen === 'boolean'

/** How long a subscriber that was closed for good is left alone, in milliseconds. */
const OPEN_AGAIN_AFTER = 1000

/**
 * One connection that listens for all stores of one client. It is opened for the first listener and closed after the last one; the client's own
 * reconnecting brings the subscriptions back, and when it has given up, the connection is made anew.
 */
class Notices {
  readonly #make: () => Subscriber
  readonly #isOwn: boolean
  readonly #listeners = new Map<string, Set<NoticeListener>>()
  #subscriber: Subscriber | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(make: () => Subscriber, isOwn: boolean) {
    this.#make = make
    this.#isOwn = isOwn
  }

  /** Calls `listener` with each notice; returns its own undo. */
  listen(channel: string, listener: NoticeListener): () => void {
    // An entry of its own, so that one function may listen twice.
    const entry: NoticeListener = (message) => listener(message)
    const present = this.#listeners.get(channel)
    if (present) present.add(entry)
    else {
      this.#listeners.set(channel, new Set([entry]))
      if (this.#subscriber) this.#subscribe(this.#subscriber, channel)
      else if (!this.#timer) this.#open()
    }
    return () => this.#leave(channel, entry)
  }

  /** Is anybody listening already, so that one more costs nothing? */
  hears(channel: string): boolean {
    return this.#listeners.has(channel)
  }

  #leave(channel: string, entry: NoticeListener): void {
    const listeners = this.#listeners.get(channel)
    if (!listeners?.delete(entry) || listeners.size > 0) return
    this.#listeners.delete(channel)
    if (this.#listeners.size === 0) return this.close()
    this.#subscriber?.unsubscribe(channel).catch(noop)
  }

  /** Ends the connection; the listeners stay, and a new one brings it back. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    if (!subscriber) return
    if (!this.#isOwn) {
      for (const channel of this.#listeners.keys()) subscriber.unsubscribe(channel).catch(noop)
      return
    }
    try {
      if (subscriber.destroy) subscriber.destroy()
      else subscriber.disconnect?.()
    } catch {
      // It was closed already.
    }
  }

  #open(): void {
    let subscriber: Subscriber
    try {
      subscriber = this.#make()
    } catch {
      return this.#openLater()
    }
    this.#subscriber = subscriber
    let wasReady = false
    const closedForGood = (): void => {
      if (this.#subscriber === subscriber) this.#openLater()
    }
    subscriber.on('error', () => subscriber.isOpen === false && closedForGood())
    subscriber.on('end', closedForGood)
    subscriber.on('ready', () => {
      if (wasReady && this.#subscriber === subscriber) this.#resume(subscriber)
      wasReady = true
    })
    // ioredis hands all messages to one listener; redis has one for each subscription.
    subscriber.on('message', ((channel: string, message: string) => this.#tell(channel, message)) as never)
    if (subscriber.connect && subscriber.isOpen === false) {
      subscriber.connect().catch(closedForGood)
      subscriber.unref?.()
    }
    for (const channel of this.#listeners.keys()) this.#subscribe(subscriber, channel)
  }

  #openLater(): void {
    this.close()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#listeners.size > 0) this.#open()
    }, OPEN_AGAIN_AFTER)
    this.#timer.unref?.()
  }

  #subscribe(subscriber: Subscriber, channel: string): void {
    const subscribed = isNodeRedis(subscriber)
      ? subscriber.subscribe(channel, (message) => this.#tell(channel, message))
      : subscriber.subscribe(channel)
    // What happened before it was in place, nobody can tell.
    subscribed.then(() => this.#tell(channel, undefined)).catch(noop)
  }

  /** What was missed while the connection was away, nobody can tell: everybody looks again. */
  #resume(subscriber: Subscriber): void {
    for (const channel of this.#listeners.keys()) {
      // redis has brought them back before it is ready, ioredis does so afterwards.
      const subscribed = isNodeRedis(subscriber) ? Promise.resolve() : subscriber.subscribe(channel)
      subscribed.then(() => this.#tell(channel, undefined)).catch(noop)
    }
  }

  #tell(channel: string, message: string | undefined): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
      try {
        listener(message)
      } catch {
        // Who listens changes nothing.
      }
    }
  }
}

const byClient = new WeakMap<object, Notices>()

/** The notices of a client, or of the subscriber that was given; `undefined` where there is no second connection to be had. */
export function noticesOf(client: RedisClient, given: unknown): Notices | undefined {
  if (given === false) return undefined
  if (given !== undefined) {
    if (typeof (given as Subscriber | null)?.subscribe !== 'function')
      throw new TypeError('redisStore: subscriber must be a client of its own that listens, or false')
  } else if (typeof client.duplicate !== 'function') return undefined
  const owner = (given ?? client) as object
  const present = byClient.get(owner)
  if (present) return present
  const notices = new Notices(() => (given ?? client.duplicate?.()) as Subscriber, given === undefined)
  byClient.set(owner, notices)
  // Whoever closes the client means the store's second connection too.
  if (given === undefined) client.on?.('end', () => notices.close())
  return notices
}

export type { Notices }
