import type { OAuthError } from '../errors.js'
import type { Environment } from './environment.js'
import type { Notifications } from './notifications.js'
import type { Persistence } from './persistence.js'
import { epochEnded, internalError } from './refresh-error.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { SessionState } from './state.js'
import { supersededByChange } from './superseded.js'

/** The shortest time between two attempts to save a set, in milliseconds. */
const SAVE_AGAIN_AFTER = 1000
/** The shortest time between two reads in search of a newer token, in milliseconds. */
const READ_AGAIN_AFTER = 1000

const ignore = (): void => undefined

/** Loads a session from its store, adopts changes made elsewhere, and saves again after a failure. */
export interface StoreSync {
  readonly isLoaded: () => boolean
  /** Reads the store at the first call. Rejects when the store can't be read. */
  readonly load: () => Promise<void>
  /** Reads the store and adopts a changed set. Concurrent callers share one read. Resolves with `false` if the result is outdated. */
  readonly read: () => Promise<boolean>
  /** Was the store read because of an expired token less than a second ago? */
  readonly wasReadRecently: () => boolean
  /** Reads the store when no refresh may start, at most once a second. Never rejects. */
  readonly readForNeed: () => Promise<void>
  /** Watches the store until the returned function is called. The first call subscribes; the last undo unsubscribes. */
  readonly watch: () => () => void
  /** Saves a set that is kept in memory only, at most once a second. */
  readonly saveAgain: (isForced?: boolean) => Promise<void> | undefined
}

export function storeSync(
  environment: Environment,
  persistence: Persistence,
  state: SessionState,
  coordinator: RefreshCoordinator,
  notifications: Notifications,
): StoreSync {
  let reading: Promise<boolean> | undefined
  /** A change was reported, and a read will follow. */
  let isChangePending = false
  /** A read follows the refresh under way. */
  let isAwaitingRefresh = false
  let lastNeed = -Infinity
  let saveAgainFrom = -Infinity
  let watchCount = 0
  let unsubscribe: (() => void) | undefined

  const isLoaded = (): boolean => state.current.status !== 'unknown' && state.current.status !== 'unavailable'

  const wasReadRecently = (): boolean => environment.monotonic() - lastNeed < READ_AGAIN_AFTER

  const read = (): Promise<boolean> => (reading ??= readOnce().finally(() => (reading = undefined)))

  async function readOnce(): Promise<boolean> {
    const { generation, record } = state
    try {
      const { change, stored } = await persistence.check(record)
      // A change made here during the read is newer than the result of the read.
      if (generation !== state.generation || record !== state.record) return false
      // A refresh under way itself adopts a newer set of the same user.
      const endsRefresh = change.type === 'user_changed' || change.type === 'removed'
      if (coordinator.current && !endsRefresh) return false
      persistence.acknowledge(stored)
      if (change.type === 'unchanged' && isLoaded()) return true
      const events = state.apply(change.type === 'unchanged' ? { type: 'removed' } : change)
      coordinator.supersede({ type: 'rejected', error: epochEnded() })
      notifications.notify(events)
      return true
    } catch (cause) {
      const error: OAuthError = internalError(cause)
      notifications.notify(state.apply({ type: 'load_failed', error }))
      throw error
    }
  }

  /** A burst of changes causes one read, and at most one more after it. */
  async function onChange(): Promise<void> {
    // Before the first read nothing is known that could have changed. During it, the result may be older than the notification.
    if (isChangePending || (state.current.status === 'unknown' && !reading)) return
    isChangePending = true
    while (reading) await reading.catch(ignore)
    isChangePending = false
    const isOutdated = (await read().catch(ignore)) === false
    if (!isOutdated || isAwaitingRefresh) return
    // Otherwise the change would go unnoticed until the next need.
    isAwaitingRefresh = true
    await coordinator.current?.result
    isAwaitingRefresh = false
    return onChange()
  }

  return {
    isLoaded,
    async load() {
      if (!isLoaded()) await read()
    },
    read,
    wasReadRecently,
    async readForNeed() {
      const needed = wasReadRecently() ? reading : read()
      if (!wasReadRecently()) lastNeed = environment.monotonic()
      await needed?.catch(ignore)
    },
    watch() {
      unsubscribe ??= persistence.subscribe(() => void onChange())
      watchCount++
      let isWatching = true
      return () => {
        if (!isWatching) return
        isWatching = false
        if (--watchCount > 0) return
        unsubscribe?.()
        unsubscribe = undefined
      }
    },
    saveAgain(isForced = false) {
      const { current } = state
      if (current.status !== 'signed_in' || !current.saveError || coordinator.current) return undefined
      const now = environment.monotonic()
      if (!isForced && now < Math.max(saveAgainFrom, current.saveFailedAt + SAVE_AGAIN_AFTER)) return undefined
      saveAgainFrom = Infinity
      const { record } = current.token
      return persistence
        .saveAgain(record, supersededByChange(state, record))
        .then((outcome) => {
          const events = coordinator.applySaved(record, outcome)
          if (events.length > 0) notifications.notify(events)
        }, ignore)
        .finally(() => (saveAgainFrom = environment.monotonic() + SAVE_AGAIN_AFTER))
    },
  }
}
