import type { Persistence, PersistenceFactory, StoredChange } from '../session/persistence.js'
import { readRecord, recordToJSON, type TokenRecord } from '../token-record.js'
import type { TokenJSON, TokenStore } from '../types.js'
import { compareStored } from './compare-stored.js'
import { renewTokens, saveRecord } from './renew.js'
import { StoreAccess } from './store-access.js'

/** Parses a stored set for revocation. An unreadable set is not revoked. */
function readable(json: TokenJSON | undefined, now: number): TokenRecord | undefined {
  try {
    return json && readRecord(json, now)
  } catch {
    return undefined
  }
}

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
    saveAgain: (record, superseded) => saveRecord(access, record, superseded, now),
    overwrite: async (record) => readable(await access.overwrite(record && recordToJSON(record)), now()),
    subscribe: (listener) => access.subscribe(listener),
  }
}
