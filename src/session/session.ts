import { OAuthError, isOAuthError } from '../errors.js'
import { mergeTokens } from '../tokens.js'
import type { RefreshReason, TokenJSON, TokenResponse, TokenSet, TokenStore } from '../types.js'
import { Brakes } from './brakes.js'
import { Clock } from './clock.js'
import type { Environment } from './environment.js'
import { Events, type SessionEvents, type SessionListener, type SignOutReason } from './events.js'
import { Flight } from './flight.js'
import { Neighbours } from './neighbours.js'
import type { Parts, SessionSettings } from './parts.js'
import { nobodySignedIn, noRefreshToken, renew, type RenewalTools } from './renewal.js'
import { Saving } from './saving.js'
import { Standing } from './standing.js'
import { snapshotOf, type Held, type SessionSnapshot } from './state.js'
import { withTimeLimit } from './time-limit.js'
import { refreshError } from './token-request.js'
import { Vault } from './vault.js'
import { Watchers } from './watchers.js'

const noop = (): void => undefined

const CHANGED_HANDS = 'Somebody signed in or out while this request was under way.'

const signedOutElsewhere = (): OAuthError => new OAuthError('OAUTH_SIGNED_OUT', 'Signed out elsewhere: sign in again.')

const refreshTokenOf = (held: Held | undefined): string | undefined => held?.credentials.tokens.refresh_token

/** The one owner of a token set in this process: load → decide → refresh → save → tell. */
export class Session {
  readonly #events = new Events()
  readonly #vault: Vault
  readonly #environment: Environment
  readonly #settings: SessionSettings
  readonly #clock: Clock
  readonly #brakes: Brakes
  readonly #standing: Standing
  readonly #renewal: RenewalTools
  readonly #neighbours: Neighbours
  readonly #saving: Saving
  readonly #watchers = new Watchers(() => snapshotOf(this.#standing.state, this.#standing.generation, this.#flight !== undefined))

  #flight: Flight | undefined
  /** What those wait for who came when nobody was signed in as far as was known. */
  #first: { readonly epoch: number; readonly outcome: Promise<Held | undefined> } | undefined
  /** Also those that were overtaken, as long as their refresh function has not answered. */
  readonly #running = new Set<Flight>()
  #watching = 0
  #unsubscribeStore: (() => void) | undefined

  constructor(store: TokenStore, settings: SessionSettings, environment: Environment) {
    this.#settings = settings
    this.#environment = environment
    const clock = (this.#clock = new Clock(environment))
    this.#brakes = new Brakes(settings.policy)
    const vault = (this.#vault = new Vault(store, environment, settings))
    const standing = (this.#standing = new Standing(
      environment,
      clock,
      settings.policy,
      settings.refresh?.needsRefreshToken === true,
      () => this.#watchers.outdate(),
    ))
    const parts: Parts = {
      environment,
      settings,
      clock,
      vault,
      standing,
      events: this.#events,
      watchers: this.#watchers,
      isRefreshing: () => this.#flight !== undefined,
      asks: () => this.#countRefresh(),
      signedOutElsewhere: () => this.#end('elsewhere', signedOutElsewhere()),
      revoke: (tokens) => void this.#revoke(tokens),
    }
    const neighbours = (this.#neighbours = new Neighbours(parts))
    const saving = (this.#saving = new Saving(parts, neighbours))
    this.#renewal = { ...parts, neighbours, saving }
  }

  // ── for applications ────────────────────────────────────────────────────────────────────────────

  /** The present token set, read from the store at the first call; `undefined` when nobody is signed in. Rejects with `OAUTH_STORE_FAILED` or `OAUTH_TOKEN_INVALID`. */
  readonly tokens = async (): Promise<TokenSet | undefined> => {
    await this.#loaded()
    return structuredClone(this.#standing.held?.credentials.tokens)
  }

  /**
   * Adopts and stores a token set, such as the answer to an authorization code grant. Requests that still wait under the old sign-in reject.
   * Rejects with `OAUTH_TOKEN_INVALID` when the set can't be used (nothing changes then). A set that could not be stored lives on in memory.
   */
  readonly signIn = async (tokens: TokenJSON): Promise<void> => {
    const credentials = mergeTokens(undefined, tokens, this.#clock.now())
    const before = this.#standing.state.status
    this.#standing.changeHands()
    const held = this.#standing.adopt(credentials)
    this.#watchers.changed()
    if (before === 'signed-in')
      this.#overtake(new OAuthError('OAUTH_SIGNED_OUT', 'Somebody signed in while this request was waiting. Send it again.'))
    else this.#overtake(held)
    this.#events.emit('signed_in', { generation: held.generation })
    try {
      await this.#vault.set(credentials.tokens)
      this.#events.emit('saved', { generation: held.generation })
    } catch (error) {
      this.#saving.failed(held, error as OAuthError)
      if (this.#settings.strictSaving) throw error
    }
  }

  /**
   * Forgets the token set here and in the store. With `revoke: true` the server is told as well (RFC 7009); whether that worked is
   * the result's `revoked`. Rejects with `OAUTH_STORE_FAILED` when the stored set could not be deleted: signed out here, but call it again.
   */
  readonly signOut = async (options?: { readonly revoke?: boolean }): Promise<{ revoked: boolean; error?: unknown }> => {
    const revoke = options?.revoke === true
    const held = this.#standing.held?.credentials.tokens
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
   * Is this a request of the refresh function itself? It must not wait for its own outcome. It is told by the moment (the function is just being
   * called) or by the signal that it was given.
   */
  isOwn(request: { readonly signal?: unknown }): boolean {
    if (this.#running.size === 0) return false
    return [...this.#running].some(({ isCalling, signal }) => isCalling || signal === request.signal)
  }

  /**
   * The token to send with, when there is one in memory and nothing to wait for. `careful`: the request can't be sent twice, so it doesn't gamble.
   * `again`: it was asked for a moment ago, and what was good then still is, since nobody can wait any more.
   */
  current(careful = false, again = false): Held | undefined {
    const now = this.#environment.now()
    return this.#standing.usual(now) ?? this.#decide(now, careful, again)
  }

  #decide(localNow: number, careful: boolean, again: boolean): Held | undefined {
    const verdict = this.#standing.judge(localNow, again)
    if (!verdict) return undefined
    const { held, ageing, aged } = verdict
    this.#saving.again()
    if (!ageing || this.#refusal()) return held
    this.#startOrJoin('expired').catch(noop)
    return careful && aged ? undefined : held
  }

  /** True when nobody is signed in and no flight can change that. */
  get #signedOut(): boolean {
    const { refresh } = this.#settings
    const { state } = this.#standing
    return (
      state.status === 'signed-out' && (state.reason !== 'empty' || refresh === undefined || refresh.needsRefreshToken === true)
    )
  }

  /** The token to send with, as soon as there is one; `undefined` when the request is to go out without. */
  acquire(careful = false): Promise<Held | undefined> {
    if (this.#standing.state.status !== 'signed-in') return this.#shareFirst(careful)
    const held = this.current(careful)
    return held ? Promise.resolve(held) : this.#awaitFlight()
  }

  /** All who come while nobody is signed in share what comes of it, unless somebody has signed in or out in between. */
  #shareFirst(careful: boolean): Promise<Held | undefined> {
    const { epoch } = this.#standing
    if (careful) return this.#acquireFirst(true)
    if (this.#first?.epoch === epoch) return this.#first.outcome
    const first = { epoch, outcome: this.#acquireFirst(false) }
    this.#first = first
    const done = (): void => {
      if (this.#first === first) this.#first = undefined
    }
    first.outcome.then(done, done)
    return first.outcome
  }

  /** The same, where nobody is signed in as far as is known. */
  async #acquireFirst(careful: boolean): Promise<Held | undefined> {
    const { epoch } = this.#standing
    await this.#loaded()
    if (epoch !== this.#standing.epoch) throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
    // Somebody else may have signed in since. A store in trouble doesn't keep a login route from working.
    if (this.#signedOut) await this.#neighbours.look().catch(noop)
    const held = this.current(careful)
    if (held) return held
    if (!this.#signedOut) return this.#awaitFlight()
    if (!this.#settings.rejectSignedOut) return undefined
    throw nobodySignedIn()
  }

  /** What comes of the flight, shared by all who wait for it: a promise for each of ten thousand would cost more than all the rest. */
  #awaitFlight(): Promise<Held> {
    const landed = this.#startOrJoin(this.#standing.held ? 'expired' : 'missing')
    const flight = this.#flight
    if (flight?.landed !== landed) return this.#orPresent(landed)
    return (flight.awaited ??= this.#orPresent(landed))
  }

  /** As long as the present token is valid, a token endpoint in trouble is nobody's trouble. */
  #orPresent(landed: Promise<Held>): Promise<Held> {
    const { held: present } = this.#standing
    return landed.catch((error: unknown) => {
      const { held } = this.#standing
      // A newer one that came with a failure could not be stored where it has to be, or is somebody else's.
      if (held && held === present && this.#standing.isValid()) return held
      throw error
    })
  }

  /** A token other than the one of `rejected`, which the resource server has refused. */
  renew(rejected: Held): Promise<Held> {
    const { state } = this.#standing
    if (state.status !== 'signed-in' || state.held.epoch !== rejected.epoch)
      return Promise.reject(new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS))
    if (state.held.generation === rejected.generation) this.#standing.reject()
    else if (!state.rejected && this.#clock.now() < state.held.waitFrom) return Promise.resolve(state.held)
    return this.#startOrJoin('rejected')
  }

  /**
   * Adopts and stores what `work` gets as if a refresh had got it: a stronger sign-in of the same user lasts as long as it takes, and holds up nobody
   * meanwhile. Rejects as `work` does, and when somebody has signed in or out since.
   */
  async obtain(work: () => Promise<TokenResponse>): Promise<Held> {
    const { epoch } = this.#standing
    const answer = await work()
    while (this.#flight) await this.#flight.landed.catch(noop)
    if (epoch === this.#standing.epoch) return this.#start('step_up', answer)
    void this.#revoke(answer)
    throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
  }

  /** Listens to the store from now on, where it can notify. Returns the undo; the last one ends the listening. */
  watchStore(): () => void {
    this.#unsubscribeStore ??= this.#vault.subscribe(() => {
      if (this.#standing.state.status === 'unknown') return
      // What a flight has read may be older than this notice, as long as the lock is being released.
      const looked = this.#flight
        ? this.#flight.landed.catch(noop).then(() => this.#neighbours.look())
        : this.#neighbours.lookAgain()
      looked.catch(noop)
    })
    this.#watching++
    return () => {
      if (--this.#watching > 0) return
      this.#unsubscribeStore?.()
      this.#unsubscribeStore = undefined
    }
  }

  #loaded(): Promise<void> {
    return this.#standing.state.status === 'unknown' ? this.#neighbours.look() : Promise.resolve()
  }

  // ── the flight ──────────────────────────────────────────────────────────────────────────────────

  #startOrJoin(reason: RefreshReason): Promise<Held> {
    if (this.#flight) return this.#flight.landed
    const refusal = this.#refusal(reason)
    return refusal ? this.#unlessChangedElsewhere(reason, refusal) : this.#start(reason)
  }

  /** No flight may start with what is held here; somebody else may have stored something better. */
  async #unlessChangedElsewhere(reason: RefreshReason, refusal: OAuthError): Promise<Held> {
    const before = this.#standing.held
    await this.#neighbours.look().catch(noop)
    const { held } = this.#standing
    if (held === before && !this.#flight) throw refusal
    if (!held || (before && held.epoch !== before.epoch)) throw new OAuthError('OAUTH_SIGNED_OUT', CHANGED_HANDS)
    if (held.authorization !== before?.authorization && this.#clock.now() < held.waitFrom) return held
    return this.#startOrJoin(reason)
  }

  /** Why no flight may start now, if that is so. */
  #refusal(reason?: RefreshReason): OAuthError | undefined {
    const { held } = this.#standing
    if (held && reason !== 'requested' && !this.#standing.isRenewable(held.credentials)) return noRefreshToken()
    return this.#brakes.refusal(refreshTokenOf(held), this.#environment.monotonic())
  }

  /** What a neighbour has refreshed is not counted, only what goes to the token endpoint. */
  #countRefresh(): void {
    const lifetime = this.#standing.held?.credentials.lifetime ?? Infinity
    this.#brakes.started(this.#environment.monotonic(), lifetime > 0 && this.#clock.sinceAnchor() >= lifetime / 2)
  }

  #start(reason: RefreshReason | 'step_up', answer?: TokenResponse): Promise<Held> {
    const flight = (this.#flight = new Flight(answer))
    this.#running.add(flight)
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

  #isOver(flight: Flight): void {
    this.#running.delete(flight)
    if (this.#flight === flight) this.#flight = undefined
  }

  #landed(flight: Flight, tell: () => void): void {
    this.#isOver(flight)
    this.#brakes.release()
    let failure: unknown
    try {
      tell()
    } catch (error) {
      failure = error
    }
    this.#watchers.changed()
    const { held } = this.#standing
    if (failure !== undefined) flight.fail(failure)
    else if (held) flight.land(held)
    else flight.fail(signedOutElsewhere())
  }

  #failed(flight: Flight, reason: unknown): void {
    this.#isOver(flight)
    const error = refreshError(reason, this.#clock.now())
    flight.fail(error)
    if (flight.overtaken) return
    this.#events.emit('refresh_failed', { error })
    if (error.code === 'OAUTH_INVALID_GRANT') this.#end('invalid_grant', error)
    else if (!flight.answer && (error.code === 'OAUTH_REFRESH_UNAVAILABLE' || error.code === 'OAUTH_CLIENT_REFUSED'))
      this.#brakes.failed(refreshTokenOf(this.#standing.held), this.#environment.monotonic(), error)
    this.#watchers.changed()
  }

  // ── changing ────────────────────────────────────────────────────────────────────────────────────

  #end(reason: SignOutReason, error: OAuthError): void {
    const wasSignedIn = this.#standing.state.status !== 'signed-out'
    this.#brakes.release()
    this.#standing.end(reason)
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

  async #revoke(tokens: TokenJSON | undefined): Promise<{ revoked: boolean; error?: unknown }> {
    const { revoke, flightTimeout } = this.#settings
    if (!revoke || !tokens) return { revoked: false }
    const controller = new AbortController()
    const late = (): Error => {
      const error = new Error(`The revocation took longer than ${flightTimeout} ms`)
      controller.abort(error)
      return error
    }
    try {
      await withTimeLimit(this.#environment, flightTimeout, () => revoke(tokens as TokenSet, { signal: controller.signal }), late)
      return { revoked: true }
    } catch (error) {
      this.#events.emit('revocation_failed', { error })
      return { revoked: false, error }
    }
  }
}
