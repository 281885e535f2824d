import { safeError } from '../errors.js'
import type { Environment } from '../session/environment.js'
import type {
  PersistenceFactory,
  PersistenceSettings,
  Renewal,
  RenewOutcome,
  SaveOutcome,
  Superseded,
} from '../session/persistence.js'
import type { TokenRecord } from '../token-record.js'
import type { SharedStoreDefinition } from '../types.js'
import { createPersistence } from './plain.js'
import { renewTokens, saveRecord, useUnsaved } from './renew.js'
import { StoreAccess, storeError } from './store-access.js'

/** The pause between two attempts to save under the lock, in milliseconds. */
const SAVE_INTERVAL = 100

/** The persistence of a store that several sessions share: lock → read again → adopt or exchange → compare and set → release. */
export function sharedPersistence(store: SharedStoreDefinition): PersistenceFactory {
  return (environment, settings) => {
    const access = new StoreAccess(store, environment, settings.storeTimeout)
    const lock = new StoreLock(store, access.name, environment, settings)
    return {
      ...createPersistence(access, environment, settings),
      renew: (request) =>
        new Promise<Renewal>((resolve) => {
          const startedAt = environment.monotonic()
          let lockWait: number | undefined
          const released: Promise<SaveOutcome | undefined> = lock
            .run(async (lost) => {
              lockWait = environment.monotonic() - startedAt
              const renewal = await renewTokens(access, environment, settings, request, lost)
              resolve({ ...renewal, released, lockWait })
              const { outcome } = renewal
              // Otherwise the next lock holder would read the spent refresh token and send it again: while a sign-in or sign-out
              // is still being written, or when the new set could not be saved.
              if (outcome.type === 'superseded') await access.idle()
              const unsaved = unsavedSet(outcome)
              if (!unsaved || !isRotated(request.current, unsaved)) return undefined
              return keepSaving(unsaved, request.superseded, lost)
            })
            .catch(async (cause: unknown) => {
              if (lockWait !== undefined) return undefined
              const error = storeError(access.name, 'be locked', cause)
              resolve({ outcome: request.adoptStored ? { type: 'failed', error } : await useUnsaved(request, error) })
              return undefined
            })
        }),
      saveAgain: (record, superseded) => lock.run(() => saveRecord(access, record, superseded, () => environment.now())),
    }

    /**
     * Retries the save for `storeTimeout`. After the lock is lost, one more attempt follows, which compare and set refuses if the
     * store has changed.
     */
    async function keepSaving(record: TokenRecord, superseded: Superseded, lost: AbortSignal | undefined): Promise<SaveOutcome> {
      const end = environment.monotonic() + settings.storeTimeout
      for (;;) {
        await new Promise<void>((resolve) => void environment.after(SAVE_INTERVAL, resolve))
        const isLast = lost?.aborted || environment.monotonic() >= end
        try {
          return await saveRecord(access, record, superseded, () => environment.now())
        } catch (error) {
          if (isLast) throw error
        }
      }
    }
  }
}

/** The set of an outcome that could not be saved. */
function unsavedSet(outcome: RenewOutcome): TokenRecord | undefined {
  const set = outcome.type === 'refreshed' ? outcome : outcome.type === 'failed' ? outcome.rotated : undefined
  return set?.saveError && set.record
}

function isRotated(before: TokenRecord | undefined, after: TokenRecord): boolean {
  return before?.parsed.refreshToken !== after.parsed.refreshToken
}

class StoreLock {
  readonly #store: SharedStoreDefinition
  readonly #name: string
  readonly #environment: Environment
  readonly #settings: PersistenceSettings

  constructor(store: SharedStoreDefinition, name: string, environment: Environment, settings: PersistenceSettings) {
    this.#store = store
    this.#name = name
    this.#environment = environment
    this.#settings = settings
  }

  /** Runs `work` under the lock; settles when the lock is released. A release that fails or hangs does not change the result. */
  run<Result>(work: (lost: AbortSignal | undefined) => Promise<Result>): Promise<Result> {
    const { lockTimeout, storeTimeout } = this.#settings
    const waiting = new AbortController()
    return new Promise<Result>((resolve, reject) => {
      let result: Promise<Result> | undefined
      const giveUp = (cause: unknown): void => {
        waiting.abort(storeError(this.#name, 'be locked', cause))
        reject(waiting.signal.reason)
      }
      let cancelTimer = this.#environment.after(lockTimeout, () =>
        giveUp(safeError(`lock not acquired within ${lockTimeout} ms`)),
      )
      const locked = async (lost?: AbortSignal): Promise<Result> => {
        // A store that calls back twice, or after the time limit, starts no second run.
        if (result) return result
        if (waiting.signal.aborted) throw waiting.signal.reason
        cancelTimer()
        const mine = (result = work(lost))
        await mine.catch(() => undefined)
        cancelTimer = this.#environment.after(storeTimeout, () => resolve(mine))
        return mine
      }
      // Once the work has run, its result counts, even if the lock fails.
      const ended = (cause: unknown): void => (result ? resolve(result) : giveUp(cause))
      new Promise((started) => started(this.#store.lock(locked, waiting.signal)))
        .then(() => ended(safeError('the lock ended without running the work')), ended)
        .finally(() => cancelTimer())
    })
  }
}
