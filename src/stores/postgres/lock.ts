import { untilAborted } from '../../until-aborted.js'
import { Backoff, OUTAGE_LIMIT, retryFor, settledWithin } from '../lock-wait.js'
import type { Connection } from './connection.js'
import { isOutage, isRowLocked } from './failure.js'
import type { PostgresResult, Query } from './pool.js'
import type { SharedConnection } from './shared-connection.js'
import type { Priority } from './statement-queue.js'
import type { Statements } from './table.js'

/** How long a call waits for the release of its lock, in milliseconds. */
const RELEASE_LIMIT = 1000
/** How long a statement waits for a row that another transaction has locked, in milliseconds. */
export const ROW_LOCK_LIMIT = 3000
/** How many times the holder renews its mark within `grace`. */
const CONFIRMATIONS = 3

const noop = (): void => undefined

/** The parameters of one record's lock. */
export interface LockTarget {
  readonly shared: SharedConnection
  readonly statements: Statements
  readonly key: string
  /** The number of the advisory lock, as text. */
  readonly id: string
  readonly grace: number
  /** Calls `wake` when the lock may be free; returns the undo. */
  readonly onFree: (wake: () => void) => (() => void) | undefined
  /** Announces that the lock is free. */
  readonly announce: ((query: Query) => Promise<unknown>) | undefined
}

/** The lock while this process holds it. */
export interface AcquiredLock {
  readonly mark: string
  readonly lost: AbortSignal
  readonly query: Query
  /** Keeps the lock until `save` has settled. */
  readonly keepUntil: (save: Promise<unknown>) => void
}

/**
 * Queues the stores of this process. The next one starts when `work` and what it passes to `holdBack` have settled: PostgreSQL
 * grants an advisory lock again to the connection that has it.
 */
async function inQueue<Result>(
  target: LockTarget,
  signal: AbortSignal,
  work: (holdBack: (until: Promise<unknown>) => void) => Promise<Result>,
): Promise<Result> {
  const { queues } = target.shared
  const before = queues.get(target.id) ?? Promise.resolve()
  let done!: () => void
  const mine = new Promise<void>((resolve) => (done = resolve))
  const tail = before.then(() => mine)
  queues.set(target.id, tail)
  void tail.then(() => queues.get(target.id) === tail && queues.delete(target.id))
  let released: Promise<unknown> = Promise.resolve()
  try {
    await untilAborted(before, signal)
    return await work((until) => (released = until))
  } finally {
    released.then(done, done)
  }
}

/**
 * Requests the lock once. The advisory lock excludes processes whose connection is alive. The mark in the row represents a holder
 * whose connection ended during a refresh (server restart, network failure): this holder has `grace` to store the token set that
 * it may have received.
 */
async function acquire({ statements, key, id, grace }: LockTarget, connection: Connection, mark: string): Promise<boolean> {
  const { rows } = await connection.query('SELECT pg_try_advisory_lock($1::bigint)::text AS locked', [id])
  // As text: an application may replace the parser of booleans.
  if (String(rows[0]?.locked) !== 'true') return false
  try {
    const marked = await connection.query(statements.mark, [key, mark, grace])
    if (String(marked.rows[0]?.free) === 'true') return true
  } catch (error) {
    await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id]).catch(noop)
    throw error
  }
  await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id])
  return false
}

/** Sends statements of a lock holder, over another connection when its own has ended. */
const sender =
  (shared: SharedConnection, connection: Connection) =>
  (priority: Priority, text: string, values: unknown[] | undefined): Promise<PostgresResult> =>
    connection.lost.aborted ? shared.query(text, values, priority) : connection.query(text, values, priority)

async function release(
  { shared, statements, key, id, announce }: LockTarget,
  connection: Connection,
  mark: string,
): Promise<void> {
  const send = sender(shared, connection)
  const unmarked = retryFor(ROW_LOCK_LIMIT, () => send('lock', statements.unmark, [key, mark]), isRowLocked)
  // The advisory lock ends with its connection; the mark does not.
  if (connection.lost.aborted) return void (await unmarked)
  await unmarked.catch(noop)
  await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id])
  await announce?.((text, values) => connection.query(text, values))
}

/** Requests the lock until this process gets it. Releases a lock granted after `signal` was aborted. */
async function waitForLock(
  target: LockTarget,
  connect: () => Promise<Connection>,
  mark: string,
  signal: AbortSignal,
): Promise<Connection> {
  const backoff = new Backoff()
  const stopListening = target.onFree(backoff.wake)
  let failingSince: number | undefined
  try {
    for (;;) {
      signal.throwIfAborted()
      backoff.attempt()
      const requested = (async () => {
        const connection = await connect()
        return (await acquire(target, connection, mark)) ? connection : undefined
      })()
      try {
        const connection = await untilAborted(requested, signal)
        if (connection) return connection
        failingSince = undefined
      } catch (error) {
        if (signal.aborted) {
          requested.then((late) => late && release(target, late, mark)).catch(noop)
          throw error
        }
        failingSince ??= performance.now()
        const limit = isRowLocked(error) ? ROW_LOCK_LIMIT : isOutage(error) ? OUTAGE_LIMIT : 0
        if (performance.now() - failingSince >= limit) throw error
      }
      await backoff.delay(signal)
    }
  } finally {
    stopListening?.()
  }
}

/** Runs `work` under the lock. */
export function underLock<Result>(
  target: LockTarget,
  work: (lock: AcquiredLock) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const { shared, statements, key, grace } = target
  return inQueue(target, signal, (holdBack) =>
    shared.use(async (connect) => {
      const mark = globalThis.crypto.randomUUID()
      const connection = await waitForLock(target, connect, mark, signal)
      const send = sender(shared, connection)
      const query: Query = (text, values) => retryFor(ROW_LOCK_LIMIT, () => send('lock', text, values), isRowLocked)
      const unsettled = new Set<Promise<unknown>>()
      const confirming = setInterval(
        () => send('keepalive', statements.confirm, [key, mark]).catch(noop),
        Math.max(10, grace / CONFIRMATIONS),
      )
      confirming.unref?.()
      try {
        return await work({ mark, query, lost: connection.lost, keepUntil: (save) => unsettled.add(save) })
      } finally {
        clearInterval(confirming)
        // A save that the session no longer waits for must not outlive the lock.
        const released = Promise.allSettled(unsettled).then(() => release(target, connection, mark))
        holdBack(released)
        await settledWithin(RELEASE_LIMIT, released)
      }
    }),
  )
}
