import { changeRecord, withDatabase } from './indexed-db.js'
import { withLease } from './lease.js'
import { database, turn, webLocks } from './platform.js'

/** Mutual exclusion between tabs. */
export interface TabLock {
  /** Runs `run` while no other tab does. */
  lock<Result>(run: (lost?: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result>
  /** Runs a synchronous step while no other tab does. */
  briefly<Result>(work: () => Result): Promise<Result>
}

/** No exclusion: for storage that no other tab shares, and for browsers without locks. */
export const noLock: TabLock = {
  lock: (run) => run(),
  briefly: async (work) => work(),
}

/** True when the browser denies IndexedDB to this site. */
const isForbidden = (error: unknown): boolean =>
  ['SecurityError', 'InvalidStateError'].includes(String((error as { name?: unknown } | undefined)?.name))

function byWebLocks(locks: LockManager, name: string): TabLock {
  return {
    async lock(run, signal) {
      const lost = new AbortController()
      try {
        return await locks.request(name, { signal }, async () => {
          // A write to localStorage becomes visible to another process after a turn of the event loop.
          await turn()
          const result = run(lost.signal)
          await result.then(turn, turn)
          return result
        })
      } catch (error) {
        // Other code of the site can take the lock with `steal`.
        lost.abort(error)
        throw error
      }
    },
    briefly: (work) => locks.request(`${name}:write`, async () => work()) as Promise<never>,
  }
}

function byIndexedDB(databaseName: string, name: string): TabLock {
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

/** Returns the best lock that this page has: Web Locks, else leases in IndexedDB, else none. */
export function tabLock(databaseName: string, name: string): TabLock {
  const locks = webLocks()
  if (locks) return byWebLocks(locks, name)
  return database() ? byIndexedDB(databaseName, name) : noLock
}
