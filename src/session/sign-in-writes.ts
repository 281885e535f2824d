import type { OAuthError } from '../errors.js'
import type { TokenRecord } from '../token-record.js'
import type { Notifications } from './notifications.js'
import type { Persistence } from './persistence.js'
import type { RefreshCoordinator } from './refresh-coordinator.js'
import type { SessionSettings } from './settings.js'
import type { SessionState } from './state.js'
import { supersededByChange } from './superseded.js'

interface WriteServices {
  readonly settings: SessionSettings
  readonly state: SessionState
  readonly persistence: Persistence
  readonly coordinator: RefreshCoordinator
  readonly notifications: Notifications
}

/** Writes sign-ins and sign-outs. The store runs these writes in order. */
export class SignInWrites {
  readonly #services: WriteServices
  #settled: Promise<void> = Promise.resolve()
  #isPending = false

  constructor(services: WriteServices) {
    this.#services = services
  }

  /** Settles with the last write. */
  get settled(): Promise<void> {
    return this.#settled
  }

  /** The last write is under way, or it is a deletion that failed. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Writes whatever the store holds, and resolves with what it held. */
  overwrite(record: TokenRecord | undefined): Promise<TokenRecord | undefined> {
    return this.#track(this.#services.persistence.overwrite(record), record === undefined)
  }

  /** Saves the set of a sign-in. Rejects with the error of the store if `strictSaving` is set. */
  save(record: TokenRecord): Promise<void> {
    return this.#finish(record, this.overwrite(record))
  }

  /**
   * Saves the set in use again, and adopts a newer one that another session has stored. `restores`: writes to a store that has
   * become empty.
   */
  saveAgain(record: TokenRecord, restores: boolean): Promise<void> {
    return this.#finish(record, this.#track(this.#replace(record, restores)))
  }

  async #finish(record: TokenRecord, written: Promise<unknown>): Promise<void> {
    const { settings, state, notifications } = this.#services
    const saveError = await written.then(
      () => undefined,
      (error: OAuthError) => error,
    )
    if (state.record === record) notifications.notify(state.apply({ type: 'saved', saveError }))
    if (saveError && settings.strictSaving) throw saveError
  }

  async #replace(record: TokenRecord, restores: boolean): Promise<unknown> {
    const { persistence, coordinator, state, notifications } = this.#services
    const outcome = await persistence.replace(record, supersededByChange(state, record), restores)
    if (outcome.type !== 'saved') notifications.notify(coordinator.applySaved(record, outcome))
    return undefined
  }

  #track<Result>(write: Promise<Result>, isDeletion = false): Promise<Result> {
    const done = (isPending: boolean): void => {
      if (this.#settled === settled) this.#isPending = isPending
    }
    const settled = write.then(
      () => done(false),
      // A set that was not saved is kept, and saved later.
      () => done(isDeletion),
    )
    this.#settled = settled
    this.#isPending = true
    return write
  }
}
