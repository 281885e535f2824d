import type { OAuthError } from '../errors.js'
import type { Environment } from './environment.js'
import type { Notifications } from './notifications.js'
import type { Persistence } from './persistence.js'
import { internalError } from './refresh-error.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { SessionState } from './state.js'

/** The shortest time between two attempts to save a set, in milliseconds. */
const SAVE_AGAIN_AFTER = 1000
/** The shortest time between two reads in search of a newer token, in milliseconds. */
const READ_AGAIN_AFTER = 1000

/** Loads a session from its store, adopts changes made elsewhere, and saves again after a failure. */
export class StoreSync {
  readonly #environment: Environment
  readonly #persistence: Persistence
  readonly #state: SessionState
  readonly #coordinator: RefreshCoordinator
  readonly #notifications: Notifications
  #reading: Promise<void> | undefined
  #isReadAgainNeeded = false
  /** The session changed during the last read. */
  #isOvertaken = false
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
  load(): Promise<void> {
    return this.isLoaded ? Promise.resolve() : this.read()
  }

  /** Reads the store and adopts a changed set. Concurrent callers share one read. */
  read(): Promise<void> {
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
    await reading?.catch(() => undefined)
  }

  /** Watches the store until the returned function is called. The first call subscribes; the last undo unsubscribes. */
  watch(): () => void {
    this.#unsubscribe ??= this.#persistence.subscribe(() => this.#onChange())
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
      .then(
        (outcome) => {
          const events = this.#coordinator.applySaved(record, outcome)
          if (events.length > 0) this.#notifications.notify(events)
        },
        () => undefined,
      )
      .finally(() => (this.#saveAgainFrom = this.#environment.monotonic() + SAVE_AGAIN_AFTER))
  }

  async #readOnce(): Promise<void> {
    const { generation } = this.#state
    try {
      const { change, stored } = await this.#persistence.check(this.#state.record)
      // A change made here during the read is newer than the result of the read.
      if (generation !== this.#state.generation || this.#coordinator.current) {
        this.#isOvertaken = true
        return
      }
      this.#persistence.acknowledge(stored)
      if (change.type === 'unchanged') {
        if (!this.isLoaded) this.#notifications.notify(this.#state.apply({ type: 'removed' }))
        return
      }
      this.#notifications.notify(this.#state.apply(change))
    } catch (cause) {
      const error: OAuthError = internalError(cause)
      this.#notifications.notify(this.#state.apply({ type: 'load_failed', error }))
      throw error
    }
  }

  /** A burst of changes causes one read, and at most one more after it. */
  #onChange(): void {
    // Before the first read nothing is known that could have changed. During it, the result may be older than the notification.
    if (this.#state.current.status === 'unknown' && !this.#reading) return
    if (this.#isReadAgainNeeded) return
    const busy = this.#coordinator.current?.result ?? this.#reading
    if (!busy) return this.#readForNotice()
    this.#isReadAgainNeeded = true
    const again = (): void => {
      this.#isReadAgainNeeded = false
      this.#onChange()
    }
    busy.then(again, again)
  }

  #readForNotice(): void {
    this.#isOvertaken = false
    const done = (): void => {
      // The session discarded the result, so the change would go unnoticed until the next need.
      if (this.#isOvertaken) this.#onChange()
    }
    this.read().then(done, done)
  }
}
