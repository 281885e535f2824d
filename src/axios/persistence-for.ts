import { plainPersistence } from '../persistence/plain.js'
import { persistenceOf } from '../persistence/persistence-of.js'
import type { PersistenceFactory } from '../session/persistence.js'
import type { SharedStoreDefinition, TokenStore } from '../types.js'

/**
 * The persistence of a session in this store. Throws a `TypeError` for a store with a lock that was not made by `sharedStore`.
 */
export function persistenceFor(caller: string, store: TokenStore): PersistenceFactory {
  const shared = (store as { [persistenceOf]?: (store: TokenStore) => PersistenceFactory })[persistenceOf]
  if (shared) return shared(store)
  if ((store as Partial<SharedStoreDefinition>).lock !== undefined)
    throw new TypeError(
      `${caller}: store has a lock: make it with sharedStore(…) of axios-attach-oauth/shared, and pass no copy of it.`,
    )
  return plainPersistence(store)
}
