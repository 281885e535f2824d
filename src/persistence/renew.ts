import type { OAuthError } from '../errors.js'
import { windowsOf } from '../policy.js'
import type { Environment } from '../session/environment.js'
import type { PersistenceSettings, Renewal, RenewOutcome, RenewRequest, SaveOutcome, Superseded } from '../session/persistence.js'
import { recordToJSON, type TokenRecord } from '../token-record.js'
import type { TokenJSON } from '../types.js'
import { compareStored, type StoredDifference } from './compare-stored.js'
import { storeError, type StoreAccess } from './store-access.js'

/** Reads the store again, then adopts a newer set, or exchanges and saves. */
export async function renewTokens(
  access: StoreAccess,
  environment: Environment,
  { policy }: PersistenceSettings,
  request: RenewRequest,
  lost?: AbortSignal,
): Promise<Renewal> {
  const { superseded } = request
  const isFresh = (record: TokenRecord): boolean => environment.now() < windowsOf(record.parsed, 0, policy).blockFrom
  /** Does this stored set make a token request unnecessary? */
  const answers = (record: TokenRecord, base: TokenRecord | undefined): boolean =>
    record.parsed.accessToken !== undefined && record.parsed.accessToken !== base?.parsed.accessToken && isFresh(record)

  let base = request.current
  let adopted: TokenRecord | undefined
  const failed = (error: OAuthError): Renewal => ({ outcome: { type: 'failed', error, ...(adopted && { adopted }) } })

  const compare = (stored: TokenJSON | undefined): StoredDifference => {
    const change = compareStored(access.name, stored, base, environment.now())
    // After the comparison: a record that can't be read must be reported again.
    access.acknowledge(stored)
    return change
  }
  /** The outcome of a change, or `undefined` to go on with `base`. */
  const evaluate = (change: StoredDifference): RenewOutcome | undefined => {
    if (change.type === 'saved') return undefined
    if (change.type === 'removed') return base && change
    if (change.type === 'user_changed' || (request.adoptStored && answers(change.record, base))) return change
    base = adopted = change.record
    return undefined
  }

  try {
    for (;;) {
      const stored = await access.read()
      if (superseded.aborted) return { outcome: { type: 'superseded' } }
      if (access.changedExternally(stored)) {
        const outcome = evaluate(compare(stored))
        if (outcome) return { outcome }
      }
      const unwritable = request.adoptStored && base?.parsed.refreshToken !== undefined ? await access.checkWritable() : undefined
      if (lost?.aborted) throw storeError(access.name, 'be locked', lost.reason)
      const result = await request.exchange(base, unwritable, lost)
      if (result.type === 'received' || result.type === 'rotated') return await save(result)
      if (superseded.aborted) return { outcome: { type: 'superseded' } }
      if (result.type === 'failed') return failed(result.error)
      const ended: RenewOutcome = { type: 'ended', error: result.error, ...(result.keepStored && base && { retained: base }) }
      const found = await findSuccessor(access, result.keepStored, superseded)
      if (superseded.aborted) return { outcome: { type: 'superseded' } }
      if (!found) return { outcome: ended }
      const outcome = evaluate(compare(found))
      if (outcome) return { outcome }
    }
  } catch (error) {
    return failed(error as OAuthError)
  }

  async function save(result: { type: string; record: TokenRecord; error?: OAuthError }): Promise<Renewal> {
    const { record, error } = result
    let saveError: OAuthError | undefined
    const replaced = await access.replace(recordToJSON(record), superseded).catch((reason: unknown) => {
      saveError = reason as OAuthError
    })
    if (superseded.aborted) return { outcome: { type: 'superseded' }, unused: record }
    if (replaced?.type === 'conflict') {
      const change = compare(replaced.found)
      if (change.type !== 'saved') return { outcome: change, unused: record }
      // An earlier write of the set in use has arrived late. The content is known now, so the next write replaces it.
      return save(result)
    }
    if (error) {
      adopted = record
      return failed(error)
    }
    return { outcome: { type: 'refreshed', record, ...(saveError && { saveError }) } }
  }
}

/** Deletes the set whose refresh token was refused, unless another session has stored a newer one: resolves with that one. */
async function findSuccessor(access: StoreAccess, keepStored: boolean, superseded: Superseded): Promise<TokenJSON | undefined> {
  try {
    if (!keepStored) {
      const replaced = await access.replace(undefined, superseded)
      return replaced.type === 'conflict' ? replaced.found : undefined
    }
    const stored = await access.read()
    return access.changedExternally(stored) ? stored : undefined
  } catch {
    // The session ends in any case; a set that could not be deleted will be refused again.
    return undefined
  }
}

/** Saves a set that could not be saved before, unless the store has changed. */
export async function saveRecord(
  access: StoreAccess,
  record: TokenRecord,
  superseded: Superseded,
  now: () => number,
): Promise<SaveOutcome> {
  const result = await access.replace(recordToJSON(record), superseded)
  if (superseded.aborted) return { type: 'superseded' }
  if (result.type !== 'conflict') return { type: 'saved' }
  // The change stays news: a refresh under way must not overwrite it.
  return compareStored(access.name, result.found, record, now())
}
