import type { Place } from './place.js'
import { page } from './platform.js'

/** The area of that name. Reading the property throws where the browser keeps it from the site. */
export function storageArea(name: 'localStorage' | 'sessionStorage'): Storage {
  const area = page()[name]
  if (!area) throw new DOMException(`There is no ${name}`, 'InvalidStateError')
  return area
}

/** The value of an item. Text that is no JSON is handed on as it is: it is no token set. */
export function readItem(area: Storage, key: string): unknown {
  const text = area.getItem(key)
  if (text === null) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** An item of `localStorage` or `sessionStorage`. `briefly` keeps other tabs from writing at the same moment. */
export function webStoragePlace(
  name: 'localStorage' | 'sessionStorage',
  key: string,
  briefly: (work: () => boolean) => Promise<boolean>,
): Place {
  return {
    read: async () => readItem(storageArea(name), key),
    async write(tokens, mayReplace) {
      const area = storageArea(name)
      return briefly(() => {
        if (!mayReplace(readItem(area, key))) return false
        if (tokens) area.setItem(key, JSON.stringify(tokens))
        else area.removeItem(key)
        return true
      })
    },
  }
}
