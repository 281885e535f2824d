import { database } from './platform.js'
import { plain, type StorageBackend } from './storage-backend.js'

/** How long IndexedDB may take to open, in milliseconds. Some browsers never answer. */
const OPEN_WITHIN = 4000

/** The object stores of the database: the token set, and the lease of the lock. */
export type StoreName = 'tokens' | 'leases'

/** Opens the database, and creates it if it is missing. */
export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const factory = database()
    if (!factory) throw new DOMException('There is no IndexedDB', 'NotSupportedError')
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
      // An open connection would block code that deletes the database.
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
 * Reads a record and calls `change` with it in one readwrite transaction, which excludes all others in any tab. Resolves with the
 * result of `change` when the transaction is complete.
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

/** Opens the database for one operation: a connection that stays open would prevent the user from clearing the site's data. */
export async function withDatabase<Result>(name: string, work: (opened: IDBDatabase) => Promise<Result>): Promise<Result> {
  const opened = await openDatabase(name)
  try {
    return await work(opened)
  } finally {
    opened.close()
  }
}

/** Keeps the record in IndexedDB. */
export function indexedDBBackend(name: string): StorageBackend {
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
          if (tokens) records.put(plain(tokens), record)
          else records.delete(record)
          return true
        }),
      ),
    reserve: (size) =>
      withDatabase(name, async (opened) => {
        // Browsers check the quota when a transaction completes and do not credit later deletions, so room can't be reserved.
        await changeRecord(opened, record, 'reserve', (_present, records) => void records.put('-'.repeat(size), 'reserve'))
        await changeRecord(opened, record, 'reserve', (_present, records) => void records.delete('reserve'))
      }),
    release: () => undefined,
  }
}
