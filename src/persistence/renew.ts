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
import { internalError } from '../session/refresh-error.js'
import { recordToJSON, type TokenRecord } from '../token-record.js'
import type { TokenJSON } from '../types.js'
import { compareStored, type StoredDifference } from './compare-stored.js'
import { storeError, type Conflict, type StoreAccess } from './store-access.js'

/** Reads the store again, then adopts a newer set, or exchanges and saves. Never rejects. */
export async function renewTokens(
  access: StoreAccess,
  environment: Environment,
  settings: PersistenceSettings,
  request: RenewRequest,
  lost?: AbortSignal,
): Promise<Renewal> {
  const { adoptStored, isLate, superseded } = request
  /** The set whose refresh token is sent. */
  let base = request.current
  /** A newer stored set that is itself due for a refresh. */
  let adopted: TokenRecord | undefined
  /** The set that the exchange has brought. */
  let received: TokenRecord | undefined
  /** Why the response is unusable, if it has brought no more than a new refresh token. */
  let refusal: OAuthError | undefined

  /** The outcome of a stored change; `undefined` when the refresh continues with the changed set. */
  async function readAgain(): Promise<RenewOutcome | undefined> {
    const stored = await access.read()
    return access.changedExternally(stored) ? evaluate(compare(stored)) : undefined
  }

  /** The outcome of the token request; `undefined` when the refresh continues with another stored set. */
  async function exchange(): Promise<RenewOutcome | undefined> {
    const rotates = adoptStored && base?.parsed.refreshToken !== undefined
    const unwritable = rotates ? await access.checkWritable() : undefined
    if (superseded.aborted) return { type: 'superseded' }
    if (lost?.aborted) throw storeError(access.name, 'be locked', lost.reason)
    const result = await request.exchange(base, unwritable, lost)
    if (result.type === 'failed') return failed(result.error)
    if (result.type === 'ended') return end(result)
    received = result.record
    refusal = result.type === 'rotated' ? result.error : undefined
    return save(received, refusal)
  }

  async function save(record: TokenRecord, error: OAuthError | undefined): Promise<RenewOutcome> {
    let saveError: OAuthError | undefined
    const conflict = await access.replace(recordToJSON(record), superseded).catch((reason: unknown) => {
      saveError = reason as OAuthError
    })
    if (conflict) {
      const change = compare(conflict.found)
      // An earlier write of the set in use may have arrived late. The content is known now, so the next write replaces it.
      return change.type === 'saved' ? save(record, error) : change
    }
    return outcomeOf(record, error, saveError)
  }

  /** The refresh token was refused: the session ends, unless the store has a newer set. */
  async function end({ error, keepStored }: Extract<ExchangeResult, { type: 'ended' }>): Promise<RenewOutcome | undefined> {
    const found = await findSuccessor(access, keepStored, superseded)
    if (found) return evaluate(compare(found))
    return { type: 'ended', error, ...(keepStored && base && { retained: base }) }
  }

  function compare(stored: TokenJSON | undefined): StoredDifference {
    const change = compareStored(access.name, stored, base, environment.now())
    // An unreadable record, or a change that is not applied, is reported again.
    if (!superseded.aborted) access.acknowledge(stored)
    return change
  }

  function evaluate(change: StoredDifference): RenewOutcome | undefined {
    if (change.type === 'saved') return undefined
    if (change.type === 'removed') return base && change
    if (change.type === 'user_changed' || isLate || (adoptStored && isNewer(change.record))) return change
    base = adopted = change.record
    return undefined
  }

  /** Does this stored set make the token request unnecessary? */
  function isNewer({ parsed }: TokenRecord): boolean {
    const { accessToken } = parsed
    if (accessToken === undefined || accessToken === base?.parsed.accessToken) return false
    return environment.now() < windowsOf(parsed, 0, settings.policy).blockFrom
  }

  function failed(error: OAuthError): RenewOutcome {
    return { type: 'failed', error, ...(adopted && { adopted }) }
  }

  async function run(): Promise<RenewOutcome> {
    for (;;) {
      const outcome = (await readAgain()) ?? (await exchange())
      if (outcome) return outcome
    }
  }

  const reached = await run().catch((cause: unknown) => {
    const error = internalError(cause)
    // A response that has arrived is not lost.
    if (received) return outcomeOf(received, refusal, error)
    return adoptStored ? failed(error) : useUnsaved(request, error)
  })
  const outcome: RenewOutcome = superseded.aborted ? { type: 'superseded' } : reached
  const isUsed = outcome.type === 'refreshed' || (outcome.type === 'failed' && outcome.rotated)
  return { outcome, ...(received && !isUsed && { unused: received }) }
}

function outcomeOf(record: TokenRecord, error: OAuthError | undefined, saveError: OAuthError | undefined): RenewOutcome {
  const saved = { record, ...(saveError && { saveError }) }
  return error ? { type: 'failed', error, rotated: saved } : { type: 'refreshed', ...saved }
}

/** Uses a token response that has already arrived while the store can't be locked or read. The session saves the set later. */
export async function useUnsaved({ exchange, current }: RenewRequest, saveError: OAuthError): Promise<RenewOutcome> {
  const result = await exchange(current, undefined, undefined)
  if (result.type !== 'received' && result.type !== 'rotated') return { type: 'failed', error: result.error }
  return outcomeOf(result.record, result.type === 'rotated' ? result.error : undefined, saveError)
}

/** Deletes the set whose refresh token was refused. If another session has stored a newer set, keeps it and resolves with it. */
async function findSuccessor(access: StoreAccess, keepStored: boolean, signal: Superseded): Promise<TokenJSON | undefined> {
  try {
    if (!keepStored) return (await access.replace(undefined, signal))?.found
    const stored = await access.read()
    return access.changedExternally(stored) ? stored : undefined
  } catch {
    // The session ends even so. A set that could not be deleted will be refused again.
    return undefined
  }
}

/** Saves the set in use, unless the store has changed. `restores`: also to a store that has become empty. */
export async function saveRecord(
  access: StoreAccess,
  record: TokenRecord,
  signal: Superseded,
  now: () => number,
  restores = false,
): Promise<SaveOutcome> {
  const json = recordToJSON(record)
  const outcomeOfSave = (conflict: Conflict | undefined): SaveOutcome => {
    if (signal.aborted) return { type: 'superseded' }
    // A change is not acknowledged: a refresh under way must not overwrite it.
    return conflict ? compareStored(access.name, conflict.found, record, now()) : { type: 'saved' }
  }
  const conflict = await access.replace(json, signal, restores)
  const outcome = outcomeOfSave(conflict)
  if (!conflict || outcome.type !== 'saved') return outcome
  // The store holds these tokens, perhaps without the name of the user. Once known, its content can be replaced.
  access.acknowledge(conflict.found)
  return outcomeOfSave(await access.replace(json, signal, restores))
}
