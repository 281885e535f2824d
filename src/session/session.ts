import { OAuthError, isOAuthError } from '../errors.js'
import { windowsOf, type PolicySettings } from '../policy.js'
import { mergeTokens, readTokens, sameTokens, type Credentials } from '../tokens.js'
import type { RefreshFunction, RefreshReason, RevokeFunction, TokenJSON, TokenResponse, TokenSet, TokenStore } from '../types.js'
import { Brakes } from './brakes.js'
import { Clock } from './clock.js'
import type { Environment } from './environment.js'
import { Events, type SessionEvents, type SessionListener, type SignOutReason } from './events.js'
import { Flight } from './flight.js'
import { snapshotOf, type Held, type SessionSnapshot, type State } from './state.js'
import { noRefreshToken, renew, type RenewalTools } from './renewal.js'
import { refreshError } from './token-request.js'
import { Vault, type VaultLimits } from './vault.js'
import { Watchers } from './watchers.js'

/** How a session behaves; all resolved. Times in milliseconds. */
export interface SessionSettings extends VaultLimits {
  readonly refresh: RefreshFunction | undefined
  readonly revoke: RevokeFunction | undefined
  readonly flightTimeout: number
  readonly policy: PolicySettings
  readonly strictSaving: boolean
  readonly rejectSignedOut: boolean
}

const noop = (): void => undefined

/** Within this many milliseconds a request passes from the first question for a token to the second one. */
const MOMENT = 1000

const CHANGED_HANDS = 'Somebody signed in or out while this request was under way.'

/** How long a set that could not be stored waits before the next try, in milliseconds. */
const SAVE_AGAIN_AFTER = 1000
/** The same under the lock, where others wait. */
const KEEP_SAVING_PAUSE = 100

/** The one owner of a token set in this process: load → decide → refresh → save → tell. */
export class Session {
  readonly #events = new Events()
  readonly #vault: Vault
  readonly #environment: Environment
  readonly #settings: SessionSettings
  readonly #clock: Clock
  readonly #brakes: Brakes
  readonly #watchers = new Watchers(() => snapshotOf(this.#state, this.#generation, this.#flight !== undefined))

  #state: State = { status: 'unknown' }
  #generation = 0
  #epoch = 0
  #flight: Flight | undefined
  #looking: Promise<void> | undefined

  /** The usual request is answered from these three: until then there is nothing to decide. */
  #held: Held | undefined
  #quietUntil = -Infinity
  #lastSeen = -Infinity

  #savingAgainFrom = 0

  #watching = 0
  #unsubscribeStore: (() => void) | undefined

  /** What a renewal may do to this session. */
  readonly #renewal: RenewalTools

  constructor(store: TokenStore, settings: SessionSettings, environment: Environment) {
    this.#settings = settings
    this.#environment = environment
    this.#clock = new Clock(environment)
    this.#brakes = new Brakes(settings.policy)
    this.#vault = new Vault(store, environment, settings)
    this.#renewal = {
      environment,
      settings,
      vault: this.#vault,
      clock: this.#clock,
      held: () => this.#held,
      asks: () => this.#countRefresh(),
      takeOver: (stored) => this.#takeOver(stored),
      adopt: (credentials) => this.#adopt(credentials),
      revoke: (tokens) => void this.#revoke(tokens),
      stored: (held) => this.#events.emit('saved', { generation: held.generation }),
      unsaved: (held, error) => this.#keepInMemory(held, error),
      keepSaving: (held, lost) => this.#keepSaving(held, lost),
      refreshed: ({ generation, credentials }) =>
        this.#events.emit('refreshed', {
          generation,
          expiresAt: credentials.expiresAt === Infinity ? undefined : credentials.expiresAt,
        }),
    }
  }

  // ── for applications ────────────────────────────────────────────────────────────────────────────

  /** The present token set, read from the store at the first call; `undefined` when nobody is signed in. Rejects with `OAUTH_STORE_FAILED` or `OAUTH_TOKEN_INVALID`. */
  readonly tokens = async (): Promise<TokenSet | undefined> => {
    await this.#loaded()
    return this.#held && structuredClone(this.#held.credentials.tokens)
  }

  /**
   * Adopts and stores a token set, such as the answer to an authorization code grant. Requests that still wait under the old sign-in reject.
   * Rejects with `OAUTH_TOKEN_INVALID` when the set can't be used (nothing changes then). A set that could not be stored lives on in memory.
   */
  readonly signIn = async (tokens: TokenJSON): Promise<void> => {
    const credentials = mergeTokens(undefined, tokens, this.#clock.now())
    const before = this.#state.status
    this.#epoch++
    const held = this.#adopt(credentials)
    this.#watchers.changed()
    if (before === 'signed-in')
      this.#overtake(new OAuthError('OAUTH_SIGNED_OUT', 'Somebody signed in while this request was waiting. Send it again.'))
    else this.#overtake(held)
    this.#events.emit('signed_in', { generation: held.generation })
    try {
      await this.#vault.set(credentials.tokens)
      this.#events.emit('saved', { generation: held.generation })
    } catch (error) {
      this.#keepInMemory(held, error)
      if (this.#settings.strictSaving) throw error
    }
  }

  /**
   * Forgets the token set here and in the store. With `revoke: true` the server is told as well (RFC 7009); whether that worked is
   * the result's `revoked`. Rejects with `OAUTH_STORE_FAILED` when the stored set could not be deleted: signed out here, but call it again.
   */
  readonly signOut = async (options?: { readonly revoke?: boolean }): Promise<{ revoked: boolean; error?: unknown }> => {
    const revoke = options?.revoke === true
    const held = this.#held?.credentials.tokens
    this.#end('requested', new OAuthError('OAUTH_SIGNED_OUT', 'Signed out while this request was waiting.'))
    const stored = await this.#vault.set(undefined)
    return revoke ? this.#revoke(held ?? stored) : { revoked: false }
  }

  /** Refreshes now, whatever the expiry says; joins a refresh that is under way. Resolves with the new set, rejects with the typed error. */
  readonly refresh = async (): Promise<TokenSet> => {
    await this.#loaded()
    this.#brakes.release()
    return structuredClone((await this.#startOrJoin('requested')).credentials.tokens)
  }

  /** Listens to an event; returns its own undo. A listener that throws changes nothing. */
  readonly on = <Name extends keyof SessionEvents>(name: Name, listener: SessionListener<Name>): (() => void) =>
    this.#events.on(name, listener)

  /** What the session shows of itself. The same object until something changes: fits `useSyncExternalStore(session.subscribe, session.getSnapshot)`. */
  readonly getSnapshot = (): SessionSnapshot => this.#watchers.snapshot

  /** Calls `listener` after each change of the snapshot; returns its own undo. */
  readonly subscribe = (listener: () => void): (() => void) => this.#watchers.subscribe(listener)

  // ── for the interceptors ────────────────────────────────────────────────────────────────────────

  get events(): Events {
    return this.#events
  }

  /**
   * The token to send with, when there is one in memory and nothing to wait for. `careful`: the request can't be sent twice, so it doesn't gamble.
   * `again`: it was asked for a moment ago, and what was good then still is, since nobody can wait any more.
   */
  current(careful = false, again = false): Held | undefined {
    const now = this.#environment.now()
    if (now >= this.#lastSeen && now < this.#quietUntil) {
      this.#lastSeen = now
      return this.#held
    }
    return this.#decide(now, careful, again)
  }

  /** True when nobody is signed in and no flight can change that. */
  get #signedOut(): boolean {
    const { refresh } = this.#settings
    const state = this.#state
    return (
      state.status === 'signed-out' && (state.reason !== 'empty' || refresh === undefined || refresh.needsRefreshToken === true)
    )
  }

  /** The token to send with, as soon as there is one; `undefined` when the request is to go out without. */
  async acquire(careful = false): Promise<Held | undefined> {
    const epoch = this.#epoch
    await this.#loaded()
    if (epoch !== this.#epoch) throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
    // Somebody else may have signed in since. A store in trouble doesn't keep a login route from working.
    if (this.#signedOut) await this.#look().catch(noop)
    const held = this.current(careful)
    if (held) return held
    if (this.#signedOut) {
      if (!this.#settings.rejectSignedOut) return undefined
      throw new OAuthError('OAUTH_SIGNED_OUT', 'Nobody is signed in: call signIn(tokens) first.')
    }
    const present = this.#held
    try {
      return await this.#startOrJoin(present ? 'expired' : 'missing')
    } catch (error) {
      // As long as the present token is valid, a token endpoint in trouble is nobody's trouble.
      if (
        present &&
        present === this.#held &&
        this.#isValid(present) &&
        !(isOAuthError(error) && error.code === 'OAUTH_SIGNED_OUT')
      )
        return present
      throw error
    }
  }

  /** A token other than the one of `rejected`, which the resource server has refused. */
  async renew(rejected: Held): Promise<Held> {
    const state = this.#state
    if (state.status !== 'signed-in' || state.held.epoch !== rejected.epoch)
      throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
    if (state.held.generation === rejected.generation) this.#set({ ...state, rejected: true })
    else if (!state.rejected && this.#clock.now() < state.held.waitFrom) return state.held
    return this.#startOrJoin('rejected')
  }

  /**
   * Adopts and stores what `work` gets as if a refresh had got it: a stronger sign-in of the same user lasts as long as it takes, and holds up nobody
   * meanwhile. Rejects as `work` does, and when somebody has signed in or out since.
   */
  async obtain(work: () => Promise<TokenResponse>): Promise<Held> {
    const epoch = this.#epoch
    const answer = await work()
    while (this.#flight) await this.#flight.landed.catch(noop)
    if (epoch === this.#epoch) return this.#start('step_up', answer)
    void this.#revoke(answer)
    throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
  }

  /** Listens to the store from now on, where it can notify. Returns the undo; the last one ends the listening. */
  watchStore(): () => void {
    this.#watching++
    this.#unsubscribeStore ??= this.#vault.subscribe(() => {
      if (this.#state.status !== 'unknown' && !this.#flight) this.#lookAgain().catch(noop)
    })
    return () => {
      if (--this.#watching > 0) return
      this.#unsubscribeStore?.()
      this.#unsubscribeStore = undefined
    }
  }

  // ── deciding ────────────────────────────────────────────────────────────────────────────────────

  #decide(localNow: number, careful: boolean, again: boolean): Held | undefined {
    const asked = again && localNow - this.#lastSeen < MOMENT ? Math.min(localNow, this.#lastSeen) : localNow
    if (this.#clock.jumpedBack(localNow, this.#lastSeen)) this.#quiet()
    this.#lastSeen = localNow
    const state = this.#state
    if (state.status !== 'signed-in' || state.rejected) return undefined
    const now = this.#clock.fromLocal(localNow)
    const then = this.#clock.fromLocal(asked)
    if (then >= state.held.waitFrom) return undefined
    if (state.unpersisted) this.#saveAgain(state.held)
    if (now >= state.held.refreshFrom && !this.#refusal()) {
      const refreshing = this.#startOrJoin('expired')
      refreshing.catch(noop)
      if (careful && then >= state.held.refreshFrom) return undefined
    }
    return state.held
  }

  #isValid(held: Held): boolean {
    return this.#state.status === 'signed-in' && !this.#state.rejected && this.#clock.now() < held.credentials.expiresAt
  }

  #quiet(): void {
    const state = this.#state
    const quiet = state.status === 'signed-in' && !state.rejected && !state.unpersisted
    this.#quietUntil = quiet ? this.#clock.toLocal(state.held.refreshFrom) : -Infinity
  }

  /** Why no flight may start now, if that is so. */
  #refusal(reason?: RefreshReason): OAuthError | undefined {
    const token = this.#refreshToken()
    if (this.#held && this.#settings.refresh?.needsRefreshToken && token === undefined && reason !== 'requested')
      return noRefreshToken()
    return this.#brakes.refusal(token, this.#environment.monotonic())
  }

  #refreshToken(): string | undefined {
    return this.#held?.credentials.tokens.refresh_token
  }

  // ── loading ─────────────────────────────────────────────────────────────────────────────────────

  #loaded(): Promise<void> {
    return this.#state.status === 'unknown' ? this.#look() : Promise.resolve()
  }

  /** All who look at the same time share one reading. */
  #look(): Promise<void> {
    return (this.#looking ??= this.#lookAgain().finally(() => (this.#looking = undefined)))
  }

  /** Reads the store and takes over what somebody else has put there. */
  async #lookAgain(): Promise<void> {
    const generation = this.#generation
    const stored = await this.#vault.look()
    // Whatever happened here meanwhile is newer than what was read.
    if (generation !== this.#generation || this.#flight) return
    if (this.#state.status === 'unknown' || this.#vault.moved(stored)) this.#takeOver(stored)()
  }

  /** Takes over what somebody else has stored. Perhaps under a lock: returns what is left to be done once it is free, telling it. */
  #takeOver(stored: TokenJSON | undefined): () => void {
    const { status } = this.#state
    if (this.#state.status === 'signed-in' && stored && sameTokens(stored, this.#state.held.credentials.tokens)) {
      // A save that was given up has arrived after all.
      this.#vault.know(stored)
      this.#set({ status: 'signed-in', held: this.#state.held, rejected: this.#state.rejected })
      return () => this.#watchers.changed()
    }
    if (stored) {
      const credentials = this.#readTokens(stored)
      this.#vault.know(stored)
      if (status === 'signed-out') this.#epoch++
      const { expiresAt, lifetime } = credentials
      const age = lifetime === Infinity ? 0 : Math.max(0, this.#clock.now() - (expiresAt - lifetime))
      const { generation } = this.#adopt(credentials, age)
      return () => {
        this.#watchers.changed()
        if (status !== 'unknown') this.#events.emit('adopted', { generation })
      }
    }
    if (status === 'unknown') this.#set({ status: 'signed-out', reason: 'empty' })
    if (status !== 'signed-in') return () => this.#watchers.changed()
    this.#vault.know(undefined)
    return () => this.#end('elsewhere', new OAuthError('OAUTH_SIGNED_OUT', 'Signed out elsewhere: sign in again.'))
  }

  #readTokens(stored: TokenJSON): Credentials {
    try {
      return readTokens(stored, this.#clock.now())
    } catch (error) {
      throw new OAuthError(
        'OAUTH_TOKEN_INVALID',
        `The token store (${this.#vault.name}) holds no usable token set. ${(error as Error).message}`,
      )
    }
  }

  // ── the flight ──────────────────────────────────────────────────────────────────────────────────

  #startOrJoin(reason: RefreshReason): Promise<Held> {
    if (this.#flight) return this.#flight.landed
    const refusal = this.#refusal(reason)
    if (refusal) return Promise.reject(refusal)
    return this.#start(reason)
  }

  /** What a neighbour has refreshed is not counted, only what goes to the token endpoint. */
  #countRefresh(): void {
    const lifetime = this.#held?.credentials.lifetime ?? Infinity
    this.#brakes.started(this.#environment.monotonic(), lifetime > 0 && this.#clock.sinceAnchor() >= lifetime / 2)
  }

  #start(reason: RefreshReason | 'step_up', answer?: TokenResponse): Promise<Held> {
    const flight = (this.#flight = new Flight(answer))
    this.#watchers.changed()
    this.#events.emit('refresh_started', { reason })
    this.#vault
      .exclusively((lost, leave) => renew(this.#renewal, flight, reason as RefreshReason, lost, leave))
      .then(
        (tell) => this.#landed(flight, tell),
        (error: unknown) => this.#failed(flight, error),
      )
    return flight.landed
  }

  #landed(flight: Flight, tell: () => void): void {
    if (this.#flight === flight) this.#flight = undefined
    this.#brakes.release()
    let failure: unknown
    try {
      tell()
    } catch (error) {
      failure = error
    }
    this.#watchers.changed()
    if (failure !== undefined) flight.fail(failure)
    else if (this.#held) flight.land(this.#held)
    else flight.fail(new OAuthError('OAUTH_SIGNED_OUT', 'Signed out elsewhere: sign in again.'))
  }

  #failed(flight: Flight, reason: unknown): void {
    if (this.#flight === flight) this.#flight = undefined
    const error = refreshError(reason, this.#clock.now())
    flight.fail(error)
    if (flight.overtaken) return
    this.#events.emit('refresh_failed', { error })
    if (error.code === 'OAUTH_INVALID_GRANT') this.#end('invalid_grant', error)
    else if (!flight.answer && (error.code === 'OAUTH_REFRESH_UNAVAILABLE' || error.code === 'OAUTH_CLIENT_REFUSED'))
      this.#brakes.failed(this.#refreshToken(), this.#environment.monotonic(), error)
    this.#watchers.changed()
  }

  // ── changing ────────────────────────────────────────────────────────────────────────────────────

  /** `age`: how long ago somebody else has received it, in milliseconds. */
  #adopt(credentials: Credentials, age = 0): Held {
    const { refresh } = this.#settings
    const stuck = refresh?.needsRefreshToken === true && credentials.tokens.refresh_token === undefined
    const windows = stuck
      ? { refreshFrom: credentials.expiresAt, waitFrom: credentials.expiresAt }
      : windowsOf(credentials, this.#environment.random(), this.#settings.policy)
    const { authorization } = credentials
    const held: Held = { credentials, authorization, generation: ++this.#generation, epoch: this.#epoch, ...windows }
    this.#clock.anchor(age)
    this.#set({ status: 'signed-in', held, rejected: false })
    return held
  }

  #end(reason: SignOutReason, error: OAuthError): void {
    const wasSignedIn = this.#state.status !== 'signed-out'
    this.#epoch++
    this.#generation++
    this.#brakes.release()
    this.#set({ status: 'signed-out', reason })
    this.#watchers.changed()
    this.#overtake(error)
    if (wasSignedIn) this.#events.emit('signed_out', { reason })
  }

  /** A flight that is under way can't bring the old session back. */
  #overtake(outcome: Held | OAuthError): void {
    const flight = this.#flight
    if (!flight) return
    flight.overtaken = true
    this.#flight = undefined
    if (isOAuthError(outcome)) flight.fail(outcome)
    else flight.land(outcome)
    this.#watchers.changed()
  }

  #keepInMemory(held: Held, reason: unknown): void {
    const error = reason as OAuthError
    this.#savingAgainFrom = this.#environment.monotonic() + SAVE_AGAIN_AFTER
    if (this.#state.status === 'signed-in' && this.#state.held === held) this.#set({ ...this.#state, unpersisted: error })
    this.#watchers.changed()
    this.#events.emit('unpersisted', { error })
  }

  /** Every later chance is taken to store what could not be stored. */
  #saveAgain(held: Held): void {
    if (this.#flight || this.#environment.monotonic() < this.#savingAgainFrom) return
    this.#savingAgainFrom = Infinity
    this.#vault
      .exclusively(() => this.#save(held))
      .then((tell) => tell())
      .catch(noop)
      .finally(() => (this.#savingAgainFrom = this.#environment.monotonic() + SAVE_AGAIN_AFTER))
  }

  /** Stores what could not be stored, unless it was replaced meanwhile; returns what is to be told. */
  async #save(held: Held): Promise<() => void> {
    const { stored, found } = await this.#vault.replace(held.credentials.tokens, () => this.#held === held)
    if (this.#state.status !== 'signed-in' || this.#state.held !== held) return noop
    if (!stored) return this.#takeOver(found)
    this.#set({ status: 'signed-in', held, rejected: this.#state.rejected })
    return () => {
      this.#watchers.changed()
      this.#events.emit('saved', { generation: held.generation })
    }
  }

  /** Goes on saving under the lock, for as long again as one step of the store may take. A lock that is lost allows one more try: what has moved on refuses it. */
  async #keepSaving(held: Held, lost: AbortSignal | undefined): Promise<() => void> {
    const environment = this.#environment
    const end = environment.monotonic() + this.#settings.storeTimeout
    for (;;) {
      await new Promise<void>((resolve) => void environment.after(KEEP_SAVING_PAUSE, resolve))
      const isLast = lost?.aborted || environment.monotonic() >= end
      try {
        return await this.#save(held)
      } catch (error) {
        if (isLast) throw error
      }
    }
  }

  async #revoke(tokens: TokenJSON | undefined): Promise<{ revoked: boolean; error?: unknown }> {
    const revoke = this.#settings.revoke
    if (!revoke || !tokens) return { revoked: false }
    const controller = new AbortController()
    try {
      await revoke(tokens as TokenSet, { signal: controller.signal })
      return { revoked: true }
    } catch (error) {
      this.#events.emit('revocation_failed', { error })
      return { revoked: false, error }
    }
  }

  #set(state: State): void {
    this.#state = state
    this.#held = state.status === 'signed-in' ? state.held : undefined
    this.#quiet()
    this.#watchers.outdate()
  }
}
