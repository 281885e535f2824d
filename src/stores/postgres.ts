import { createHash } from 'node:crypto'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import type { EncryptionOptions } from './encryption.js'
import { CHANNEL, SharedConnection } from './postgres/connection.js'
import { isOutage, postgresFailure } from './postgres/failure.js'
import { underLock, type HeldLock } from './postgres/lock.js'
import type { PostgresPool, PostgresResult } from './postgres/pool.js'
import { quoteTable, statementsFor } from './postgres/table.js'
import { createCodec } from './record.js'
import { throughOutage } from './waiting.js'

export type { EncryptionOptions } from './encryption.js'
export type { PostgresClient, PostgresPool, PostgresResult } from './postgres/pool.js'
export { postgresSchema } from './postgres/table.js'

/** The options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** What this session is called in the table, such as the id of the user. */
  readonly key: string
  /** The table, made by `postgresSchema(table)`; `schema.table` where it isn't on the search path. Default: `oauth_tokens`. */
  readonly table?: string
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
  /** Encrypts the record. Default: it is stored as JSON. */
  readonly encryption?: EncryptionOptions
  /**
   * Tells the others of changes, and listens to theirs, with LISTEN and NOTIFY on the connection that all stores of the pool share. `false`:
   * changes made elsewhere are seen at the next need. All who share a table should say the same. Default: `true`.
   */
  readonly listen?: boolean
  /**
   * How long, in milliseconds, a holder of the lock whose connection has ended is given to store what the server may have answered it. A holder that
   * has died holds up the others that long. Default: 5,000.
   */
  readonly grace?: number
}

interface Row {
  readonly text: string
  readonly version: string
}

/**
 * Keeps the token set in a row of a PostgreSQL table (12 or newer), for any number of processes and machines: an advisory lock that a live holder
 * never loses, compare and set by version, and notices of changes. The `Pool` of the package `pg` is your own. A store is light: make one for each user; they share one connection
 * of the pool for locks and notices.
 *
 * Throws a `TypeError` that names the option; requests reject with `OAUTH_STORE_FAILED`, which names the table and the key and never the content.
 *
 * @example
 * await pool.query(postgresSchema())
 * attachOAuth(api, postgresStore(pool, { key: userId, refresh: refreshToken({ tokenEndpoint, clientId }) }))
 */
export function postgresStore(pool: PostgresPool, options: PostgresStoreOptions): SharedTokenStore {
  if (typeof pool?.query !== 'function' || typeof pool.connect !== 'function')
    throw new TypeError('postgresStore: pool must be a Pool of the package pg')
  const { key, table = 'oauth_tokens', refresh, encryption, listen = true, grace = 5000 } = options ?? {}
  if (typeof key !== 'string' || key === '' || key.includes('\0')) throw new TypeError('postgresStore: key must be a text')
  if (typeof listen !== 'boolean') throw new TypeError('postgresStore: listen must be true or false')
  if (typeof grace !== 'number' || !(grace >= 0 && grace < 2 ** 31))
    throw new TypeError('postgresStore: grace must be a number of milliseconds from 0')
  if (listen && pool.options?.max === 1)
    throw new TypeError(
      'postgresStore: listen takes one connection of the pool for itself: give the pool a max of 2 or more, or pass listen: false',
    )
  const quoted = quoteTable(table, 'postgresStore')
  const name = `postgres ${table} ${key}`
  const codec = createCodec(name, key, 'postgresStore', encryption)
  const statements = statementsFor(quoted, listen)
  const shared = SharedConnection.of(pool)
  const digest = createHash('sha256').update(`${quoted}\0${key}`).digest()
  const topic = digest.toString('hex').slice(0, 32)
  /** Our own notices are no news to us. */
  const origin = globalThis.crypto.randomUUID()
  const changed = `${topic} changed ${origin}`
  let held: HeldLock | undefined

  const query = async (verb: string, text: string, values: unknown[]): Promise<PostgresResult> => {
    const mine = held
    try {
      if (!mine) return await pool.query(text, values)
      // The holder of the lock goes over the connection that has it: it needs no other, however busy the pool is. As long as nobody else goes on, it
      // waits for a server that restarts.
      return await throughOutage(grace, () => mine.query(text, values), isOutage)
    } catch (error) {
      throw postgresFailure(name, verb, error)
    }
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
    return change(statements.update, [key, text, row.version, held?.mark ?? ''])
  }

  /** Each statement gives a row when it has changed something. */
  async function change(text: string, values: unknown[]): Promise<boolean> {
    return (await query('written', text, [...values, CHANNEL, changed])).rows.length > 0
  }

  return sharedStore({
    name,
    async read() {
      const row = await readRow()
      return row && codec.decode(row.text)
    },
    async write(tokens, { mode, replacing }) {
      if (mode === 'replace') return replace(tokens, replacing)
      if (tokens) await change(statements.set, [key, await codec.encode(tokens)])
      else await change(statements.clear, [key])
      return true
    },
    async lock(run, signal) {
      const wakeWith = (wake: () => void): (() => void) | undefined =>
        shared.listening ? shared.listen((payload) => (payload ?? topic).startsWith(topic) && wake()) : undefined
      const place = {
        shared,
        statements,
        key,
        id: digest.readBigInt64BE().toString(),
        grace,
        wakeWith,
        query: (text: string, values?: unknown[]) => pool.query(text, values),
        announce: listen ? (ask: HeldLock['query']) => ask('SELECT pg_notify($1, $2)', [CHANNEL, `${topic} free`]) : undefined,
      }
      let started = false
      const work = async (mine: HeldLock): ReturnType<typeof run> => {
        started = true
        held = mine
        return run(mine.lost).finally(() => {
          if (held === mine) held = undefined
        })
      }
      return underLock(place, work, signal).catch((error: unknown) => {
        throw started || signal.aborted ? error : postgresFailure(name, 'locked', error)
      })
    },
    ...(listen && {
      subscribe: (listener: () => void) =>
        shared.listen((payload) => {
          if (payload === undefined || (payload.startsWith(`${topic} changed`) && payload !== changed)) listener()
        }),
    }),
    ...(refresh && { refresh }),
  })
}
