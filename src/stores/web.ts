import { isOAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import { duplicates } from './web/duplicates.js'
import { alone, exclusion, type Exclusion } from './web/exclusion.js'
import { noBrowser, storageFailure, unreadable } from './web/failure.js'
import { indexedDBPlace } from './web/indexed-db.js'
import { notices } from './web/notices.js'
import { memoryPlace, type Place } from './web/place.js'
import { database, isPage } from './web/platform.js'
import { webStoragePlace } from './web/web-storage.js'

const storages = ['localStorage', 'sessionStorage', 'indexedDB'] as const

/** The options of `webStore`. */
export interface WebStoreOptions {
  /** The name of the item or of the database, and of the lock. Two sign-ins on one origin need two keys. Default: `axios-attach-oauth`. */
  readonly key?: string
  /**
   * Where the tokens lie: `localStorage` and `indexedDB` are shared by all tabs of the origin and outlive the browser, `sessionStorage` belongs to one tab
   * and goes with it. Workers have `indexedDB` only. Default: `localStorage`.
   */
  readonly storage?: (typeof storages)[number]
  /**
   * What happens where the browser doesn't let the site store anything: `error` rejects with `OAUTH_STORE_FAILED`; `memory` keeps the tokens in the page's
   * memory, where a reload loses them and no other tab sees them. A storage that is full is an error in any case. Default: `error`.
   */
  readonly fallback?: 'error' | 'memory'
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. */
  readonly refresh?: RefreshFunction
}

/** With these the browser says that it keeps nothing for this site. */
const unusable = new Set(['SecurityError', 'InvalidStateError', 'UnknownError', 'TimeoutError'])

function readOptions(options: WebStoreOptions): Required<Omit<WebStoreOptions, 'refresh'>> {
  const { key = 'axios-attach-oauth', storage = 'localStorage', fallback = 'error', refresh } = options
  if (typeof key !== 'string' || key === '') throw new TypeError('webStore: key must be a text that is not empty')
  if (!storages.includes(storage)) throw new TypeError(`webStore: storage must be one of ${storages.join(', ')}`)
  if (fallback !== 'error' && fallback !== 'memory') throw new TypeError('webStore: fallback must be error or memory')
  if (refresh !== undefined && typeof refresh !== 'function') throw new TypeError('webStore: refresh must be a function')
  return { key, storage, fallback }
}

const isTokenJSON = (value: unknown): value is TokenJSON => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Keeps the token set in the browser. All tabs of the origin share it: they take one refresh between them, and see at once when one of them signs in or out.
 *
 * Tabs exclude each other with Web Locks; where there are none (pages without https) with a lease in IndexedDB; where there is neither, they don't, and a
 * server that rotates refresh tokens may end the session. The store may be made on a server too, as long as nobody uses it there.
 *
 * Throws a `TypeError` that names the option which is wrong; requests reject with `OAUTH_STORE_FAILED`, which says what to do.
 *
 * @example
 * attachOAuth(api, webStore(), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 */
export function webStore(options: WebStoreOptions = {}): SharedTokenStore {
  const { key, storage, fallback } = readOptions(options)
  const { refresh } = options
  const name = `${storage} ${key}`
  const changes = notices(key, storage === 'localStorage' ? key : undefined)
  const kin = storage === 'sessionStorage' ? duplicates(key, changes) : undefined
  const place = storage === 'indexedDB' ? indexedDBPlace(key) : webStoragePlace(storage, key, (work) => theOthers().briefly(work))
  let inMemory: Place | undefined
  let proven = false

  function theOthers(): Exclusion {
    if (inMemory) return alone
    return exclusion(key, kin ? `${key}:${kin.family()}` : key)
  }

  function check(): void {
    if (!isPage() && (storage !== 'indexedDB' || !database())) throw noBrowser(name)
  }

  async function use<Result>(verb: string, work: (place: Place) => Promise<Result>): Promise<Result> {
    check()
    if (inMemory) return work(inMemory)
    try {
      const result = await work(place)
      proven = true
      return result
    } catch (cause) {
      if (isOAuthError(cause)) throw cause
      if (fallback === 'error' || proven || !unusable.has((cause as Error | undefined)?.name ?? ''))
        throw storageFailure(name, verb, cause)
      return work((inMemory ??= memoryPlace()))
    }
  }

  return sharedStore({
    name,
    read: () =>
      use('read', async (chosen) => {
        const found = (await chosen.read()) ?? undefined
        if (found === undefined || isTokenJSON(found)) return found
        throw unreadable(name)
      }),
    async write(tokens, { mode, replacing }) {
      const mayReplace = (present: unknown): boolean =>
        mode === 'set' || ((present === undefined || isTokenJSON(present)) && sameTokens(present, replacing))
      const stored = await use(tokens ? 'written' : 'removed', (chosen) => chosen.write(tokens, mayReplace))
      if (!stored || inMemory) return stored
      if (kin) kin.written(tokens, mode)
      else changes.send('changed')
      return true
    },
    async lock(run, signal) {
      check()
      let running = false
      try {
        return await theOthers().lock(async (lost) => {
          if (!inMemory) await kin?.ask()
          running = true
          return run(lost)
        }, signal)
      } catch (cause) {
        if (running || signal.aborted || isOAuthError(cause)) throw cause
        throw storageFailure(name, 'locked', cause)
      }
    },
    subscribe(listener) {
      // A server that makes the store has nothing to listen to.
      if (!isPage() && !database()) return () => undefined
      return kin ? kin.attend(listener) : changes.subscribe(() => listener())
    },
    ...(refresh && { refresh }),
  })
}
