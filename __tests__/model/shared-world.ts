import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import type { Scheduler } from 'fast-check'
import type { SessionEventName, TokenJSON, TokenResponse, TokenStore, WriteContext } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import type { KnownUser } from './invariants.js'
import type { Identification } from './simulation.js'
import { FORBIDDEN, idToken } from './servers.js'
import { isSameUser, Tab, type RotationChain, type Reaction } from './shared-tab.js'
import type { Subject } from './subject.js'

/** What must hold for several sessions over one store, whatever happens. */
export const sharedInvariants = {
  redeemedOnce: 'no refresh token is redeemed twice after its answer was saved',
  oneAtATime: 'no two live holders of the lock redeem at the same time',
  neverOlder: 'a newer set is never overwritten by an older one',
  signOutWins: 'sign-out wins',
  oneUser: 'no request is sent with the token of another user',
  userChanged: 'another user who signed in elsewhere is announced',
  memoryAndStore: 'all sessions and the store agree once all has settled',
  noLockWhileListening: 'no lock is held while listeners of a refresh run',
  settles: 'every promise of a live session settles',
} as const

export type SharedInvariant = keyof typeof sharedInvariants

const LEASE = 5000
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = new Promise<never>(() => undefined)

interface Holder {
  readonly tab: Tab
  readonly lost: AbortController
  /** The session works under it: not so when it has given up waiting for the lock. */
  isUsed?: boolean
  /** The session has released the lock, whether or not the store has done so. */
  isReleased?: boolean
  /** The refresh token whose answer was saved late by a session that had lost the lock to this one. */
  excused?: string
}

/** Several sessions, the store they share, and the servers. Every answer comes when the scheduler says so. */
export class SharedWorld {
  readonly environment = new FakeEnvironment()
  readonly violations: { invariant: SharedInvariant; detail: string }[] = []
  tokenMode: 'answers' | 'loses the answer' | '503' = 'answers'
  isWritable = true

  readonly #subject: Subject
  readonly #scheduler: Scheduler
  readonly #tabs: Tab[] = []
  #draws = 0
  /** The store may have answered too late, so that a read after a notice has failed. */
  #hasBeenLate = false
  /** Grows whenever everything that needs no time has happened. */
  turn = 0
  readonly #refused = new Set<string>()
  readonly #refreshTokens = new Map<string, { spent: boolean; chain: RotationChain }>()
  readonly #requestsOf = new Map<string, RotationChain>()
  /** Which refresh token was exchanged for which access token. */
  readonly #origin = new Map<string, string>()
  readonly #saved = new Set<string>()
  #stored: TokenJSON | undefined
  /** Which of the sign-outs has emptied the store, if one has. */
  #emptied = -1
  readonly #chains = new Map<string, RotationChain>()
  /** For how long nothing has been answered, at most. */
  #silence = 0
  #holder: Holder | undefined
  #serial = 0
  #requests = 0

  constructor(subject: Subject, scheduler: Scheduler, tabs: number) {
    this.#subject = subject
    this.#scheduler = scheduler
    // With the marker of a sign-in: a set without one counts as the same user's.
    this.#stored = { ...this.#issue(this.#chain('ann', {}, true)), 'axios-attach-oauth': { sign_in: 'first' } }
    for (let i = 0; i < tabs; i++) this.#tabs.push(new Tab(this, subject))
  }

  check(invariant: SharedInvariant, holds: boolean, detail: string): void {
    if (!holds) this.violations.push({ invariant, detail })
  }

  #tab(which: number): Tab {
    return this.#tabs[which % this.#tabs.length]!
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────

  async request(which: number, isForbidden = false): Promise<void> {
    const tab = this.#tab(which)
    if (tab.isSilent) return
    this.#request(tab, isForbidden)
    await this.#settle()
  }

  /** Sends the config of a failed request again. */
  async sendAgain(which: number, isCopy: boolean): Promise<void> {
    const tab = this.#tab(which)
    const config = tab.isSilent ? undefined : tab.failed.pop()
    if (!config) return
    this.#send(tab, isCopy ? { ...config } : config)
    await this.#settle()
  }

  inListener(which: number, name: SessionEventName, reaction: Reaction): void {
    const tab = this.#tab(which)
    tab.onNext(name, () => {
      if (reaction === 'sign in') this.#signIn(tab, 'ben', {})
      else if (reaction === 'sign out') this.#signOut(tab)
      else if (reaction === 'request') this.#request(tab, false)
      else void tab.call(`refresh ${++this.#requests}`, () => tab.session.refresh())
    })
  }

  signIn(which: number, user: string, by: Identification): void {
    const tab = this.#tab(which)
    if (tab.isSilent) return
    this.#signIn(tab, user, {
      ...((by === 'ID token' || by === 'both') && { subject: user }),
      ...((by === 'user' || by === 'both') && { user }),
    })
  }

  signOut(which: number): void {
    const tab = this.#tab(which)
    if (!tab.isSilent) this.#signOut(tab)
  }

  /**
   * Not in the middle of signing in or out: a session that stands still there for longer than the store may take can't know afterwards whether that has
   * arrived, and what others have done since.
   */
  stop(which: number): void {
    const tab = this.#tab(which)
    if (![...tab.open.keys()].some((name) => name.startsWith('sign'))) tab.stop(this.environment.mono)
  }

  goOn(which: number): void {
    const tab = this.#tab(which)
    // The first thing that it learns is that its lease is gone.
    for (const lost of this.#lost.get(tab) ?? []) lost.abort(new Error('the lease ran out'))
    this.#lost.delete(tab)
    tab.goOn()
  }

  /** A tab is closed or a process killed; another one takes its place. */
  crash(which: number): void {
    this.#tab(which).die(this.environment.mono)
    this.#tabs[which % this.#tabs.length] = new Tab(this, this.#subject)
  }

  refuseAccessTokens(): void {
    for (let i = 0; i <= this.#serial; i++) this.#refused.add(`access-${i}`)
  }

  /** The store is in order: it answers within its time limit. */
  async pass(ms: number): Promise<void> {
    this.#silence += ms
    // Requests to the store arrive before a lease expires, even when the process that made them is suspended.
    if (this.#silence >= LEASE) for (const queue of this.#asked.values()) queue.forEach((apply) => apply())
    if (this.#silence >= 10_000) {
      await this.step(500)
      this.#silence = 0
    }
    this.#hasBeenLate ||= ms > 9000
    await this.environment.pass(ms)
    await this.#settle()
  }

  async #settle(): Promise<void> {
    await settle()
    this.turn++
  }

  async step(count: number): Promise<void> {
    await this.#settle()
    for (let i = 0; i < count && this.#scheduler.count() > 0; i++) {
      await this.#scheduler.waitNext(1)
      await this.#settle()
    }
  }

  async finish(): Promise<void> {
    this.tokenMode = 'answers'
    this.isWritable = true
    for (const which of this.#tabs.keys()) this.goOn(which)
    await this.#settle()
    await this.#comeToRest()
    // A read that failed is made again at the next notice or need.
    if (this.#hasBeenLate) for (const tab of this.#tabs) tab.notify?.()
    for (let i = 0; i < 2; i++) {
      for (const which of this.#tabs.keys()) await this.request(which)
      await this.step(500)
      await this.pass(2000)
    }
    await this.#comeToRest()
    for (const tab of this.#tabs) {
      this.check('settles', tab.open.size === 0, [...tab.open.keys()].join(', '))
      this.check('userChanged', tab.userChanges <= tab.announcedChanges, `${tab.announcedChanges} of ${tab.userChanges}`)
      // A set that could not be deleted is not used.
      const tokens = await tab.session.tokens()
      const snapshot = tab.session.getSnapshot()
      const isDead = snapshot.status === 'signed_out' && snapshot.reason === 'invalid_grant'
      if (!tokens && (tab.hasKeptSet || isDead)) continue
      this.check(
        'memoryAndStore',
        tokens?.access_token === this.#stored?.access_token,
        `${tokens?.access_token} in place of ${String(this.#stored?.access_token)}`,
      )
    }
  }

  async #comeToRest(): Promise<void> {
    // Less than a store may take: what is asked in between is answered in time.
    for (let round = 0; round < 140 && (this.#scheduler.count() > 0 || this.environment.timers > 0); round++) {
      await this.step(500)
      if (this.environment.timers > 0) await this.pass(9000)
    }
  }

  // ── the application in one tab ─────────────────────────────────────────────────────────────────

  #request(tab: Tab, isForbidden: boolean): void {
    this.#send(tab, { url: `${isForbidden ? FORBIDDEN : '/'}${++this.#requests}` } as InternalAxiosRequestConfig)
  }

  #send(tab: Tab, config: InternalAxiosRequestConfig): void {
    const url = config.url!
    const isAtRest = !tab.session.getSnapshot().refreshing && tab.locks === 0 && tab.changedIn < this.turn
    if (tab.chain && isAtRest && !this.#requestsOf.has(url)) this.#requestsOf.set(url, tab.chain)
    const sent = tab.api.request(config).catch((error: { config?: InternalAxiosRequestConfig }) => {
      if (error.config) tab.failed.push(error.config)
    })
    tab.follow(`${url} ${++this.#requests}`, sent)
  }

  #signIn(tab: Tab, name: string, user: KnownUser): void {
    const chain = this.#chain(name, user)
    tab.lastSent = chain
    const tokens = this.#issue(chain)
    void tab.call(`sign-in ${++this.#requests}`, () =>
      tab.session.signIn(tokens, user.user === undefined ? {} : { user: user.user }),
    )
  }

  #signOut(tab: Tab): void {
    tab.signedOutAt = this.#serial
    // A set that could not be deleted is not adopted, and not deleted later.
    void tab.call(`sign-out ${++this.#requests}`, () => tab.session.signOut()).catch(() => (tab.hasKeptSet = true))
  }

  #chain(name: string, user: KnownUser, isStored = false): RotationChain {
    return { name, user, isRevoked: false, since: this.#serial + 1, isStored }
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────

  /** The leases that were taken from tabs that stand still. */
  readonly #lost = new Map<Tab, AbortController[]>()

  storeOf(tab: Tab): TokenStore {
    return this.#subject.sharedStore({
      name: 'shared',
      read: () => this.#askStore(tab, 'read', () => this.#stored && { ...this.#stored }),
      write: (tokens, context) =>
        this.isWritable
          ? this.#askStore(tab, 'write', () => this.#write(tab, tokens, context))
          : this.#ask(tab, 'write', () => undefined).then(() => Promise.reject(new Error('the store is full'))),
      lock: (run, signal) => this.#lock(tab, run, signal),
      subscribe: (listener) => {
        tab.notify = listener
        return () => (tab.notify = undefined)
      },
    })
  }

  /** 0 to 1, different each time: sign-ins in one millisecond differ. */
  random(): number {
    return (this.#draws++ * 0.618) % 1
  }

  holdsLock(tab: Tab): boolean {
    return (
      this.#holder?.tab === tab && this.#holder.isUsed === true && !this.#holder.isReleased && !this.#holder.lost.signal.aborted
    )
  }

  /** As a store with compare and set does it. */
  #write(tab: Tab, tokens: TokenJSON | undefined, { mode, replacing }: WriteContext): boolean {
    if (mode === 'replace' && this.#stored?.access_token !== replacing?.access_token) return false
    const serial = (set: TokenJSON | undefined): number => Number(String(set?.access_token ?? 'access-0').slice(7))
    if (mode === 'replace' && tokens) {
      // A sign-in that could not be stored overwrites what it finds later, too.
      const isSignIn = this.#chains.get(String(tokens.access_token))?.since === serial(tokens)
      this.check(
        'neverOlder',
        isSignIn || serial(tokens) >= serial(this.#stored),
        `${serial(tokens)} over ${serial(this.#stored)}`,
      )
      // A sign-in that had never reached the store is not what was signed out.
      const chain = this.#chains.get(String(tokens.access_token))
      const signedOut = chain?.isStored === true && chain.since <= this.#emptied
      this.check('signOutWins', !signedOut, 'a refreshed set was stored after a sign-out')
    }
    this.#emptied = mode === 'set' && !tokens ? tab.signedOutAt : -1
    const chain = this.#chains.get(String(tokens?.access_token))
    if (chain) chain.isStored = true
    const spent = this.#origin.get(String(tokens?.access_token))
    if (spent !== undefined) this.#saved.add(spent)
    // The present holder of the lock may have read before this late save: no store can prevent that.
    if (spent !== undefined && this.#holder && this.#holder.tab !== tab) this.#holder.excused = spent
    this.#stored = tokens && { ...tokens }
    for (const other of this.#tabs)
      if (other !== tab) void this.#ask(other, 'notice', () => undefined).then(() => other.notify?.())
    return true
  }

  async #lock<Result>(tab: Tab, run: (lost: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const holder: Holder = { tab, lost: new AbortController() }
    while (!(await this.#ask(tab, 'lock', () => this.#take(holder)))) {
      await new Promise<void>((resolve, reject) => {
        const cancel = this.environment.after(1000, resolve)
        signal.addEventListener('abort', () => (cancel(), reject(signal.reason as Error)), { once: true })
      })
    }
    tab.locks++
    holder.isUsed = true
    try {
      return await run(holder.lost.signal)
    } finally {
      holder.isReleased = true
      await this.#ask(tab, 'unlock', () => {
        if (this.#holder === holder) this.#holder = undefined
      })
      tab.locks--
      tab.changedIn = this.turn
    }
  }

  /** A holder that has been silent for the length of its lease has lost it. */
  #take(holder: Holder): boolean {
    const present = this.#holder
    if (present && !(this.environment.mono - present.tab.silentSince >= LEASE)) return false
    if (present) this.#lost.set(present.tab, [...(this.#lost.get(present.tab) ?? []), present.lost])
    this.#holder = holder
    return true
  }

  // ── the servers ────────────────────────────────────────────────────────────────────────────────

  #issue(chain: RotationChain): TokenResponse {
    const serial = ++this.#serial
    const isFirst = serial === chain.since
    const { subject } = chain.user
    this.#chains.set(`access-${serial}`, chain)
    this.#refreshTokens.set(`refresh-${serial}`, { spent: false, chain })
    const expires_at = new Date(this.environment.wall + 100_000).toISOString()
    return {
      access_token: `access-${serial}`,
      refresh_token: `refresh-${serial}`,
      expires_in: 100,
      expires_at,
      ...(isFirst && subject !== undefined && { id_token: idToken(subject) }),
    }
  }

  async token(tab: Tab, token: string): Promise<TokenResponse> {
    const mode = this.tokenMode
    const isExcused = this.#holder?.tab === tab && this.#holder.excused === token
    this.check('redeemedOnce', !this.#saved.has(token) || isExcused, token)
    const others = this.#tabs.filter((other) => other !== tab && other.isRedeeming && !other.isSilent)
    this.check('oneAtATime', others.length === 0 || this.#holder?.tab === tab, `${others.length} others`)
    tab.isRedeeming = true
    try {
      const answer = await this.#ask(tab, 'token', () => (mode === '503' ? undefined : this.#redeem(token)))
      if (mode === 'loses the answer') throw new TypeError('fetch failed')
      if (!answer)
        throw Object.assign(new Error('refused'), mode === '503' ? { status: 503 } : { error: 'invalid_grant', status: 400 })
      return answer
    } finally {
      tab.isRedeeming = false
    }
  }

  #redeem(token: string): TokenResponse | undefined {
    const known = this.#refreshTokens.get(token)
    if (!known || known.spent || known.chain.isRevoked) {
      if (known) known.chain.isRevoked = true
      return undefined
    }
    known.spent = true
    const answer = this.#issue(known.chain)
    this.#origin.set(answer.access_token, token)
    return answer
  }

  async resource(tab: Tab, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const token = String(config.headers.Authorization).replace('Bearer ', '')
    const url = config.url!
    const chain = this.#chains.get(token)
    if (chain) this.#checkUser(tab, url, chain)
    const isRefused = (): boolean => url.startsWith(FORBIDDEN) || this.#refused.has(token) || !chain
    const status = await this.#ask(tab, 'request', () => (isRefused() ? 401 : 200))
    const response = { status, data: '', statusText: '', headers: {}, config, request: null }
    if (status === 200) return response
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }

  #checkUser(tab: Tab, url: string, chain: RotationChain): void {
    const own = this.#requestsOf.get(url) ?? chain
    this.check('oneUser', isSameUser(own, chain), `${url} of ${own.since} carried a token of ${chain.since}`)
    if (tab.lastSent && !isSameUser(tab.lastSent, chain)) tab.userChanges++
    this.#requestsOf.set(url, chain)
    tab.lastSent = tab.chain = chain
  }

  readonly #asked = new Map<Tab, (() => void)[]>()

  /** A store does what one tab asks in the order in which it was asked, also what its caller waits for no longer. */
  #askStore<Result>(tab: Tab, label: string, effect: () => Result): Promise<Result> {
    const queue = this.#asked.get(tab) ?? []
    this.#asked.set(tab, queue)
    let outcome: { result: Result } | undefined
    queue.push(() => (outcome ??= { result: effect() }))
    const upToHere = queue.length
    return this.#ask(tab, label, () => {
      queue.slice(0, upToHere).forEach((apply) => apply())
      return outcome!.result
    })
  }

  /** What is asked happens outside, whatever becomes of the caller; the answer comes to a tab that is awake. */
  async #ask<Result>(tab: Tab, label: string, effect: () => Result): Promise<Result> {
    if (tab.isDead) return never
    await this.#scheduler.schedule(Promise.resolve(), label)
    const result = effect()
    await this.#scheduler.schedule(Promise.resolve(), `${label} answered`)
    return tab.arrives(result)
  }
}
