import { changeRecord, withDatabase } from './indexed-db.js'
import { withLease } from './lease.js'
import { database, turn, webLocks } from './platform.js'

/** One tab at a time. */
export interface Exclusion {
  /** For as long as `run` takes. */
  lock<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result>
  /** For a moment: `work` is synchronous. */
  briefly<Result>(work: () => Result): Promise<Result>
}

/** Nothing to share, or nothing to exclude the others with. */
export const alone: Exclusion = {
  lock: (run) => run(),
  briefly: async (work) => work(),
}

/** Did the browser say that this site may not have IndexedDB at all? */
const isForbidden = (error: unknown): boolean =>
  ['SecurityError', 'InvalidStateError'].includes(String((error as { name?: unknown } | undefined)?.name))

function byWebLocks(locks: LockManager, name: string): Exclusion {
  return {
    async lock(run, signal) {
      const lost = new AbortController()
      try {
        return await locks.request(name, { signal }, async () => {
          // What the last holder has put into localStorage reaches another process with a turn of the event loop.
          await turn()
          const result = run(lost.signal)
          await result.then(turn, turn)
          return result
        })
      } catch (error) {
        // A lock can be taken away by code of the same site that asks for it with `steal`.
        lost.abort(error)
        throw error
      }
    },
    briefly: (work) => locks.request(`${name}:write`, async () => work()) as Promise<never>,
  }
}

function byIndexedDB(databaseName: string, name: string): Exclusion {
  return {
    async lock(run, signal) {
      let running = false
      try {
        return await withLease(databaseName, name, (lost) => ((running = true), run(lost)), signal)
      } catch (error) {
        if (running || !isForbidden(error)) throw error
        return run()
      }
    },
    async briefly(work) {
      let done = false
      const once = (): ReturnType<typeof work> => {
        done = true
        return work()
      }
      try {
        return await withDatabase(databaseName, (opened) => changeRecord(opened, 'leases', 'write', once))
      } catch (error) {
        if (done || !isForbidden(error)) throw error
        return work()
      }
    },
  }
}

/** The best that this page has, asked anew each time: Web Locks, else leases in IndexedDB, else nothing. */
export function exclusion(databaseName: string, name: string): Exclusion {
  const locks = webLocks()
  if (locks) return byWebLocks(locks, name)
  return database() ? byIndexedDB(databaseName, name) : alone
}
