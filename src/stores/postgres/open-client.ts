import { OAuthError } from '../../errors.js'
import { untilAborted } from '../../until-aborted.js'
import type { PostgresClient, PostgresPool } from './pool.js'

/** A client used only by the store. */
export interface StoreClient extends Omit<PostgresClient, 'release'> {
  /** Ends the connection. */
  close(): void
}

/** A `Client` of `pg` outside any pool. */
interface DedicatedClient extends Omit<PostgresClient, 'release'> {
  connect(): Promise<unknown>
  end(): Promise<unknown>
}

/** The members with which `pg` pools create their clients. */
interface ClientFactory {
  readonly Client?: new (options: object) => DedicatedClient
  readonly options?: object & { readonly onConnect?: ((client: DedicatedClient) => unknown) | undefined }
  emit?(event: string, client: DedicatedClient): unknown
}

/** The transaction status of a client, in recent releases of `pg`. */
interface TransactionState {
  /** `I`: no transaction, `T`: in a transaction, `E`: in one that has failed. */
  getTransactionStatus?(): unknown
}

/** How long opening a connection may take, in milliseconds. */
const CONNECT_LIMIT = 10_000
/** How many connections with an open transaction the store takes out of a pool before it gives up. */
const DIRTY_LIMIT = 5

const noop = (): void => undefined

/** Returns whether the store can open a connection beside the pool, with the pool's settings. */
export function opensOwnClient(pool: PostgresPool): boolean {
  const { Client, options } = pool as ClientFactory
  return typeof Client === 'function' && typeof options === 'object'
}

/** Returns whether `client` has an open transaction, which would include the store's statements. */
async function isInTransaction(client: Pick<PostgresClient, 'query'> & TransactionState): Promise<boolean> {
  try {
    // As text: an application may replace the parser of booleans. A query without parameters is a simple query, whose own transaction begins with the statement.
    const { rows } = await client.query('SELECT (now() = statement_timestamp())::text AS idle')
    const status = client.getTransactionStatus?.()
    return typeof status === 'string' ? status !== 'I' : String(rows[0]?.idle) !== 'true'
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === '25P02') return true
    throw error
  }
}

const transactionLeftOpen = (): OAuthError =>
  new OAuthError(
    'OAUTH_STORE_FAILED',
    'The pool hands out connections with an open transaction: send COMMIT or ROLLBACK before client.release().',
  )

/** Opens a connection beside the pool, configured like the pool's own. */
async function openDedicated(pool: PostgresPool): Promise<StoreClient> {
  const factory = pool as ClientFactory
  const { Client, options = {} } = factory as ClientFactory & { Client: new (options: object) => DedicatedClient }
  const client = new Client(options)
  const close = (): void => {
    client.unref?.()
    client.end().then(() => factory.emit?.('remove', client), noop)
  }
  client.on('error', noop)
  const limit = AbortSignal.timeout(CONNECT_LIMIT)
  try {
    await untilAborted(client.connect(), limit)
    await untilAborted(Promise.resolve(factory.options?.onConnect?.(client)), limit)
    // Applications set the search path or the role in a listener of the pool.
    factory.emit?.('connect', client)
    if (await untilAborted(isInTransaction(client), limit)) throw transactionLeftOpen()
  } catch (error) {
    client.unref?.()
    client.end().catch(noop)
    throw limit.aborted ? new Error('Connection terminated: the connection took too long to open') : error
  }
  return {
    query: (text, values) => client.query(text, values),
    on: (event, listener) => client.on(event, listener),
    ref: () => client.ref?.(),
    unref: () => client.unref?.(),
    close,
  }
}

/**
 * Takes a connection out of the pool. Ends a connection with an open transaction, which rolls it back: no code is left that could
 * finish it.
 */
async function takeFromPool(pool: PostgresPool): Promise<StoreClient> {
  for (let dirty = 0; dirty < DIRTY_LIMIT; dirty++) {
    const client = await pool.connect()
    client.on('error', noop)
    const isDirty = await isInTransaction(client).catch((error: unknown) => {
      client.release(true)
      throw error
    })
    if (!isDirty)
      return {
        query: (text, values) => client.query(text, values),
        on: (event, listener) => client.on(event, listener),
        ref: () => client.ref?.(),
        unref: () => client.unref?.(),
        close: () => client.release(true),
      }
    client.release(true)
  }
  throw transactionLeftOpen()
}

/**
 * Opens the connection of the stores of one pool, which only the stores use: a connection shared with the application might have
 * an open transaction, and the pool would lack it during a refresh.
 */
export async function openClient(pool: PostgresPool): Promise<StoreClient> {
  if (!opensOwnClient(pool)) return takeFromPool(pool)
  if (pool.ending) throw new Error('the pool has ended')
  return openDedicated(pool)
}
