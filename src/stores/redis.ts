import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import type { EncryptionOptions } from './encryption.js'
import { createCodec } from './record.js'
import { commandsOf, type RedisClient } from './redis/client.js'
import { isOutage, redisFailure } from './redis/failure.js'
import { Lease } from './redis/lease.js'
import { noticesOf } from './redis/notices.js'
import { runScript, scripts } from './redis/scripts.js'
import { OUTAGE, Pauses, settledWithin, throughOutage, untilAborted } from './waiting.js'

export type { EncryptionOptions } from './encryption.js'
export type { IORedisClient, NodeRedisClient, RedisClient } from './redis/client.js'

/** The options of `redisStore`. Times are milliseconds. */
export interface RedisStoreOptions {
  /** The Redis key of this session, such as `oauth:alice`: one for each user. */
  readonly key: string
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
  /**
   * How long the lock lasts without being renewed, which happens at every third of it: a holder that has died holds up the others that long.
   * Longer than any pause of a process that is alive. Default: 5,000.
   */
  readonly lease?: number
  /** Removes the record when it was not written for so long. Default: never. */
  readonly expireAfter?: number
  /** Encrypts the record. Default: it is stored as JSON. */
  readonly encryption?: EncryptionOptions
  /**
   * The client that listens for changes made elsewhere: connected, used for nothing else, and yours to close. `false`: changes are seen at the next need.
   * Default: one `client.duplicate()`, shared by all stores of this client and closed after the last one.
   */
  readonly subscriber?: object | false
}

/** How long the release of the lock is waited for, in milliseconds. Without an answer the lease ends by itself. */
const RELEASE_WITHIN = 1000

function milliseconds(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value >= 1 && value < 2 ** 31))
    throw new TypeError(`redisStore: ${name} must be a number of milliseconds from 1`)
  return Math.round(value)
}

/**
 * Keeps the token set in Redis (6 or newer, or Valkey) under one key, for any number of processes and machines: one lock with a lease, compare and
 * set, and notices of changes. The client is your own, of `redis` or `ioredis`. A store is light: make one for each user.
 *
 * Throws a `TypeError` that names the option; requests reject with `OAUTH_STORE_FAILED`, which names the key and never the content.
 *
 * @example
 * const client = await createClient({ url: process.env.REDIS_URL }).connect()
 * attachOAuth(api, redisStore(client, { key: `oauth:${userId}`, refresh: refreshToken({ tokenEndpoint, clientId }) }))
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions): SharedTokenStore {
  const { key, refresh, encryption } = options ?? {}
  if (typeof key !== 'string' || key === '') throw new TypeError('redisStore: key must be the name of a Redis key')
  const length = milliseconds(options.lease ?? 5000, 'lease')
  const lifetime = options.expireAfter === undefined ? '' : String(milliseconds(options.expireAfter, 'expireAfter'))
  const send = commandsOf(client)
  const notices = noticesOf(client, options.subscriber)
  const name = `redis ${key}`
  const codec = createCodec(name, key, 'redisStore', encryption)
  const channel = `axios-attach-oauth:${key}`
  /** Our own notices are no news to us. */
  const origin = globalThis.crypto.randomUUID()
  let held: Lease | undefined

  const failed = (verb: string) => (cause: unknown) => {
    throw redisFailure(name, verb, cause)
  }

  /** While we hold the lock, a server that restarts is waited for: as long as the lease may last, nobody else goes on. */
  const steadily = <Result>(ask: () => Promise<Result>): Promise<Result> => (held ? throughOutage(length, ask, isOutage) : ask())

  /** The record as it lies there; '' when there is none. */
  async function readText(): Promise<string> {
    const text = await steadily(() => send('HGET', key, 'tokens')).catch(failed('read'))
    return text === null || text === undefined ? '' : String(text)
  }

  async function read(): Promise<TokenJSON | undefined> {
    const text = await readText()
    const tokens = text === '' ? undefined : await codec.decode(text)
    // As late as can be: the process may have been stopped while it waited for the server, or for the decryption.
    held?.check()
    return tokens
  }

  /** Asks for the lock once; a server that restarts is waited for. */
  async function acquire(owner: string, signal: AbortSignal): Promise<Lease | undefined> {
    let since = 0
    const ask = (): Promise<unknown> => {
      since = performance.now()
      return runScript(send, scripts.acquire, key, [owner, String(length)])
    }
    const fence = await throughOutage(OUTAGE, ask, (error) => !signal.aborted && isOutage(error)).catch(failed('locked'))
    if (fence === null || fence === undefined || fence === false) return undefined
    const renew = async (): Promise<boolean> => Number(await runScript(send, scripts.renew, key, [owner, String(length)])) === 1
    return new Lease(String(fence), name, since, length, renew)
  }

  function release(owner: string): Promise<unknown> {
    return runScript(send, scripts.release, key, [owner, channel, 'free'])
  }

  /** Waits for the lock. What comes after the waiting has ended is given back. */
  async function waitForLease(owner: string, signal: AbortSignal): Promise<Lease> {
    const pauses = new Pauses()
    const wake = (message: string | undefined): void => {
      if (message === undefined || message === 'free') pauses.wake()
    }
    const stopListening = notices?.hears(channel) ? notices.listen(channel, wake) : undefined
    try {
      for (;;) {
        signal.throwIfAborted()
        pauses.trying()
        const asked = acquire(owner, signal)
        const lease = await untilAborted(asked, signal).catch((error: unknown) => {
          asked
            .then((late) => {
              late?.end()
              return late && release(owner)
            })
            .catch(() => undefined)
          throw error
        })
        if (lease) return lease
        await pauses.next(signal)
      }
    } finally {
      stopListening?.()
    }
  }

  return sharedStore({
    name,
    read,
    async write(tokens, { mode, replacing }) {
      let expected = '*'
      if (mode === 'replace') {
        expected = await readText()
        const present = expected === '' ? undefined : await codec.decode(expected)
        if (!sameTokens(present, replacing)) return false
      }
      const text = tokens ? await codec.encode(tokens) : ''
      const args = [expected, text, held?.fence ?? '', lifetime, channel, `changed ${origin}`]
      const stored = await steadily(() => runScript(send, scripts.write, key, args)).catch(failed('written'))
      return Number(stored) === 1
    },
    async lock(run, signal) {
      const owner = globalThis.crypto.randomUUID()
      const lease = await waitForLease(owner, signal)
      held = lease
      try {
        return await run(lease.lost)
      } finally {
        lease.end()
        if (held === lease) held = undefined
        await settledWithin(RELEASE_WITHIN, release(owner))
      }
    },
    ...(notices && {
      subscribe: (listener: () => void) =>
        notices.listen(channel, (message) => {
          if (message === undefined || (message.startsWith('changed') && !message.endsWith(origin))) listener()
        }),
    }),
    ...(refresh && { refresh }),
  })
}
