import type { PostgresResult } from './pool.js'

/**
 * The kinds of statements, in the order in which they leave the queue: what keeps a lock alive, the statements of locks and of
 * their holders, and the reads and writes of all others.
 */
const priorities = ['keepalive', 'lock', 'read', 'write'] as const

export type Priority = (typeof priorities)[number]

/** A statement that waits for the connection. */
export interface WaitingStatement {
  readonly text: string
  readonly values: unknown[] | undefined
  readonly resolve: (result: PostgresResult) => void
  readonly reject: (error: unknown) => void
}

/** The statements that wait for a connection: by priority, and in the order of the calls within a priority. */
export class StatementQueue {
  readonly #waiting: Readonly<Record<Priority, WaitingStatement[]>> = { keepalive: [], lock: [], read: [], write: [] }

  add(priority: Priority, statement: WaitingStatement): void {
    this.#waiting[priority].push(statement)
  }

  /** Removes and returns the next statement. */
  take(): WaitingStatement | undefined {
    for (const priority of priorities) {
      const statement = this.#waiting[priority].shift()
      if (statement) return statement
    }
    return undefined
  }
}
