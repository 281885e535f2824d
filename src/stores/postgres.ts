import { createHash } from 'node:crypto'
import { aFunction, checkedElsewhere, checkOptions, flag } from '../check-options.js'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import { oncePerTurn } from './change-listeners.js'
import type { EncryptionOptions } from './encryption.js'
import { checkKey, printable } from './key.js'
import { retryFor } from './lock-wait.js'
import { CHANNEL } from './postgres/connection.js'
import { isOutage, isRowLocked, postgresFailure } from './postgres/failure.js'
import { ROW_LOCK_LIMIT, underLock, type AcquiredLock } from './postgres/lock.js'
import { opensOwnClient } from './postgres/open-client.js'
import type { PostgresPool, PostgresResult, Query } from './postgres/pool.js'
import { SharedConnection } from './postgres/shared-connection.js'
import { quoteTable, statementsFor } from './postgres/table.js'
import { createTokenCodec } from './token-codec.js'

export type { EncryptionOptions } from './encryption.js'
export type { PostgresClient, PostgresPool, PostgresResult } from './postgres/pool.js'
export { postgresSchema } from './postgres/table.js'

/** The options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** The key of this session in the table, such as the id of the user. A non-empty string without lone surrogates and NUL. */
  readonly key: string
  /** The table, created with `postgresSchema(table)`; `schema.table` if it is not on the search path. Default: `oauth_tokens`. */
  readonly table?: string | undefined
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction | undefined
  /** Encrypts the record. Default: the record is stored as JSON. */
  readonly encryption?: EncryptionOptions | undefined
  /**
   * Announces changes with NOTIFY and listens to those of other processes with LISTEN. `false`: changes made elsewhere are
   * noticed at the next need. Use the same setting in all processes that share a table. Default: `true`.
   */
  readonly listen?: boolean | undefined
  /**
   * How long, in milliseconds, a lock holder whose connection has ended may take to store a token set that it has received. Other processes wait this
   * long for the lock of a process that died during a refresh. Default: 5,000.
   */
  readonly grace?: number | undefined
}

const noop = (): void => undefined

interface Row {
  readonly text: string
  readonly version: string
}

const rules = {
  key: checkedElsewhere,
  table: checkedElsewhere,
  refresh: aFunction,
  encryption: checkedElsewhere,
  listen: flag,
  grace: checkedElsewhere,
}

function checkArguments(
  pool: PostgresPool,
  { key, listen, grace }: Omit<PostgresStoreOptions, 'key'> & { key?: unknown },
): string {
  if (typeof pool?.query !== 'function' || typeof pool.connect !== 'function')
    throw new TypeError('postgresStore: pool must be a Pool of the package pg')
  const checked = checkKey('postgresStore', key)
  if (checked.includes('\0')) throw new TypeError('postgresStore: key must not contain NUL')
  if (typeof listen !== 'boolean') throw new TypeError('postgresStore: listen must be true or false')
  if (typeof grace !== 'number' || !(grace >= 0 && grace < 2 ** 31))
    throw new TypeError('postgresStore: grace must be a number of milliseconds from 0')
  if (!opensOwnClient(pool) && pool.options?.max === 1)
    throw new TypeError('postgresStore: pool must be a Pool of the package pg, or have a max of 2 or more')
  return checked
}

/**
 * Keeps the token set in a row of a PostgreSQL table (12 or newer), for any number of processes and machines: an advisory lock
 * that a live holder never loses, compare and set by version, and notifications of changes. The application creates and closes
 * the `Pool` of the package `pg`. Stores are lightweight: make one for each user. All stores of a pool share one connection,
 * which they open beside the pool with the pool's settings.
 *
 * Throws a `TypeError` that names the option. Requests reject with `OAUTH_STORE_FAILED`, whose message names the table and the
 * key and never quotes the content.
 *
 * @example
 * await pool.query(postgresSchema())
 * attachOAuth(api, postgresStore(pool, { key: userId, refresh: refreshToken({ tokenEndpoint, clientId }) }))
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions): SharedTokenStore {
  const { table = 'oauth_tokens', refresh, encryption, listen = true, grace = 5000 } = options ?? {}
  checkOptions('postgresStore: ', options ?? {}, rules)
  const key = checkArguments(pool, { key: options?.key, listen, grace })
  const quoted = quoteTable(table, 'postgresStore')
  const name = `postgres ${table} ${printable(key)}`
  const codec = createTokenCodec(name, { key, bound: () => ['postgres', table, key] }, 'postgresStore', encryption)
  const statements = statementsFor(quoted, listen)
  const shared = SharedConnection.of(pool)
  const digest = createHash('sha256').update(`${quoted}\0${key}`).digest()
  const topic = digest.toString('hex').slice(0, 32)
  /** This store's own messages, which its listeners skip. */
  const changed = `changed ${globalThis.crypto.randomUUID()}`
  let lock: AcquiredLock | undefined

  /** Settles with this store's last statement. */
  let last: Promise<unknown> = Promise.resolve()

  /** Runs the statements of this store in the order of the calls. */
  const query = async (verb: 'read' | 'written', text: string, values: unknown[]): Promise<PostgresResult> => {
    const mine = lock
    // The lock holder waits for a restarting server: no other process can get the lock before `grace` is over.
    const send = mine
      ? () => retryFor(grace, () => mine.query(text, values), isOutage)
      : () => retryFor(ROW_LOCK_LIMIT, () => shared.query(text, values, verb === 'read' ? 'read' : 'write'), isRowLocked)
    const result = last.then(send)
    last = result.catch(noop)
    return result.catch((error: unknown) => {
      throw postgresFailure(name, verb, error)
    })
  }

  async function readRow(): Promise<Row | undefined> {
    const [row] = (await query('read', statements.read, [key])).rows
    return row && { text: String(row.tokens), version: String(row.version) }
  }

  async function replace(tokens: TokenJSON | undefined, replacing: TokenJSON | undefined): Promise<boolean> {
    const row = await readRow()
    if (!sameTokens(row && (await codec.decode(row.text)), replacing)) return false
    const text = tokens && (await codec.encode(tokens))
    if (!row) return text === undefined || change(statements.insert, [key, text])
    if (text === undefined) return change(statements.remove, [key, row.version])
    return change(statements.update, [key, text, row.version, lock?.mark ?? ''])
  }

  async function set(tokens: TokenJSON | undefined): Promise<boolean> {
    if (tokens) await change(statements.set, [key, await codec.encode(tokens)])
    else await change(statements.clear, [key])
    return true
  }

  /** Each statement returns a row when it has changed one. */
  async function change(text: string, values: unknown[]): Promise<boolean> {
    return (await query('written', text, [...values, CHANNEL, `${topic} ${changed}`])).rows.length > 0
  }

  function subscribe(listener: () => void): () => void {
    const { call, cancel } = oncePerTurn(listener)
    const stop = shared.listen(topic, (message) => {
      if (message === undefined || (message.startsWith('changed') && message !== changed)) call()
    })
    return () => {
      cancel()
      stop()
    }
  }

  const lockTarget = {
    shared,
    statements,
    key,
    id: digest.readBigInt64BE().toString(),
    grace,
    onFree: (wake: () => void) =>
      shared.isListening ? shared.listen(topic, (message) => (message === undefined || message === 'free') && wake()) : undefined,
    announce: listen ? (send: Query) => send('SELECT pg_notify($1, $2)', [CHANNEL, `${topic} free`]) : undefined,
  }

  return sharedStore({
    name,
    place: ['postgres', pool, table, key],
    async read() {
      const row = await readRow()
      return row && codec.decode(row.text)
    },
    write(tokens, { mode, replacing }) {
      const written = mode === 'replace' ? replace(tokens, replacing) : set(tokens)
      lock?.keepUntil(written)
      return written
    },
    async checkWritable() {
      await query('written', statements.probe, [key])
    },
    async lock(run, signal) {
      let started = false
      const work = async (mine: AcquiredLock): ReturnType<typeof run> => {
        started = true
        lock = mine
        return run(mine.lost).finally(() => {
          if (lock === mine) lock = undefined
        })
      }
      return underLock(lockTarget, work, signal).catch((error: unknown) => {
        throw started || signal.aborted ? error : postgresFailure(name, 'locked', error)
      })
    },
    ...(listen && { subscribe }),
    ...(refresh && { refresh }),
  })
}
