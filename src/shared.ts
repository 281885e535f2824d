import { aFunction, checkOptions, type OptionRule } from './check-options.js'
import { defined } from './defined.js'
import { persistenceOf } from './persistence/persistence-of.js'
import { sharedPersistence } from './persistence/shared.js'
import type { SharedStoreDefinition, TokenStore } from './types.js'

export type { SharedStoreDefinition } from './types.js'

/** A store made by {@link sharedStore}. */
export interface SharedTokenStore extends TokenStore {
  /** The lock of the definition. */
  readonly lock: SharedStoreDefinition['lock']
}

const rules: Record<string, OptionRule> = {
  name: ['a string', (value) => typeof value === 'string'],
  place: ['an array', Array.isArray],
  refresh: aFunction,
  subscribe: aFunction,
  checkWritable: aFunction,
}

/**
 * Makes a store that several tabs, processes or machines share: one of them refreshes for all, under the store's lock, and each
 * sees the others' changes. Throws a `TypeError` that names the member which is missing or invalid.
 *
 * @example
 * const store = sharedStore({
 *   name: 'sessions table',
 *   read: () => table.read(id),
 *   write: (tokens, { mode, replacing }) => table.compareAndSet(id, tokens, mode === 'set' ? undefined : replacing),
 *   lock: (run, signal) => table.withLock(id, run, signal),
 *   subscribe: (listener) => table.onChange(id, listener),
 * })
 */
export function sharedStore(definition: SharedStoreDefinition): SharedTokenStore {
  for (const name of ['read', 'write', 'lock'] as const)
    if (typeof definition?.[name] !== 'function') throw new TypeError(`sharedStore: ${name} must be a function`)
  // A class has its methods and getters in the prototype, which a spread does not copy.
  const { name, place, read, write, lock, refresh, subscribe, checkWritable } = definition
  checkOptions('sharedStore: ', { name, place, refresh, subscribe, checkWritable }, rules)
  const isMethod = refresh && !Object.hasOwn(definition, 'refresh')
  const store: SharedStoreDefinition = {
    ...definition,
    ...defined({ name, place, refresh: isMethod ? Object.assign(refresh.bind(definition), refresh) : refresh }),
    read: read.bind(definition),
    write: write.bind(definition),
    lock: lock.bind(definition),
    ...(subscribe && { subscribe: subscribe.bind(definition) }),
    ...(checkWritable && { checkWritable: checkWritable.bind(definition) }),
  }
  // Not enumerable: a spread copy, whose methods may have been replaced, is not a shared store.
  return Object.defineProperty(store, persistenceOf, { value: sharedPersistence })
}
