import { aFunction, checkedElsewhere, checkOptions } from '../check-options.js'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import { oncePerTurn } from './change-listeners.js'
import type { EncryptionOptions } from './encryption.js'
import { checkKey, printable } from './key.js'
import { OUTAGE_LIMIT, retryFor, settledWithin } from './lock-wait.js'
import { changeChannelOf } from './redis/change-channel.js'
import { addressOf, commandsOf, type RedisClient } from './redis/client.js'
import { isOutage, redisFailure } from './redis/failure.js'
import { waitForLease } from './redis/lease-wait.js'
import { Lease } from './redis/lease.js'
import { runScript, scripts } from './redis/scripts.js'
import { createTokenCodec } from './token-codec.js'

export type { EncryptionOptions } from './encryption.js'
export type { IORedisClient, NodeRedisClient, RedisClient } from './redis/client.js'

/** The options of `redisStore`. Times are milliseconds. */
export interface RedisStoreOptions {
  /** The Redis key of this session, such as `oauth:alice`: one for each user. A non-empty string without lone surrogates. */
  readonly key: string
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction | undefined
  /**
   * How long the lock lasts without renewal. The holder renews it after every third of this time; other processes wait this long
   * for the lock of a process that has died. Must be longer than any pause of a running process. Default: 5,000.
   */
  readonly lease?: number | undefined
  /** Removes the record after this time without a write. Default: never. */
  readonly expireAfter?: number | undefined
  /** Encrypts the record. Default: the record is stored as JSON. */
  readonly encryption?: EncryptionOptions | undefined
  /**
   * A connected client that listens for changes made elsewhere. The application uses it for nothing else and closes it. `false`:
   * changes are noticed at the next need. Default: one `client.duplicate()`, shared by all stores of this client and closed when
   * the last of them stops listening.
   */
  readonly subscriber?: object | false | undefined
}

/** How long the release of the lock may take, in milliseconds. Without an answer the lease expires. */
const RELEASE_LIMIT = 1000

const rules = {
  key: checkedElsewhere,
  refresh: aFunction,
  lease: checkedElsewhere,
  expireAfter: checkedElsewhere,
  encryption: checkedElsewhere,
  subscriber: checkedElsewhere,
}

function checkMilliseconds(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value >= 1 && value < 2 ** 31))
    throw new TypeError(`redisStore: ${name} must be a number of milliseconds from 1`)
  return Math.round(value)
}

/**
 * Keeps the token set in Redis (6 or newer, or Valkey) under one key, for any number of processes and machines: a lock with a
 * lease, compare and set, and notifications of changes. The application creates and closes the client of `redis` or `ioredis`.
 * Stores are lightweight: make one for each user.
 *
 * Throws a `TypeError` that names the option. Requests reject with `OAUTH_STORE_FAILED`, whose message names the key and never
 * quotes the content.
 *
 * @example
 * const client = await createClient({ url: process.env.REDIS_URL }).connect()
 * attachOAuth(api, redisStore(client, { key: `oauth:${userId}`, refresh: refreshToken({ tokenEndpoint, clientId }) }))
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions): SharedTokenStore {
  checkOptions('redisStore: ', options ?? {}, rules)
  const { refresh, encryption } = options ?? {}
  const key = checkKey('redisStore', options?.key)
  const length = checkMilliseconds(options.lease ?? 5000, 'lease')
  const lifetime = options.expireAfter === undefined ? '' : String(checkMilliseconds(options.expireAfter, 'expireAfter'))
  const send = commandsOf(client)
  const changes = changeChannelOf(client, options.subscriber)
  const name = `redis ${printable(key)}`
  const location = { key, bound: () => ['redis', ...addressOf(client, key)] as const }
  const codec = createTokenCodec(name, location, 'redisStore', encryption)
  const channel = `axios-attach-oauth:${key}`
  /** Marks this store's own messages, which its listeners skip. */
  const origin = globalThis.crypto.randomUUID()
  let lease: Lease | undefined

  const failed = (verb: string) => (cause: unknown) => {
    throw redisFailure(name, verb, cause)
  }

  const run = (script: keyof typeof scripts, ...args: string[]): Promise<unknown> => runScript(send, scripts[script], key, args)

  /** The lock holder waits for a restarting server, so that the set that it has received is stored: no other process can get the lock before the lease has expired. */
  const steadily = <Result>(attempt: () => Promise<Result>): Promise<Result> =>
    lease ? retryFor(length, attempt, isOutage) : attempt()

  /** The stored text; '' when there is none. */
  async function readText(): Promise<string> {
    const text = await steadily(() => send('HGET', key, 'tokens')).catch(failed('read'))
    return text === null || text === undefined ? '' : String(text)
  }

  /** Requests the lock once; waits for a restarting server. */
  async function acquire(owner: string, signal: AbortSignal): Promise<Lease | undefined> {
    let since = 0
    const request = (): Promise<unknown> => {
      since = performance.now()
      return run('acquire', owner, String(length), lifetime)
    }
    const isTemporary = (error: unknown): boolean => !signal.aborted && isOutage(error)
    const fence = await retryFor(OUTAGE_LIMIT, request, isTemporary).catch(failed('locked'))
    if (fence === null || fence === undefined || fence === false) return undefined
    const renew = async (): Promise<boolean> => Number(await run('renew', owner, String(length))) === 1
    return new Lease(String(fence), name, since, length, renew)
  }

  const release = (owner: string): Promise<unknown> => run('release', owner, channel, 'free')

  /** Listens for the release of the lock, if that needs no further subscription. */
  const onFree = (wake: () => void): (() => void) | undefined =>
    changes?.hasListener(channel)
      ? changes.listen(channel, (message) => (message === undefined || message === 'free') && wake())
      : undefined

  function subscribe(listener: () => void): () => void {
    const { call, cancel } = oncePerTurn(listener)
    const stop = changes?.listen(channel, (message) => {
      if (message === undefined || (message.startsWith('changed') && !message.endsWith(origin))) call()
    })
    return () => {
      cancel()
      stop?.()
    }
  }

  return sharedStore({
    name,
    place: ['redis', client, key],
    async read() {
      const text = await readText()
      const tokens = text === '' ? undefined : await codec.decode(text)
      // As late as possible: the process may have been suspended while it waited for the server or the decryption.
      lease?.check()
      return tokens
    },
    async write(tokens, { mode, replacing }) {
      let expected = '*'
      if (mode === 'replace') {
        expected = await readText()
        const present = expected === '' ? undefined : await codec.decode(expected)
        if (!sameTokens(present, replacing)) return false
      }
      const text = tokens ? await codec.encode(tokens) : ''
      const args = [expected, text, lease?.fence ?? '', lifetime, channel, `changed ${origin}`]
      const stored = await steadily(() => run('write', ...args)).catch(failed('written'))
      return Number(stored) === 1
    },
    async checkWritable(tokens: TokenJSON | undefined) {
      const text = tokens ? await codec.encode(tokens) : ''
      await steadily(() => run('probe', text)).catch(failed('written'))
      lease?.check()
    },
    async lock(work, signal) {
      const owner = globalThis.crypto.randomUUID()
      const mine = await waitForLease({ acquire, release, onFree }, owner, signal)
      lease = mine
      try {
        return await work(mine.lost)
      } finally {
        mine.end()
        if (lease === mine) lease = undefined
        await settledWithin(RELEASE_LIMIT, release(owner))
      }
    },
    ...(changes && { subscribe }),
    ...(refresh && { refresh }),
  })
}
