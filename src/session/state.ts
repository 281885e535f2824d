import type { OAuthError } from '../errors.js'
import { windowsOf, type Windows } from '../policy.js'
import { isOtherUser, isRepeatedSignIn, isSameUser, type Identity, type TokenRecord, withUserOf } from '../token-record.js'
import type { Clock } from './clock.js'
import type { Environment } from './environment.js'
import { newEpoch, type Epoch } from './epoch.js'
import type { EventCall, RefreshEnd, SignOutReason } from './events.js'
import type { SessionSettings } from './settings.js'

/** The token set in use. */
export interface ActiveToken extends Windows {
  readonly record: TokenRecord
  readonly accessToken: string | undefined
  readonly expiresAt: number
  /** Increases with each adopted set. */
  readonly generation: number
  readonly epoch: Epoch
  /** The time of the token response, received here or elsewhere: milliseconds on the monotonic clock. */
  readonly receivedAt: number
}

export type State =
  /** The store has not been read yet. */
  | { readonly status: 'unknown' }
  /** The store can't be read. */
  | { readonly status: 'unavailable'; readonly error: OAuthError }
  /** `saveError`: why the set is kept in memory only, and since when on the monotonic clock. */
  | { readonly status: 'signed_in'; readonly token: ActiveToken; readonly saveError?: OAuthError; readonly saveFailedAt: number }
  /** `empty`: the store held no token set. `retained`: the set that stays in the store because its end is only inferred. */
  | {
      readonly status: 'signed_out'
      readonly reason: SignOutReason | 'empty'
      readonly at: number
      readonly retained?: TokenRecord
    }

/** An event that changes the state of a session. */
export type StateChange =
  | { readonly type: 'load_failed'; readonly error: OAuthError }
  | { readonly type: 'signed_in'; readonly record: TokenRecord }
  | {
      readonly type: 'refreshed'
      readonly record: TokenRecord
      readonly saveError?: OAuthError | undefined
      readonly end: RefreshEnd
      /** The time since the token request, in milliseconds: the token is not older, even if the clock has jumped. */
      readonly maxAge: number
    }
  | { readonly type: 'adopted' | 'user_changed'; readonly record: TokenRecord }
  | { readonly type: 'removed' }
  | { readonly type: 'signed_out'; readonly reason: SignOutReason; readonly retained?: TokenRecord | undefined }
  /** A failed refresh has brought a new refresh token. */
  | { readonly type: 'rotated'; readonly record: TokenRecord; readonly saveError?: OAuthError | undefined }
  /** The set in use was saved or, if there is a `saveError`, could not be saved. */
  | { readonly type: 'saved'; readonly saveError?: OAuthError | undefined }

/** The state of a session and its transitions. `apply` starts no work and calls no listener; it returns the events. */
export class SessionState {
  readonly #environment: Environment
  readonly #clock: Clock
  readonly #settings: SessionSettings
  #state: State = { status: 'unknown' }
  #generation = 0
  #epoch = newEpoch({})
  /** The user of the last sign-in, even after its end. */
  #lastIdentity: Identity | undefined
  /** The epoch of a set that stays in the store after its end. */
  #retainedEpoch: Epoch | undefined
  #isBlocked = false

  /**
   * The token that requests may use without further checks until `useUntil` (on the platform's clock). Read for every request.
   */
  token: ActiveToken | undefined
  useUntil = -Infinity
  lastSeen = -Infinity

  constructor(environment: Environment, clock: Clock, settings: SessionSettings) {
    this.#environment = environment
    this.#clock = clock
    this.#settings = settings
  }

  get current(): State {
    return this.#state
  }

  get record(): TokenRecord | undefined {
    return this.token?.record
  }

  get generation(): number {
    return this.#generation
  }

  get epoch(): Epoch {
    return this.#epoch
  }

  /** A refresh for a rejected token is under way; until it ends, no request uses the present token. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked
    this.updateFastPath()
  }

  /** Can the token in use be refreshed? */
  get canRefresh(): boolean {
    return this.#canRefreshWith(this.record)
  }

  #canRefreshWith(record: TokenRecord | undefined): boolean {
    const { refresh } = this.#settings
    return refresh !== undefined && (!refresh.needsRefreshToken || record?.parsed.refreshToken !== undefined)
  }

  apply(change: StateChange): EventCall[] {
    const before = this.#state
    switch (change.type) {
      case 'load_failed':
        if (before.status === 'unknown' || before.status === 'unavailable')
          this.#set({ status: 'unavailable', error: change.error })
        return []
      case 'signed_in':
        return this.#signIn(change.record)
      case 'adopted':
      case 'user_changed':
        return this.#adoptStored(change.record, change.type === 'user_changed')
      case 'refreshed': {
        if (before.status === 'signed_out' && before.reason !== 'empty')
          this.#startEpoch(change.record.identity, this.#retainedEpoch)
        // The ID token names another user, for instance because the backend's cookie does.
        const isOther = this.#lastIdentity !== undefined && isSameUser(this.#lastIdentity, change.record.identity) === false
        if (isOther) this.#startEpoch(change.record.identity)
        const { generation, expiresAt } = this.#adopt(change.record, change.saveError, change.maxAge)
        const event: EventCall = [
          'refreshed',
          { ...change.end, generation, expiresAt: expiresAt === Infinity ? undefined : expiresAt },
        ]
        const saved: EventCall = change.saveError ? ['unpersisted', { error: change.saveError }] : ['saved', { generation }]
        return isOther ? [['user_changed', { generation }], event, saved] : [event, saved]
      }
      case 'removed':
        if (before.status === 'signed_in') return this.#signOut('elsewhere', undefined)
        if (before.status !== 'signed_out') this.#set({ status: 'signed_out', reason: 'empty', at: this.#environment.now() })
        return []
      case 'signed_out':
        return this.#signOut(change.reason, change.retained)
      case 'rotated':
        return this.#rotate(change.record, change.saveError)
      case 'saved':
        return this.token ? this.#keep(this.token, change.saveError) : []
    }
  }

  /** Joins the present epoch with an earlier one, unless they are known to be those of two users. */
  mergeEpoch(earlier: Epoch): void {
    if (isSameUser(earlier.identity, this.#epoch.identity) !== false) this.#epoch.group = earlier.group
  }

  /** Call after a change of the clock or the settings. */
  updateFastPath(): void {
    const state = this.#state
    const isPlain = state.status === 'signed_in' && !this.#isBlocked && !state.saveError && state.token.accessToken !== undefined
    this.useUntil = isPlain ? this.#clock.toPlatform(state.token.refreshFrom) : -Infinity
  }

  #signIn(record: TokenRecord): EventCall[] {
    const before = this.#lastIdentity
    const isKnown = before !== undefined && isSameUser(before, record.identity) === true
    const isSame = isKnown || (this.token !== undefined && isRepeatedSignIn(this.token.record, record))
    if (!isSame || this.#state.status !== 'signed_in') this.#startEpoch(record.identity)
    const isSameToken = isSame && this.token?.accessToken !== undefined && this.token.accessToken === record.parsed.accessToken
    const saveError = isSameToken && this.#state.status === 'signed_in' ? this.#state.saveError : undefined
    const { generation } = this.#adopt(record, saveError, undefined, isSameToken ? this.#generation : undefined)
    const isChange = before !== undefined && !isSame
    return [['signed_in', { generation }], ...(isChange ? ([['user_changed', { generation }]] as EventCall[]) : [])]
  }

  #adoptStored(record: TokenRecord, isUserChange: boolean): EventCall[] {
    const { status } = this.#state
    const before = this.#lastIdentity
    const isOther = isUserChange || (status === 'signed_out' && before !== undefined && isOtherUser(before, record.identity))
    // A 401 to an access token that is stored again is no 401 to an older token.
    const isSameToken = !isOther && this.token?.accessToken !== undefined && this.token.accessToken === record.parsed.accessToken
    if (isOther || status === 'signed_out') this.#startEpoch(record.identity)
    const adopted = isOther || status !== 'signed_in' ? record : withUserOf(before, record)
    const { generation } = this.#adopt(adopted, undefined, undefined, isSameToken ? this.#generation : undefined)
    if (status === 'unknown' || status === 'unavailable') return []
    return [...(isOther ? ([['user_changed', { generation }]] as EventCall[]) : []), ['adopted', { generation }]]
  }

  #signOut(reason: SignOutReason, retained: TokenRecord | undefined): EventCall[] {
    const isNews = this.#state.status !== 'signed_out'
    this.#generation++
    this.#retainedEpoch = retained && this.#epoch
    this.#startEpoch({})
    this.#set({ status: 'signed_out', reason, at: this.#environment.now(), ...(retained && { retained }) })
    return isNews ? [['signed_out', { reason }]] : []
  }

  #startEpoch(identity: Identity, continued?: Epoch): void {
    this.#epoch = newEpoch(identity)
    if (continued) this.mergeEpoch(continued)
  }

  /** `maxAge`: in milliseconds. A clock jump can't make the new token look older than that. */
  #adopt(record: TokenRecord, saveError?: OAuthError, maxAge = Infinity, generation = ++this.#generation): ActiveToken {
    const { accessToken, expiresAt, lifetime } = record.parsed
    const age = lifetime === Infinity ? 0 : Math.max(0, Math.min(this.#environment.now() - (expiresAt - lifetime), maxAge))
    this.#lastIdentity = record.identity
    this.#epoch.identity = record.identity
    this.#clock.anchor()
    this.#isBlocked = false
    const receivedAt = this.#environment.monotonic() - age
    // Without a way to refresh, a token is used until it expires.
    const windows = this.#canRefreshWith(record)
      ? windowsOf(record.parsed, this.#environment.random(), this.#settings.policy)
      : { refreshFrom: expiresAt, blockFrom: expiresAt }
    const token = { ...windows, record, accessToken, expiresAt, generation, epoch: this.#epoch, receivedAt }
    this.#use(token, saveError)
    return token
  }

  #rotate(record: TokenRecord, saveError: OAuthError | undefined): EventCall[] {
    const { token } = this
    if (token && token.accessToken === record.parsed.accessToken) return this.#keep({ ...token, record }, saveError)
    const events = this.#adoptStored(record, false)
    return saveError && this.token ? [...events, ...this.#keep(this.token, saveError)] : events
  }

  /** Uses the same access token as before. */
  #keep(token: ActiveToken, saveError?: OAuthError): EventCall[] {
    this.#use(token, saveError)
    return [saveError ? ['unpersisted', { error: saveError }] : ['saved', { generation: token.generation }]]
  }

  #use(token: ActiveToken, saveError: OAuthError | undefined): void {
    this.#set({ status: 'signed_in', token, saveFailedAt: this.#environment.monotonic(), ...(saveError && { saveError }) })
  }

  #set(state: State): void {
    this.#state = state
    this.token = state.status === 'signed_in' ? state.token : undefined
    this.updateFastPath()
  }
}
