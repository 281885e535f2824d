import { attempt } from '../attempt.js'
import type { Persistence, PersistenceFactory, StoredChange } from '../session/persistence.js'
import { readRecord, recordToJSON } from '../token-record.js'
import type { TokenStore } from '../types.js'
import { compareStored } from './compare-stored.js'
import { renewTokens, saveRecord } from './renew.js'
import { StoreAccess } from './store-access.js'

/** The persistence of a store that only one process uses. */
export function plainPersistence(store: TokenStore): PersistenceFactory {
  return (environment, settings) =>
    createPersistence(new StoreAccess(store, environment, settings.storeTimeout), environment, settings)
}

/** The operations of both plain and shared stores. */
export function createPersistence(access: StoreAccess, ...[environment, settings]: Parameters<PersistenceFactory>): Persistence {
  const now = (): number => environment.now()
  return {
    name: access.name,
    async check(current) {
      const stored = await access.read()
      const change: StoredChange = access.changedExternally(stored)
        ? compareStored(access.name, stored, current, now())
        : { type: 'unchanged' }
      return { change, stored }
    },
    acknowledge: (stored) => access.acknowledge(stored),
    renew: (request) => renewTokens(access, environment, settings, request),
    replace: (record, superseded, restores) => saveRecord(access, record, superseded, now, restores),
    saveAgain: (record, superseded) => saveRecord(access, record, superseded, now),
    async overwrite(record) {
      const previous = await access.overwrite(record && recordToJSON(record))
      // An unreadable set is not revoked.
      return previous && attempt(() => readRecord(previous, now()))
    },
    subscribe: (listener) => access.subscribe(listener),
  }
}
