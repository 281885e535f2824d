import axios, { AxiosError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import fc, { type Scheduler } from 'fast-check'
import type { AttachedSession, TokenJSON, TokenResponse, TokenStore, WriteContext } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import type { Subject } from './subject.js'
import { withoutStacks } from './without-stacks.js'

/** What must hold for several sessions over one store, whatever happens. */
export const sharedInvariants = {
  redeemedOnce: 'no refresh token is redeemed twice after its answer was saved',
  oneAtATime: 'no two live holders of the lock redeem at the same time',
  neverOlder: 'a newer set is never overwritten by an older one',
  signOutWins: 'sign-out wins',
  settles: 'every waiter of a live session settles',
} as const

export type SharedInvariant = keyof typeof sharedInvariants

const LEASE = 5000
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = new Promise<never>(() => undefined)

interface Family {
  revoked: boolean
  /** Its first token. */
  readonly since: number
  /** The store has held a token of it. */
  stored?: boolean
}

interface Holder {
  readonly tab: Tab
  readonly lost: AbortController
  /** The refresh token whose answer was saved late by somebody who had lost the lock to this one. */
  excused?: string
}

/** One tab, process or machine: it can be stopped for a while, and it can die. */
class Tab {
  readonly api: AxiosInstance
  readonly session: AttachedSession
  readonly open = new Map<string, Promise<unknown>>()
  dead = false
  /** When it was stopped or died, on the monotonic clock. */
  silentSince = Infinity
  notify: (() => void) | undefined
  redeeming = false
  /** How many tokens had been issued when it signed out. */
  signedOutAt = -1
  #awake: Promise<void> = Promise.resolve()
  #wake = (): void => undefined

  constructor(world: SharedWorld, subject: Subject) {
    this.api = axios.create({ baseURL: 'https://api.example.com', adapter: (config) => world.resource(this, config) })
    const { environment } = world
    const { now, monotonic, random } = environment
    // Who is stopped hears of no timer.
    const after = (ms: number, callback: () => void): (() => void) =>
      environment.after(ms, () => void this.arrives(0).then(callback))
    this.session = subject.attachIn({ now, monotonic, random, after }, this.api, world.storeOf(this), {
      refresh: Object.assign((tokens?: TokenJSON) => world.token(this, String(tokens?.refresh_token)), {
        needsRefreshToken: true,
      }),
    })
  }

  follow(name: string, promise: Promise<unknown>): void {
    const settled = (): void => void this.open.delete(name)
    this.open.set(name, promise)
    promise.then(settled, settled)
  }

  get isSilent(): boolean {
    return this.silentSince !== Infinity
  }

  stop(now: number): void {
    if (this.isSilent) return
    this.silentSince = now
    this.#awake = new Promise((resolve) => (this.#wake = resolve))
  }

  goOn(): void {
    if (this.dead) return
    this.silentSince = Infinity
    this.#wake()
  }

  die(now: number): void {
    this.stop(now)
    this.dead = true
  }

  /** Whatever comes to it comes when it is awake. */
  async arrives<Result>(result: Result): Promise<Result> {
    while (this.isSilent) await (this.dead ? never : this.#awake)
    return result
  }
}

/** Several sessions, the store they share, and the servers. Every answer comes when the scheduler says so. */
export class SharedWorld {
  readonly environment = new FakeEnvironment()
  readonly violations: { invariant: SharedInvariant; detail: string }[] = []
  tokenMode: 'answers' | 'loses the answer' | '503' = 'answers'

  readonly #subject: Subject
  readonly #scheduler: Scheduler
  readonly #tabs: Tab[] = []
  readonly #refused = new Set<string>()
  readonly #refreshTokens = new Map<string, { spent: boolean; family: Family }>()
  /** Which refresh token was exchanged for which access token. */
  readonly #origin = new Map<string, string>()
  readonly #saved = new Set<string>()
  #stored: TokenJSON | undefined
  /** Which of the sign-outs has emptied the store, if one has. */
  #emptied = -1
  readonly #families = new Map<string, Family>()
  /** For how long nothing has been answered, at most. */
  #silence = 0
  #holder: Holder | undefined
  #serial = 0
  #requests = 0

  constructor(subject: Subject, scheduler: Scheduler, tabs: number) {
    this.#subject = subject
    this.#scheduler = scheduler
    this.#stored = this.#issue({ revoked: false, since: this.#serial + 1, stored: true })
    for (let i = 0; i < tabs; i++) this.#tabs.push(new Tab(this, subject))
  }

  #check(invariant: SharedInvariant, holds: boolean, detail: string): void {
    if (!holds) this.violations.push({ invariant, detail })
  }

  #tab(which: number): Tab {
    return this.#tabs[which % this.#tabs.length]!
  }

  // ── what happens ───────────────────────────────────────────────────────────────────────────────

  async request(which: number): Promise<void> {
    const url = `/${++this.#requests}`
    const tab = this.#tab(which)
    if (tab.isSilent) return
    tab.follow(url, tab.api.get(url))
    await settle()
  }

  signIn(which: number): void {
    const tab = this.#tab(which)
    if (tab.isSilent) return
    tab.follow(`sign-in ${++this.#requests}`, tab.session.signIn(this.#issue({ revoked: false, since: this.#serial + 1 })))
  }

  signOut(which: number): void {
    const tab = this.#tab(which)
    if (tab.isSilent) return
    tab.signedOutAt = this.#serial
    tab.follow(`sign-out ${++this.#requests}`, tab.session.signOut())
  }

  /**
   * Not in the middle of signing in or out: who is stopped there for longer than the store may take can't know afterwards whether that has arrived, and what
   * others have done since.
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
    // What the store was asked for has reached it before a lease runs out, also when the answer finds nobody awake.
    if (this.#silence >= LEASE) for (const queue of this.#asked.values()) queue.forEach((apply) => apply())
    if (this.#silence >= 10_000) {
      await this.step(500)
      this.#silence = 0
    }
    await this.environment.pass(ms)
    await settle()
  }

  async step(count: number): Promise<void> {
    await settle()
    for (let i = 0; i < count && this.#scheduler.count() > 0; i++) {
      await this.#scheduler.waitNext(1)
      await settle()
    }
  }

  async finish(): Promise<void> {
    this.tokenMode = 'answers'
    for (const which of this.#tabs.keys()) this.goOn(which)
    await settle()
    for (let round = 0; round < 60 && (this.#scheduler.count() > 0 || this.environment.timers > 0); round++) {
      await this.step(500)
      if (this.environment.timers > 0) await this.pass(20_000)
    }
    for (const { open } of this.#tabs) this.#check('settles', open.size === 0, [...open.keys()].join(', '))
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────

  /** The leases that were taken from those who stand still. */
  readonly #lost = new Map<Tab, AbortController[]>()

  storeOf(tab: Tab): TokenStore {
    return {
      name: 'shared',
      read: () => this.#askStore(tab, 'read', () => this.#stored && { ...this.#stored }),
      write: (tokens, context) => this.#askStore(tab, 'write', () => this.#write(tab, tokens, context)),
      lock: (run, signal) => this.#lock(tab, run, signal),
      subscribe: (listener) => {
        tab.notify = listener
        return () => (tab.notify = undefined)
      },
    }
  }

  /** As a store with compare and set does it. */
  #write(tab: Tab, tokens: TokenJSON | undefined, { mode, replacing }: WriteContext): boolean {
    if (mode === 'replace' && this.#stored?.access_token !== replacing?.access_token) return false
    const serial = (set: TokenJSON | undefined): number => Number(String(set?.access_token ?? 'access-0').slice(7))
    if (mode === 'replace' && tokens) {
      this.#check('neverOlder', serial(tokens) >= serial(this.#stored), `${serial(tokens)} over ${serial(this.#stored)}`)
      // A sign-in that had never reached the store is not what was signed out.
      const family = this.#families.get(String(tokens.access_token))
      const signedOut = family?.stored === true && family.since <= this.#emptied
      this.#check('signOutWins', !signedOut, 'a refreshed set was stored after a sign-out')
    }
    this.#emptied = mode === 'set' && !tokens ? tab.signedOutAt : -1
    const family = this.#families.get(String(tokens?.access_token))
    if (family) family.stored = true
    const spent = this.#origin.get(String(tokens?.access_token))
    if (spent !== undefined) this.#saved.add(spent)
    // Whoever holds the lock by now may have read before this late save: no store can help that.
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
    try {
      return await run(holder.lost.signal)
    } finally {
      await this.#ask(tab, 'unlock', () => {
        if (this.#holder === holder) this.#holder = undefined
      })
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

  #issue(family: Family): TokenResponse {
    const serial = ++this.#serial
    this.#families.set(`access-${serial}`, family)
    this.#refreshTokens.set(`refresh-${serial}`, { spent: false, family })
    const expires_at = new Date(this.environment.wall + 100_000).toISOString()
    return { access_token: `access-${serial}`, refresh_token: `refresh-${serial}`, expires_in: 100, expires_at }
  }

  async token(tab: Tab, token: string): Promise<TokenResponse> {
    const mode = this.tokenMode
    const isExcused = this.#holder?.tab === tab && this.#holder.excused === token
    this.#check('redeemedOnce', !this.#saved.has(token) || isExcused, token)
    const others = this.#tabs.filter((other) => other !== tab && other.redeeming && !other.isSilent)
    this.#check('oneAtATime', others.length === 0 || this.#holder?.tab === tab, `${others.length} others`)
    tab.redeeming = true
    try {
      const answer = await this.#ask(tab, 'token', () => (mode === '503' ? undefined : this.#redeem(token)))
      if (mode === 'loses the answer') throw new TypeError('fetch failed')
      if (!answer)
        throw Object.assign(new Error('refused'), mode === '503' ? { status: 503 } : { error: 'invalid_grant', status: 400 })
      return answer
    } finally {
      tab.redeeming = false
    }
  }

  #redeem(token: string): TokenResponse | undefined {
    const known = this.#refreshTokens.get(token)
    if (!known || known.spent || known.family.revoked) {
      if (known) known.family.revoked = true
      return undefined
    }
    known.spent = true
    const answer = this.#issue(known.family)
    this.#origin.set(answer.access_token, token)
    return answer
  }

  async resource(tab: Tab, config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const token = String(config.headers.Authorization).replace('Bearer ', '')
    const status = await this.#ask(tab, 'request', () => (this.#refused.has(token) || token === 'undefined' ? 401 : 200))
    const response = { status, data: '', statusText: '', headers: {}, config, request: null }
    if (status === 200) return response
    throw new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)
  }

  readonly #asked = new Map<Tab, (() => void)[]>()

  /** A store does what one tab asks in the order in which it was asked, also what nobody waits for any longer. */
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

  /** What is asked happens outside, whatever becomes of who has asked; the answer comes to a tab that is awake. */
  async #ask<Result>(tab: Tab, label: string, effect: () => Result): Promise<Result> {
    if (tab.dead) return never
    await this.#scheduler.schedule(Promise.resolve(), label)
    const result = effect()
    await this.#scheduler.schedule(Promise.resolve(), `${label} answered`)
    return tab.arrives(result)
  }
}

interface Command {
  readonly text: string
  readonly act: (world: SharedWorld) => void | Promise<void>
}

const tab = fc.nat(2)
const command = <Value>(
  weight: number,
  text: string,
  values: fc.Arbitrary<Value>,
  act: (world: SharedWorld, value: Value) => void | Promise<void>,
): { weight: number; arbitrary: fc.Arbitrary<Command> } => ({
  weight,
  arbitrary: values.map((value) => ({ text: `${text} ${JSON.stringify(value)}`, act: (world) => act(world, value) })),
})

const commands = fc.oneof(
  command(8, 'request', tab, (world, which) => world.request(which)),
  command(8, 'step', fc.constantFrom(1, 2, 5, 20), (world, count) => world.step(count)),
  command(3, 'pass', fc.constantFrom(1000, 6000, 85_000, 110_000), (world, ms) => world.pass(ms)),
  command(3, 'refuse access tokens', fc.constant(0), (world) => world.refuseAccessTokens()),
  command(2, 'token endpoint', fc.constantFrom('answers', 'answers', 'loses the answer', '503'), (world, mode) => {
    world.tokenMode = mode
  }),
  command(2, 'stop', tab, (world, which) => world.stop(which)),
  command(2, 'go on', tab, (world, which) => world.goOn(which)),
  // What a lease is there for: somewhere in the middle of a refresh its holder stands still, another takes over, and it comes back.
  command(1, 'stop in the middle', fc.record({ which: tab, steps: fc.nat(16) }), async (world, { which, steps }) => {
    world.refuseAccessTokens()
    await world.request(which)
    await world.step(steps)
    world.stop(which)
    await world.pass(6000)
    await world.request(which + 1)
    await world.step(20)
    world.goOn(which)
  }),
  command(1, 'crash', tab, (world, which) => world.crash(which)),
  command(1, 'sign in', tab, (world, which) => world.signIn(which)),
  command(1, 'sign out', tab, (world, which) => world.signOut(which)),
)

/** Random programs for three sessions over one store. Throws with the invariants that were broken; `only` looks for one of them. */
export function sharedPrograms(subject: Subject, only?: SharedInvariant): fc.IAsyncPropertyWithHooks<[fc.Scheduler, Command[]]> {
  withoutStacks()
  return fc.asyncProperty(fc.scheduler(), fc.array(commands, { maxLength: 40, size: 'max' }), async (scheduler, program) => {
    const world = new SharedWorld(subject, scheduler, 3)
    for (const { act } of program) await act(world)
    await world.finish()
    const violations = world.violations.filter(({ invariant }) => !only || invariant === only)
    if (violations.length > 0)
      throw new Error(
        [
          ...new Set(violations.map(({ invariant, detail }) => `${invariant}: ${sharedInvariants[invariant]} (${detail})`)),
          ...program.map(({ text }) => `  ${text}`),
        ].join('\n'),
      )
  })
}
