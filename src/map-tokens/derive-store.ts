import type { SharedStoreDefinition, TokenStore } from '../types.js'

/**
 * Derives a store with other functions in place of some, and with everything else that `store` has, such as its notifications.
 * The functions are called on `store` itself, so that classes with private fields work.
 */
export function deriveStore(store: TokenStore, replaced: Partial<SharedStoreDefinition>): TokenStore {
  const derived = {}
  for (
    let level: object | null = store;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const name of Reflect.ownKeys(level)) {
      if (name === 'constructor' || Object.hasOwn(derived, name)) continue
      const { enumerable = false } = Object.getOwnPropertyDescriptor(level, name) ?? {}
      const get = (): unknown => {
        const value: unknown = Reflect.get(store, name)
        return typeof value === 'function' && name !== 'refresh' ? (value.bind(store) as unknown) : value
      }
      Object.defineProperty(derived, name, { get, enumerable, configurable: true })
    }
  }
  for (const [name, value] of Object.entries(replaced))
    Object.defineProperty(derived, name, { value, enumerable: true, configurable: true, writable: true })
  return derived as TokenStore
}
