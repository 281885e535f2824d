import type { OAuthError } from '../errors.js'
import type { Environment } from './environment.js'
import type { Notifications } from './notifications.js'
import type { Persistence } from './persistence.js'
import { epochEnded, internalError } from './refresh-error.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { SessionState } from './state.js'

/** The shortest time between two attempts to save a set, in milliseconds. */
const SAVE_AGAIN_AFTER = 1000
/** The shortest time between two reads in search of a newer token, in milliseconds. */
const READ_AGAIN_AFTER = 1000

const ignore = (): void => undefined

/** Loads a session from its store, adopts changes made elsewhere, and saves again after a failure. */
export class StoreSync {
  readonly #environment: Environment
  readonly #persistence: Persistence
  readonly #state: SessionState
  readonly #coordinator: RefreshCoordinator
  readonly #notifications: Notifications
  #reading: Promise<boolean> | undefined
  /** A change was reported, and the read that follows has not begun. */
  #isChangePending = false
  #lastNeed = -Infinity
  #saveAgainFrom = -Infinity
  #watchCount = 0
  #unsubscribe: (() => void) | undefined

  constructor(
    environment: Environment,
    persistence: Persistence,
    state: SessionState,
    coordinator: RefreshCoordinator,
    notifications: Notifications,
  ) {
    this.#environment = environment
    this.#persistence = persistence
    this.#state = state
    this.#coordinator = coordinator
    this.#notifications = notifications
  }

  get isLoaded(): boolean {
    const { status } = this.#state.current
    return status !== 'unknown' && status !== 'unavailable'
  }

  /** Reads the store at the first call. Rejects when the store can't be read. */
  async load(): Promise<void> {
    if (!this.isLoaded) await this.read()
  }

  /** Reads the store and adopts a changed set. Concurrent callers share one read. Resolves with `false` if the result is outdated. */
  read(): Promise<boolean> {
    return (this.#reading ??= this.#readOnce().finally(() => (this.#reading = undefined)))
  }

  /** Was the store read because of an expired token less than a second ago? */
  get wasReadRecently(): boolean {
    return this.#environment.monotonic() - this.#lastNeed < READ_AGAIN_AFTER
  }

  /** Reads the store when no refresh may start, at most once a second. Never rejects. */
  async readForNeed(): Promise<void> {
    const reading = this.wasReadRecently ? this.#reading : this.read()
    if (!this.wasReadRecently) this.#lastNeed = this.#environment.monotonic()
    await reading?.catch(ignore)
  }

  /** Watches the store until the returned function is called. The first call subscribes; the last undo unsubscribes. */
  watch(): () => void {
    this.#unsubscribe ??= this.#persistence.subscribe(() => void this.#onChange())
    this.#watchCount++
    let isWatching = true
    return () => {
      if (!isWatching) return
      isWatching = false
      if (--this.#watchCount > 0) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
    }
  }

  /** Saves a set that is kept in memory only, at most once a second. */
  saveAgain(isForced = false): Promise<void> | undefined {
    const { current } = this.#state
    if (current.status !== 'signed_in' || !current.saveError || this.#coordinator.current) return undefined
    const now = this.#environment.monotonic()
    if (!isForced && now < Math.max(this.#saveAgainFrom, current.saveFailedAt + SAVE_AGAIN_AFTER)) return undefined
    this.#saveAgainFrom = Infinity
    const { record } = current.token
    const state = this.#state
    const superseded = {
      get aborted() {
        return state.record !== record
      },
    }
    return this.#persistence
      .saveAgain(record, superseded)
      .then((outcome) => {
        const events = this.#coordinator.applySaved(record, outcome)
        if (events.length > 0) this.#notifications.notify(events)
      }, ignore)
      .finally(() => (this.#saveAgainFrom = this.#environment.monotonic() + SAVE_AGAIN_AFTER))
  }

  async #readOnce(): Promise<boolean> {
    const { generation } = this.#state
    try {
      const { change, stored } = await this.#persistence.check(this.#state.record)
      // A change made here during the read is newer than the result of the read.
      if (generation !== this.#state.generation) return false
      // A refresh under way itself adopts a newer set of the same user.
      const endsRefresh = change.type === 'user_changed' || change.type === 'removed'
      if (this.#coordinator.current && !endsRefresh) return false
      this.#persistence.acknowledge(stored)
      if (change.type === 'unchanged' && this.isLoaded) return true
      const events = this.#state.apply(change.type === 'unchanged' ? { type: 'removed' } : change)
      this.#coordinator.supersede({ type: 'rejected', error: epochEnded() })
      this.#notifications.notify(events)
      return true
    } catch (cause) {
      const error: OAuthError = internalError(cause)
      this.#notifications.notify(this.#state.apply({ type: 'load_failed', error }))
      throw error
    }
  }

  /** A burst of changes causes one read, and at most one more after it. */
  async #onChange(): Promise<void> {
    // Before the first read nothing is known that could have changed. During it, the result may be older than the notification.
    if (this.#isChangePending || (this.#state.current.status === 'unknown' && !this.#reading)) return
    this.#isChangePending = true
    while (this.#reading) await this.#reading.catch(ignore)
    this.#isChangePending = false
    const isOutdated = (await this.read().catch(ignore)) === false
    if (!isOutdated || this.#isChangePending) return
    // Otherwise the change would go unnoticed until the next need.
    this.#isChangePending = true
    await this.#coordinator.current?.result
    this.#isChangePending = false
    return this.#onChange()
  }
}
