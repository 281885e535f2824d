import { page } from './platform.js'
import type { StorageBackend } from './storage-backend.js'

/** Returns the storage area. Throws when the browser denies storage to the site. */
export function storageArea(name: 'localStorage' | 'sessionStorage'): Storage {
  const area = page()[name]
  if (!area) throw new DOMException(`There is no ${name}`, 'NotSupportedError')
  return area
}

/** Returns the parsed value of an item, or text that is not JSON unchanged. */
export function readItem(area: Storage, key: string): unknown {
  const text = area.getItem(key)
  if (text === null) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Keeps the record in an item of `localStorage` or `sessionStorage`. `briefly` keeps other tabs from writing at the same moment. */
export function webStorageBackend(
  name: 'localStorage' | 'sessionStorage',
  key: string,
  briefly: (work: () => boolean) => Promise<boolean>,
): StorageBackend {
  const reserveKey = `${key}:reserve`
  const release = (): void => storageArea(name).removeItem(reserveKey)
  return {
    read: async () => readItem(storageArea(name), key),
    async write(tokens, mayReplace) {
      const area = storageArea(name)
      return briefly(() => {
        if (!mayReplace(readItem(area, key))) return false
        release()
        if (tokens) area.setItem(key, JSON.stringify(tokens))
        else area.removeItem(key)
        return true
      })
    },
    // A separate item leaves the record unchanged, and code that fills the storage during the token request can't take the room.
    reserve: async (size) => storageArea(name).setItem(reserveKey, '-'.repeat(size)),
    release,
  }
}
