import axios, { AxiosError, CanceledError, type AxiosInstance, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import type { Scheduler } from 'fast-check'
import { getEventListeners } from 'node:events'
import type { AttachedSession, RefreshContext, TokenJSON, TokenResponse, TokenSet, TokenStore } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { Model, type Issued } from './invariants.js'
import type { Subject } from './subject.js'

/** How the token endpoint answers from now on. */
export type TokenMode =
  | 'answers'
  | 'keeps the refresh token'
  | 'invalid_grant'
  | 'invalid_client'
  | '503'
  | 'loses the answer'
  | 'hangs'
  | 'rubbish'
  | 'throws'

/** How the store behaves from now on. */
export type StoreMode = 'works' | 'can not write' | 'can not read' | 'hangs'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const lifetimes: Readonly<Record<string, number>> = { short: 1000, usual: 100_000, long: 3_600_000 }

/** The servers and the store around one session, in which every answer comes when the scheduler says so. */
export class Simulation {
  readonly environment = new FakeEnvironment()
  readonly model = new Model()
  readonly session: AttachedSession
  tokenMode: TokenMode = 'answers'
  storeMode: StoreMode = 'works'
  lifetime: keyof typeof lifetimes = 'usual'
  /** How far the server's clock is from ours, in milliseconds. */
  skew = 0

  readonly #scheduler: Scheduler
  readonly #api: AxiosInstance
  readonly #issued = new Map<string, Issued>()
  readonly #refused = new Set<string>()
  readonly #refreshTokens = new Map<string, { user: string; spent: boolean }>()
  readonly #controllers: AbortController[] = []
  readonly #open = new Map<string, Promise<unknown>>()
  readonly #effects: (() => void)[] = []
  #stored: TokenJSON | undefined
  #serial = 0
  #flightOf: AbortSignal | undefined
  #requests = 0
  #lastAnswer: Issued | undefined

  constructor(subject: Subject, scheduler: Scheduler) {
    this.#scheduler = scheduler
    this.#api = axios.create({ baseURL: 'https://api.example.com', adapter: (config) => this.#resource(config) })
    this.#stored = this.#issue('ann', 'sign-in')
    this.model.changesHands('ann')
    const refresh = (tokens: TokenSet | undefined, context: RefreshContext): Promise<TokenResponse> =>
      this.#token(tokens, context)
    this.session = subject.attachIn(this.environment, this.#api, this.#store(), {
      refresh: Object.assign(refresh, { needsRefreshToken: true }),
      revoke: (tokens) => this.#later('revocation', () => void this.#refused.add(tokens.access_token)),
    })
    this.session.on('refresh_failed', ({ error }) => {
      if (/UNAVAILABLE|CLIENT_REFUSED/.test(error.code)) this.model.refreshFailed()
    })
    this.session.on('refreshed', () => this.#lastAnswer && this.model.adopts(this.#lastAnswer, this.environment.mono))
    this.session.on('signed_out', ({ reason }) => this.model.endsBy(reason))
    this.session.on('unpersisted', () => this.#lastAnswer && this.model.couldNotSave(this.#lastAnswer.serial))
    // How old the first set is depends on the clock when it is read.
    const first = this.#issued.get(String(this.#stored.access_token))!
    this.model.adopts({ ...first, lifetime: 0 }, this.environment.mono)
  }

  // ── what the application does ──────────────────────────────────────────────────────────────────

  /** A request belongs to whoever is signed in when it reaches the package, some microtasks after it was asked for. */
  async request({ timeout, stream }: { timeout: number; stream: boolean }): Promise<void> {
    const id = `/${++this.#requests}`
    const controller = new AbortController()
    this.#controllers.push(controller)
    this.model.asks(id)
    const body = stream ? { data: (async function* () {})(), method: 'post' } : {}
    this.#follow(id, this.#api.request({ url: id, signal: controller.signal, timeout, ...body }))
    await settle()
  }

  abort(which: number): void {
    this.#controllers[which % Math.max(1, this.#controllers.length)]?.abort()
  }

  signIn(user: string): void {
    const tokens = this.#issue(user, 'sign-in')
    this.model.changesHands(user)
    this.model.adopts(this.#issued.get(tokens.access_token)!, this.environment.mono)
    this.#follow(`sign-in ${this.#serial}`, this.session.signIn(tokens))
  }

  signOut(revoke: boolean): void {
    const epoch = this.model.changesHands(undefined)
    const done = this.session.signOut({ revoke })
    this.#follow(
      `sign-out ${++this.#requests}`,
      done.then(() => this.model.signedOut(epoch)),
    )
  }

  refresh(): void {
    this.model.isAsked()
    this.#follow(`refresh ${++this.#requests}`, this.session.refresh())
  }

  // ── what happens outside ───────────────────────────────────────────────────────────────────────

  refuseAccessTokens(): void {
    for (const token of this.#issued.keys()) this.#refused.add(token)
  }

  jump(ms: number): void {
    this.environment.wall += ms
  }

  async pass(ms: number): Promise<void> {
    await this.environment.pass(ms)
    await settle()
  }

  /** Lets some of the answers come that are due. */
  async step(count: number): Promise<void> {
    await settle()
    for (let i = 0; i < count && this.#scheduler.count() > 0; i++) {
      await this.#scheduler.waitNext(1)
      await settle()
    }
  }

  /** Lets everything come to its end, in a world that works again, and looks what is left. */
  async finish(): Promise<void> {
    this.tokenMode = 'answers'
    this.storeMode = 'works'
    await settle()
    for (let round = 0; round < 50 && (this.#scheduler.count() > 0 || this.environment.timers > 0); round++) {
      await this.step(Infinity)
      if (this.environment.timers > 0) await this.pass(80_000)
    }
    // Once more, as everything works and nothing is under way: whatever waits after that is left behind.
    this.refuseAccessTokens()
    await this.request({ timeout: 5000, stream: false })
    await this.step(Infinity)
    this.model.check('settles', this.#open.size === 0, [...this.#open.keys()].join(', '))
    this.model.check('settles', !this.session.getSnapshot().refreshing, 'the session still refreshes')
    this.model.check('nothingLeft', this.environment.timers === 0, `${this.environment.timers} timers`)
    const listeners = this.#controllers.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0)
    this.model.check('nothingLeft', listeners === 0, `${listeners} listeners`)
    this.model.stores(this.#stored)
  }

  #follow(name: string, promise: Promise<unknown>): void {
    const settled = (): void => void this.#open.delete(name)
    this.#open.set(name, promise)
    promise.then(settled, settled)
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────

  #store(): TokenStore {
    return {
      name: 'model',
      read: () => this.#storeStep('read', () => this.#stored && { ...this.#stored }),
      write: (tokens) =>
        this.#storeStep('write', () => {
          this.#stored = tokens && { ...tokens }
          this.model.stores(this.#stored)
        }),
    }
  }

  /** A store does what it is asked in the order in which it was asked, also what nobody waits for any longer. */
  #storeStep<Result>(kind: 'read' | 'write', effect: () => Result): Promise<Result> {
    const mode = this.storeMode
    if (mode === `can not ${kind}`) return this.#later(kind, () => Promise.reject(new Error('the store is out of order')))
    if (mode === 'hangs') return new Promise(() => undefined)
    let result: Result
    let done = false
    this.#effects.push(() => {
      if (!done) result = effect()
      done = true
    })
    const upToHere = this.#effects.length
    return this.#later(kind, () => {
      this.#effects.slice(0, upToHere).forEach((apply) => apply())
      return result
    })
  }

  get #storedSerial(): number {
    return this.#issued.get(String(this.#stored?.access_token))?.serial ?? 0
  }

  // ── the authorization server ───────────────────────────────────────────────────────────────────

  #issue(user: string, by: Issued['by'], rotates = true): TokenJSON & { access_token: string } {
    const serial = ++this.#serial
    const lifetime = lifetimes[this.lifetime]!
    const access_token = `access-${serial}`
    this.#issued.set(access_token, { user, serial, lifetime, until: this.environment.mono + lifetime, by })
    if (rotates) this.#refreshTokens.set(`refresh-${serial}`, { user, spent: false })
    const expires_at = new Date(this.environment.wall + lifetime).toISOString()
    return {
      access_token,
      expires_in: lifetime / 1000,
      ...(rotates && { refresh_token: `refresh-${serial}` }),
      ...(by === 'sign-in' && { expires_at }),
    }
  }

  #token(tokens: TokenSet | undefined, { signal, reportDate }: RefreshContext): Promise<TokenResponse> {
    const mode = this.tokenMode
    const token = tokens?.refresh_token ?? ''
    // A retry within one flight is no flight of its own.
    if (this.#flightOf !== signal) this.model.starts(this.environment.mono)
    this.#flightOf = signal
    const { done, answered, isPresent } = this.model.redeems(token, signal)
    if (mode === 'throws') {
      done()
      throw new Error('thrown by the refresh function')
    }
    const work = async (): Promise<TokenResponse> => {
      await this.#later('token request', () => undefined)
      const answer = this.#redeem(token, mode)
      if (mode === 'hangs') await new Promise(() => undefined)
      await this.#later('token answer', () => undefined)
      if (mode === 'loses the answer') throw new TypeError('fetch failed')
      if (signal.aborted) throw new Error('nobody is there to take the answer')
      reportDate(new Date(this.environment.wall + this.skew).toUTCString())
      // A refusal for other reasons, or an answer that can't be read, has redeemed nothing that the client knows of.
      const isRead = 'access_token' in answer && mode !== 'rubbish'
      if (mode !== 'keeps the refresh token' && (isRead || answer.error === 'invalid_grant')) answered()
      if (!('access_token' in answer)) throw Object.assign(new Error('refused'), answer)
      if (mode === 'rubbish') return 'rubbish' as never
      // What a flight brings home that was overtaken by a sign-in is nobody's token.
      if (isPresent()) this.#lastAnswer = this.#issued.get(answer.access_token)
      return answer
    }
    return new Promise<TokenResponse>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      work().then(resolve, reject)
    }).finally(done)
  }

  #redeem(token: string, mode: TokenMode): (TokenResponse & { access_token: string }) | { error: string; status: number } {
    if (mode === '503') return { status: 503, error: 'temporarily_unavailable' }
    if (mode === 'invalid_client' || mode === 'invalid_grant') return { status: 400, error: mode }
    const family = this.#refreshTokens.get(token)
    if (!family || family.spent) return { status: 400, error: 'invalid_grant' }
    const rotates = mode !== 'keeps the refresh token'
    family.spent = rotates
    return this.#issue(family.user, 'refresh', rotates)
  }

  // ── the resource server ────────────────────────────────────────────────────────────────────────

  #resource(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const header = config.headers.Authorization as string | undefined
    const token = header?.replace('Bearer ', '')
    this.model.sends(config.url!, token, this.#issued.get(token ?? ''), this.#storedSerial)
    const { signal, timeout } = config
    return new Promise<AxiosResponse>((resolve, reject) => {
      const onAbort = (): void => end(() => reject(new CanceledError(undefined, config)))
      let open = true
      const end = (settleIt: () => void): void => {
        open = false
        signal?.removeEventListener?.('abort', onAbort)
        cancelTimer?.()
        settleIt()
      }
      const onTimeout = (): void => end(() => reject(new AxiosError('timeout', 'ECONNABORTED', config)))
      const cancelTimer = timeout ? this.environment.after(timeout, onTimeout) : undefined
      signal?.addEventListener?.('abort', onAbort)
      const answer = async (): Promise<void> => {
        const status = await this.#later('request', () => this.#judge(token))
        await this.#later('answer', () => undefined)
        // Who has left is told nothing.
        if (!open) return
        if (status === 401 && token) this.model.tellsRejection(config.url!, token)
        const response = { status, data: '', statusText: '', headers: {}, config, request: null }
        end(() =>
          status === 200 ? resolve(response) : reject(new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)),
        )
      }
      void answer()
    })
  }

  #judge(token: string | undefined): number {
    const issued = this.#issued.get(token ?? '')
    return issued && !this.#refused.has(token!) && this.environment.mono < issued.until ? 200 : 401
  }

  /** Happens when the scheduler says so. */
  #later<Result>(label: string, effect: () => Result | Promise<Result>): Promise<Result> {
    return this.#scheduler.schedule(Promise.resolve(), label).then(effect)
  }
}
