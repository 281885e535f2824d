import type { OAuthError } from '../errors.js'
import { windowsOf } from '../policy.js'
import type { Environment } from '../session/environment.js'
import type {
  ExchangeResult,
  PersistenceSettings,
  Renewal,
  RenewOutcome,
  RenewRequest,
  SaveOutcome,
  Superseded,
} from '../session/persistence.js'
import { recordToJSON, type TokenRecord } from '../token-record.js'
import type { TokenJSON } from '../types.js'
import { compareStored, type StoredDifference } from './compare-stored.js'
import { storeError, type StoreAccess } from './store-access.js'

/** Reads the store again, then adopts a newer set, or exchanges and saves. */
export function renewTokens(
  access: StoreAccess,
  environment: Environment,
  settings: PersistenceSettings,
  request: RenewRequest,
  lost?: AbortSignal,
): Promise<Renewal> {
  return new RenewRun(access, environment, settings, request, lost).run()
}

const superseded: Renewal = { outcome: { type: 'superseded' } }

/** One renewal. Each step returns the outcome, or `undefined` to continue with the next step. */
class RenewRun {
  readonly #access: StoreAccess
  readonly #environment: Environment
  readonly #settings: PersistenceSettings
  readonly #request: RenewRequest
  readonly #lost: AbortSignal | undefined
  /** The set whose refresh token is sent. */
  #base: TokenRecord | undefined
  /** A newer stored set that is itself due for a refresh. */
  #adopted: TokenRecord | undefined

  constructor(
    access: StoreAccess,
    environment: Environment,
    settings: PersistenceSettings,
    request: RenewRequest,
    lost: AbortSignal | undefined,
  ) {
    this.#access = access
    this.#environment = environment
    this.#settings = settings
    this.#request = request
    this.#lost = lost
    this.#base = request.current
  }

  async run(): Promise<Renewal> {
    try {
      for (;;) {
        const renewal = (await this.#readAgain()) ?? (await this.#exchange())
        if (renewal) return renewal
      }
    } catch (error) {
      return this.#failed(error as OAuthError)
    }
  }

  async #readAgain(): Promise<Renewal | undefined> {
    const stored = await this.#access.read()
    if (this.#request.superseded.aborted) return superseded
    const outcome = this.#access.changedExternally(stored) ? this.#evaluate(this.#compare(stored)) : undefined
    return outcome && { outcome }
  }

  async #exchange(): Promise<Renewal | undefined> {
    const { adoptStored, exchange } = this.#request
    const rotates = adoptStored && this.#base?.parsed.refreshToken !== undefined
    const unwritable = rotates ? await this.#access.checkWritable() : undefined
    if (this.#lost?.aborted) throw storeError(this.#access.name, 'be locked', this.#lost.reason)
    const result = await exchange(this.#base, unwritable, this.#lost)
    if (result.type === 'received' || result.type === 'rotated') return this.#save(result)
    if (this.#request.superseded.aborted) return superseded
    return result.type === 'failed' ? this.#failed(result.error) : this.#end(result)
  }

  async #save(result: { readonly record: TokenRecord; readonly error?: OAuthError }): Promise<Renewal> {
    const { record, error } = result
    let saveError: OAuthError | undefined
    const replaced = await this.#access.replace(recordToJSON(record), this.#request.superseded).catch((reason: unknown) => {
      saveError = reason as OAuthError
    })
    if (this.#request.superseded.aborted) return { ...superseded, unused: record }
    if (replaced?.type === 'conflict') {
      const change = this.#compare(replaced.found)
      if (change.type !== 'saved') return { outcome: change, unused: record }
      // An earlier write of the set in use has arrived late. The content is known now, so the next write replaces it.
      return this.#save(result)
    }
    const saved = { record, ...(saveError && { saveError }) }
    return { outcome: error ? { type: 'failed', error, rotated: saved } : { type: 'refreshed', ...saved } }
  }

  /** The refresh token was refused: the session ends, unless the store has a newer set. */
  async #end({ error, keepStored }: Extract<ExchangeResult, { type: 'ended' }>): Promise<Renewal | undefined> {
    const ended: RenewOutcome = { type: 'ended', error, ...(keepStored && this.#base && { retained: this.#base }) }
    const found = await findSuccessor(this.#access, keepStored, this.#request.superseded)
    if (this.#request.superseded.aborted) return superseded
    if (!found) return { outcome: ended }
    const outcome = this.#evaluate(this.#compare(found))
    return outcome && { outcome }
  }

  #compare(stored: TokenJSON | undefined): StoredDifference {
    const change = compareStored(this.#access.name, stored, this.#base, this.#environment.now())
    // After the comparison, so that an unreadable record is reported again.
    this.#access.acknowledge(stored)
    return change
  }

  /** The outcome of a stored change; `undefined` when the refresh continues with the changed set. */
  #evaluate(change: StoredDifference): RenewOutcome | undefined {
    if (change.type === 'saved') return undefined
    if (change.type === 'removed') return this.#base && change
    const { adoptStored, isLate } = this.#request
    if (change.type === 'user_changed' || isLate || (adoptStored && this.#isNewer(change.record))) return change
    this.#base = this.#adopted = change.record
    return undefined
  }

  /** Does this stored set make the token request unnecessary? */
  #isNewer({ parsed }: TokenRecord): boolean {
    const { accessToken } = parsed
    if (accessToken === undefined || accessToken === this.#base?.parsed.accessToken) return false
    return this.#environment.now() < windowsOf(parsed, 0, this.#settings.policy).blockFrom
  }

  #failed(error: OAuthError): Renewal {
    return { outcome: { type: 'failed', error, ...(this.#adopted && { adopted: this.#adopted }) } }
  }
}

/** Deletes the set whose refresh token was refused. If another session has stored a newer set, keeps it and resolves with it. */
async function findSuccessor(access: StoreAccess, keepStored: boolean, signal: Superseded): Promise<TokenJSON | undefined> {
  try {
    if (!keepStored) {
      const replaced = await access.replace(undefined, signal)
      return replaced.type === 'conflict' ? replaced.found : undefined
    }
    const stored = await access.read()
    return access.changedExternally(stored) ? stored : undefined
  } catch {
    // The session ends even so. A set that could not be deleted will be refused again.
    return undefined
  }
}

/** Saves a set whose earlier save failed, unless the store has changed. */
export async function saveRecord(
  access: StoreAccess,
  record: TokenRecord,
  signal: Superseded,
  now: () => number,
): Promise<SaveOutcome> {
  const result = await access.replace(recordToJSON(record), signal)
  if (signal.aborted) return { type: 'superseded' }
  if (result.type !== 'conflict') return { type: 'saved' }
  // The change is not acknowledged: a refresh under way must not overwrite it.
  return compareStored(access.name, result.found, record, now())
}
