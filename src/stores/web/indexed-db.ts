import type { Place } from './place.js'
import { database } from './platform.js'

/** How long IndexedDB may take to open: some browsers never answer. Milliseconds. */
const OPEN_WITHIN = 4000

/** The two object stores of the database: the token set, and who holds the lease. */
export type StoreName = 'tokens' | 'leases'

/** Opens the database of that name, and makes it where there is none. */
export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const factory = database()
    if (!factory) throw new DOMException('There is no IndexedDB', 'InvalidStateError')
    const request = factory.open(name, 1)
    let late = false
    const timer = setTimeout(() => {
      late = true
      reject(new DOMException(`IndexedDB did not open within ${OPEN_WITHIN} ms`, 'TimeoutError'))
    }, OPEN_WITHIN)
    request.onupgradeneeded = () => {
      for (const store of ['tokens', 'leases'] satisfies StoreName[]) request.result.createObjectStore(store)
    }
    request.onsuccess = () => {
      clearTimeout(timer)
      const opened = request.result
      // Whoever wants to delete the database isn't kept waiting.
      opened.onversionchange = () => opened.close()
      if (late) opened.close()
      else resolve(opened)
    }
    request.onerror = () => {
      clearTimeout(timer)
      reject(request.error)
    }
  })
}

/**
 * Gets a record and, in the same readwrite transaction, does with it what `change` says. No other transaction runs meanwhile, in any tab. Resolves
 * when the result is on the disk.
 */
export function changeRecord<Result>(
  opened: IDBDatabase,
  store: StoreName,
  key: string,
  change: (present: unknown, records: IDBObjectStore) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const transaction = opened.transaction(store, 'readwrite', { durability: store === 'tokens' ? 'strict' : 'relaxed' })
    const records = transaction.objectStore(store)
    const found = records.get(key)
    let result: Result
    let failure: unknown
    found.onsuccess = () => {
      try {
        result = change(found.result, records)
      } catch (error) {
        failure = error
        transaction.abort()
      }
    }
    transaction.oncomplete = () => resolve(result)
    transaction.onabort = () => reject(failure ?? transaction.error ?? new DOMException('Aborted', 'AbortError'))
  })
}

/** Opens the database for one piece of work: a connection that is kept would be in the way when the user clears the site's data. */
export async function withDatabase<Result>(name: string, work: (opened: IDBDatabase) => Promise<Result>): Promise<Result> {
  const opened = await openDatabase(name)
  try {
    return await work(opened)
  } finally {
    opened.close()
  }
}

/** A record in IndexedDB. */
export function indexedDBPlace(name: string): Place {
  const record = 'tokens'
  return {
    read: () =>
      withDatabase(
        name,
        (opened) =>
          new Promise((resolve, reject) => {
            const found = opened.transaction(record, 'readonly').objectStore(record).get(record)
            found.onsuccess = () => resolve(found.result)
            found.onerror = () => reject(found.error)
          }),
      ),
    write: (tokens, mayReplace) =>
      withDatabase(name, (opened) =>
        changeRecord(opened, record, record, (present, records) => {
          if (!mayReplace(present)) return false
          if (tokens) records.put(tokens, record)
          else records.delete(record)
          return true
        }),
      ),
  }
}
