import { OUTAGE, Pauses, settledWithin, untilAborted } from '../waiting.js'
import type { Connection, SharedConnection } from './connection.js'
import { isOutage } from './failure.js'
import type { Query } from './pool.js'
import type { Statements } from './table.js'

/** How long the release of the lock is waited for, in milliseconds. */
const RELEASE_WITHIN = 1000
/** How often the mark is confirmed while it lasts. */
const CONFIRMATIONS = 3

const noop = (): void => undefined

/** What a lock is about. */
export interface LockPlace {
  readonly shared: SharedConnection
  /** Any connection of the pool, when the one with the lock has ended. */
  readonly query: Query
  readonly statements: Statements
  readonly key: string
  /** The number of the advisory lock, as text. */
  readonly id: string
  readonly grace: number
  readonly wakeWith: (wake: () => void) => (() => void) | undefined
  /** Announces that the lock is free. */
  readonly announce: ((query: Query) => Promise<unknown>) | undefined
}

/** The lock that is held now. */
export interface HeldLock {
  readonly mark: string
  readonly lost: AbortSignal
  readonly query: Query
}

/** Lets those of this process go one after the other. */
async function inTurn<Result>(place: LockPlace, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const { turns } = place.shared
  const before = turns.get(place.id) ?? Promise.resolve()
  let done!: () => void
  const mine = new Promise<void>((resolve) => (done = resolve))
  const turn = before.then(() => mine)
  turns.set(place.id, turn)
  void turn.then(() => turns.get(place.id) === turn && turns.delete(place.id))
  try {
    await untilAborted(before, signal)
    return await work()
  } finally {
    done()
  }
}

/**
 * Asks for the lock once. The advisory lock keeps out everybody whose connection is alive. The mark in the row is for those whose connection has ended while they were
 * refreshing (the server was restarted, the network cut): they are given the time to store what they may have been answered.
 */
async function ask(place: LockPlace, connection: Connection, mark: string, grace: number): Promise<boolean> {
  const { statements, key, id } = place
  const { rows } = await connection.query('SELECT pg_try_advisory_lock($1::bigint) AS locked', [id])
  if (rows[0]?.locked !== true) return false
  try {
    const marked = await connection.query(statements.mark, [key, mark, grace])
    if (marked.rows[0]?.free === true) return true
  } catch (error) {
    await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id]).catch(noop)
    throw error
  }
  await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id])
  return false
}

async function release(place: LockPlace, connection: Connection, mark: string): Promise<void> {
  const { statements, key, id, announce } = place
  // Without its connection the lock has gone already; the mark has not.
  if (connection.lost.aborted) return void (await place.query(statements.unmark, [key, mark]))
  await connection.query(statements.unmark, [key, mark]).catch(noop)
  await connection.query('SELECT pg_advisory_unlock($1::bigint)', [id])
  await announce?.((text, values) => connection.query(text, values))
}

/** Asks again and again until the lock is ours. What comes after the waiting has ended is given back. */
async function waitForLock(
  place: LockPlace,
  connect: () => Promise<Connection>,
  mark: string,
  signal: AbortSignal,
): Promise<Connection> {
  const pauses = new Pauses()
  const stopListening = place.wakeWith(pauses.wake)
  let awaySince: number | undefined
  try {
    for (;;) {
      signal.throwIfAborted()
      pauses.trying()
      const asked = (async () => {
        const connection = await connect()
        return (await ask(place, connection, mark, place.grace)) ? connection : undefined
      })()
      try {
        const connection = await untilAborted(asked, signal)
        if (connection) return connection
        awaySince = undefined
      } catch (error) {
        if (signal.aborted) {
          asked.then((late) => late && release(place, late, mark)).catch(noop)
          throw error
        }
        awaySince ??= performance.now()
        if (!isOutage(error) || performance.now() - awaySince > OUTAGE) throw error
      }
      await pauses.next(signal)
    }
  } finally {
    stopListening?.()
  }
}

/** Runs `run` while nobody else has the lock. */
export function underLock<Result>(
  place: LockPlace,
  run: (held: HeldLock) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return inTurn(place, signal, () =>
    place.shared.use(async (connect) => {
      const mark = globalThis.crypto.randomUUID()
      const connection = await waitForLock(place, connect, mark, signal)
      const query: Query = (text, values) =>
        connection.lost.aborted ? place.query(text, values) : connection.query(text, values)
      const confirming = setInterval(
        () => query(place.statements.confirm, [place.key, mark]).catch(noop),
        Math.max(10, place.grace / CONFIRMATIONS),
      )
      confirming.unref?.()
      try {
        return await run({ mark, query, lost: connection.lost })
      } finally {
        clearInterval(confirming)
        await settledWithin(RELEASE_WITHIN, release(place, connection, mark))
      }
    }),
  )
}
