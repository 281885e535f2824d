import { aFunction, checkedElsewhere, checkOptions } from '../check-options.js'
import { isOAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import { checkKey, printable } from './key.js'
import { sharedStore, type SharedTokenStore } from '../shared.js'
import type { RefreshFunction, TokenJSON } from '../types.js'
import { duplicatedTabs } from './web/duplicated-tabs.js'
import { noBrowser, storageFailure, unreadable } from './web/failure.js'
import { indexedDBBackend } from './web/indexed-db.js'
import { database, isPage } from './web/platform.js'
import { memoryBackend, type StorageBackend } from './web/storage-backend.js'
import { CHANGED, tabChannel } from './web/tab-channel.js'
import { noLock, tabLock, type TabLock } from './web/tab-lock.js'
import { webStorageBackend } from './web/web-storage.js'

const storages = ['localStorage', 'sessionStorage', 'indexedDB'] as const

/** The options of `webStore`. */
export interface WebStoreOptions {
  /**
   * The name of the item or database, and of the lock. Two sign-ins on one origin need two keys. A non-empty string without lone
   * surrogates. Default: `axios-attach-oauth`.
   */
  readonly key?: string | undefined
  /**
   * The storage that holds the tokens. All tabs of the origin share `localStorage` and `indexedDB`, which persist after the
   * browser closes; `sessionStorage` belongs to one tab and ends with it. Workers have only `indexedDB`. Default: `localStorage`.
   */
  readonly storage?: (typeof storages)[number] | undefined
  /**
   * The reaction to a browser that denies storage to the site: `error` rejects with `OAUTH_STORE_FAILED`; `memory` keeps the
   * tokens in the memory of the page, where a reload loses them and other tabs can't read them. A full storage is an error in
   * both cases. Default: `error`.
   */
  readonly fallback?: 'error' | 'memory' | undefined
  /** The refresh function, so that `attachOAuth(api, store)` needs no third argument. Default: none. */
  readonly refresh?: RefreshFunction | undefined
}

/** The names of the errors with which a browser denies storage to a site. */
const denials = new Set(['NotSupportedError', 'SecurityError', 'InvalidStateError', 'UnknownError', 'TimeoutError'])

/** Characters to reserve for the next set, which may be twice as long as the present one and add an ID token. */
const ROOM = 4096

const rules = { key: checkedElsewhere, storage: checkedElsewhere, fallback: checkedElsewhere, refresh: aFunction }

function readOptions(options: WebStoreOptions): {
  readonly key: string
  readonly storage: (typeof storages)[number]
  readonly fallback: 'error' | 'memory'
} {
  checkOptions('webStore: ', options, rules)
  const { key = 'axios-attach-oauth', storage = 'localStorage', fallback = 'error' } = options
  checkKey('webStore', key)
  if (!storages.includes(storage)) throw new TypeError(`webStore: storage must be one of ${storages.join(', ')}`)
  if (fallback !== 'error' && fallback !== 'memory') throw new TypeError('webStore: fallback must be error or memory')
  return { key, storage, fallback }
}

/** An older application may have stored `null` at its sign-out. */
const isEmptyOrTokens = (value: unknown): value is TokenJSON | null | undefined =>
  value === undefined || (typeof value === 'object' && !Array.isArray(value))

/**
 * Keeps the token set in the browser. All tabs of the origin share the set: one tab refreshes for all, and a sign-in or sign-out
 * in one tab applies to the others.
 *
 * Tabs exclude each other with Web Locks or, on pages without https, with a lease in IndexedDB. With neither they do not exclude
 * each other, and a server that rotates refresh tokens may end the session. The store may be created on a server if no request
 * uses it there.
 *
 * Throws a `TypeError` that names the invalid option. Requests reject with `OAUTH_STORE_FAILED`, whose message says what to do.
 *
 * @example
 * attachOAuth(api, webStore(), { refresh: refreshToken({ tokenEndpoint, clientId }) })
 */
export function webStore(options: WebStoreOptions = {}): SharedTokenStore {
  const { key, storage, fallback } = readOptions(options)
  const { refresh } = options
  const name = `${storage} ${printable(key)}`
  const place: readonly unknown[] = ['web', storage, key]
  const channel = tabChannel(key, storage === 'localStorage' ? key : undefined)
  const duplicates = storage === 'sessionStorage' ? duplicatedTabs(key, channel) : undefined
  const chosen =
    storage === 'indexedDB' ? indexedDBBackend(key) : webStorageBackend(storage, key, (work) => currentLock().briefly(work))
  let memory: StorageBackend | undefined
  let hasWorked = false
  let isLocked = false

  function currentLock(): TabLock {
    if (memory) return noLock
    return tabLock(key, duplicates ? `${key}:${duplicates.group()}` : key)
  }

  function requireBrowser(): void {
    if (!isPage() && (storage !== 'indexedDB' || !database())) throw noBrowser(name)
  }

  async function withBackend<Result>(verb: string, work: (backend: StorageBackend) => Promise<Result>): Promise<Result> {
    requireBrowser()
    if (memory) return work(memory)
    try {
      const result = await work(chosen)
      hasWorked = true
      return result
    } catch (cause) {
      if (isOAuthError(cause)) throw cause
      if (fallback === 'error' || hasWorked || !denials.has((cause as Error | undefined)?.name ?? ''))
        throw storageFailure(name, verb, cause)
      return work((memory ??= memoryBackend()))
    }
  }

  function release(): void {
    try {
      chosen.release()
    } catch {
      // The browser now denies storage to the site, so there is no reserved room to release.
    }
  }

  return sharedStore({
    name,
    place,
    read: () =>
      withBackend('read', async (backend) => {
        const found = await backend.read()
        if (isEmptyOrTokens(found)) return found ?? undefined
        throw unreadable(name)
      }),
    write: (tokens, { mode, replacing }) => {
      const mayReplace = (present: unknown): boolean =>
        mode === 'set' || (isEmptyOrTokens(present) && sameTokens(present, replacing))
      return withBackend(tokens ? 'written' : 'removed', async (backend) => {
        const stored = await backend.write(tokens, mayReplace)
        if (!stored || backend === memory) return stored
        if (duplicates) duplicates.written(tokens, mode)
        else channel.send(CHANGED)
        return true
      })
    },
    async checkWritable(tokens) {
      await withBackend('written', async (backend) => backend.reserve(JSON.stringify(tokens ?? {}).length + ROOM))
      if (!isLocked) release()
    },
    async lock(run, signal) {
      requireBrowser()
      let running = false
      try {
        return await currentLock().lock(async (lost) => {
          if (!memory) await duplicates?.catchUp()
          running = isLocked = true
          try {
            return await run(lost)
          } finally {
            isLocked = false
            release()
          }
        }, signal)
      } catch (cause) {
        if (running || signal.aborted || isOAuthError(cause)) throw cause
        throw storageFailure(name, 'locked', cause)
      }
    },
    subscribe(listener) {
      // A server has no other tabs.
      if (!isPage() && !database()) return () => undefined
      if (duplicates) return duplicates.follow(listener)
      return channel.subscribe((message) => void (message === CHANGED && listener()))
    },
    ...(refresh && { refresh }),
  })
}
