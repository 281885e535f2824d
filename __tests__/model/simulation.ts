import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios'
import type { Scheduler } from 'fast-check'
import { getEventListeners } from 'node:events'
import type { AttachedSession, AttachOptions, RefreshFunction, TokenStore } from '../../src/index.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { Model, type KnownUser } from './invariants.js'
import { Observer, type Moment } from './observer.js'
import { FORBIDDEN, Servers } from './servers.js'
import type { Subject } from './subject.js'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How a request is made. */
export interface RequestKind {
  readonly timeout?: number
  readonly isStream?: boolean
  /** The route refuses every token. */
  readonly isForbidden?: boolean
  readonly validFor?: number
}

/** How much of a sign-in tells who the user is. */
export type Identification = 'unknown' | 'ID token' | 'user' | 'both'

export type Change =
  | { readonly type: 'sign in'; readonly user: string; readonly by: Identification }
  | { readonly type: 'sign out'; readonly revoke: boolean }
  | { readonly type: 'refresh' | 'detach' | 'request' }

export type SendAgain = 'the config' | 'a copy' | 'its headers'

/** Options of a later call of `attachOAuth`. */
export interface Attaching {
  readonly canRefresh: boolean
  readonly strictSaving?: boolean
  readonly rejectSignedOut?: boolean
}

/** An application with one session, and the world around it. */
export class Simulation {
  readonly environment = new FakeEnvironment()
  readonly model = new Model()
  readonly servers: Servers
  readonly session: AttachedSession
  readonly observer: Observer

  readonly #subject: Subject
  readonly #api: AxiosInstance
  readonly #store: TokenStore
  readonly #controllers: AbortController[] = []
  readonly #open = new Map<string, Promise<unknown>>()
  readonly #failed: InternalAxiosRequestConfig[] = []
  readonly #refusedIds = new Set<string>()
  /** Which refresh function the next refresh calls, and which one the refresh under way calls. */
  #functions = 0
  #functionOfRun = 0
  #started = 0
  #lastReason: string | undefined
  /** How many sign-ins there were when the last refresh began. */
  #signInsBefore = 0
  /** How often a refresh had been asked for when the last one ended. */
  #askedBefore = 0
  #runs = new Map<AbortSignal, number>()
  #options: AttachOptions = {}
  #detach: (() => void) | undefined
  #interceptor: number | undefined
  #requests = 0
  /** The request that is being made at this moment. */
  #sending: string | undefined
  #isClosed = false

  constructor(subject: Subject, scheduler: Scheduler, watchesRequests: boolean) {
    this.#subject = subject
    const servers = (this.servers = new Servers(this.environment, this.model, scheduler))
    this.#api = axios.create({ baseURL: 'https://api.example.com', adapter: (config) => servers.resource(config) })
    this.#store = servers.store()
    const epoch = this.model.signsIn('ann', {})
    servers.stored = servers.issue('ann', 'sign-in', epoch)
    servers.signIn = (answer, user, own) => {
      this.model.signsIn(user, {}, own)
      const { epoch } = this.model
      const at = this.environment.mono
      const issued = { ...servers.issued.get(answer.access_token)!, by: 'sign-in' as const, epoch, at, known: {} }
      servers.issued.set(answer.access_token, issued)
      this.model.adopts(issued)
      this.#follow(`own sign-in ${++this.#requests}`, this.session.signIn(answer))
    }
    servers.onRefusal = (id, token, issued) => {
      this.#refusedIds.add(id)
      if (!this.model.rejects(id, issued)) return
      const { refreshing: joins } = this.session.getSnapshot()
      const before = this.#started
      void settle().then(() => {
        const isForRejected = joins ? this.#started === before : this.#started > before && this.#lastReason === 'rejected'
        if (isForRejected && this.observer.look().refreshing) this.model.blocks(token)
      })
    }
    this.session = this.#attach({ canRefresh: true })
    // The package notes what happens before the program's own listeners run.
    this.session.on('refresh_started', ({ reason }) => {
      this.#started++
      this.#lastReason = reason
      this.#signInsBefore = this.model.signIns
      this.#functionOfRun = this.#functions
      this.model.check('closed', !this.#isClosed, 'refresh_started')
    })
    this.session.on('refresh_failed', ({ error, attempts }) => {
      // A subscriber may have signed in or asked for another refresh since.
      const isPresent = this.#signInsBefore === this.model.signIns && this.#askedBefore === this.model.asked
      if (isPresent && attempts > 0 && /UNAVAILABLE|CLIENT_REFUSED/.test(error.code)) this.model.refreshFailed()
    })
    this.session.on('refreshed', () => {
      const { lastAnswer } = servers
      if (!lastAnswer) return
      if (this.model.epoch.user === undefined && this.session.getSnapshot().status === 'signed_in') {
        const resumed = { ...lastAnswer, epoch: this.model.resumes(lastAnswer.user) }
        servers.issued.set(`access-${lastAnswer.serial}`, resumed)
        this.model.adopts(resumed)
      } else this.model.adopts(lastAnswer)
    })
    this.session.on('signed_out', ({ reason }) => {
      if (reason !== 'requested') this.#noteEnd()
    })
    this.session.subscribe(() => {
      const snapshot = this.session.getSnapshot()
      if (!snapshot.refreshing) {
        this.model.unblocks()
        this.#askedBefore = this.model.asked
      }
      if (snapshot.status === 'signed_in' && !snapshot.persisted && servers.lastAnswer)
        this.model.couldNotSave(servers.lastAnswer.serial)
    })
    this.observer = new Observer(this.model, this.session, watchesRequests)
    // How old the first set is depends on the clock when it is read.
    const first = servers.issued.get(String(servers.stored.access_token))!
    this.model.adopts({ ...first, lifetime: 0 })
  }

  // ── what the application does ──────────────────────────────────────────────────────────────────

  async request(kind: RequestKind): Promise<void> {
    this.#request(kind)
    await this.settle()
  }

  /** Sends the config of a failed request again. */
  async sendAgain(how: SendAgain): Promise<void> {
    const config = this.#failed.pop()
    if (!config) return
    const copy = {
      'the config': config,
      'a copy': { ...config },
      'its headers': { url: config.url, headers: { ...config.headers } },
    }[how]
    // Without a credential or a context, a copy is a new request.
    if (how === 'its headers' && !config.headers.Authorization) this.model.forgets(config.url!)
    this.#send(config.url!, copy as InternalAxiosRequestConfig, how === 'its headers')
    await this.settle()
  }

  abort(which: number): void {
    this.#controllers[which % Math.max(1, this.#controllers.length)]?.abort()
  }

  change(change: Change): void {
    this.#noteEnd()
    switch (change.type) {
      case 'sign in':
        return this.#signIn(change.user, change.by)
      case 'sign out':
        return this.#signOut(change.revoke)
      case 'refresh':
        this.model.isAsked()
        return this.#follow(`refresh ${++this.#requests}`, this.session.refresh())
      case 'detach':
        this.#detach?.()
        this.#detach = undefined
        // The interceptors are removed before they have run for this request.
        if (this.#sending !== undefined) this.model.isSentPlain(this.#sending)
        return
      case 'request':
        return this.#request({})
    }
  }

  /** Makes the change in the next listener of this event. */
  inListener(moment: Moment, change: Change): void {
    this.observer.onNext(moment, () => this.change(change))
  }

  getAccessToken(rejected: boolean): void {
    const token = rejected ? String(this.servers.stored?.access_token) : undefined
    this.#follow(`access token ${++this.#requests}`, this.session.getAccessToken({ rejected: token }))
  }

  attach(how: Attaching): void {
    if (!this.#isClosed) this.#attach(how)
  }

  /** Another package's request interceptor, which takes its time. */
  addInterceptor(): void {
    this.removeInterceptor()
    this.#interceptor = this.#api.interceptors.request.use((config) => this.servers.later('interceptor', () => config))
  }

  removeInterceptor(): void {
    if (this.#interceptor !== undefined) this.#api.interceptors.request.eject(this.#interceptor)
    this.#interceptor = undefined
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#detach = undefined
    const { epoch } = this.model
    const closed = this.session.close().then(({ persisted }) => {
      // close() does not save later changes.
      if (persisted && epoch === this.model.epoch && !this.#isChangedLate) return this.#compareWithStore('after close()')
    })
    this.#follow(`close ${++this.#requests}`, closed)
  }

  // ── what happens outside ───────────────────────────────────────────────────────────────────────

  jump(ms: number): void {
    this.environment.wall += ms
  }

  async pass(ms: number): Promise<void> {
    await this.environment.pass(ms)
    await this.settle()
  }

  /** Lets some of the answers come that are due. */
  async step(count: number): Promise<void> {
    await this.settle()
    for (let i = 0; i < count && this.servers.scheduler.count() > 0; i++) {
      await this.servers.scheduler.waitNext(1)
      await this.settle()
    }
  }

  async settle(): Promise<void> {
    await settle()
    this.model.turn++
    this.observer.look()
  }

  /** Lets everything come to its end, in a world that works again, and checks what is left. */
  async finish(): Promise<void> {
    const { servers, model, environment } = this
    servers.tokenMode = 'answers'
    servers.storeMode = 'works'
    servers.lifetime = 'long'
    this.removeInterceptor()
    await this.#comeToRest()
    this.#attachIfDetached()
    // Everything works and nothing is under way: what waits after this does so for ever.
    servers.refuseAccessTokens()
    await this.request({ timeout: 5000 })
    await this.step(Infinity)
    // A cool-down and the limit end; a set that is not stored is saved at the next need.
    await this.pass(61_000)
    for (let i = 0; i < 2; i++) {
      // A listener may have detached.
      this.#attachIfDetached()
      await this.request({})
      await this.step(Infinity)
      await this.pass(2000)
    }
    await this.request({})
    await this.step(Infinity)
    model.check('settles', this.#open.size === 0, [...this.#open.keys()].join(', '))
    const { refreshing } = this.observer.look()
    model.check('settles', !refreshing, 'the session still refreshes')
    model.check('nothingLeft', environment.timers === 0, `${environment.timers} timers`)
    const listeners = this.#controllers.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0)
    model.check('nothingLeft', listeners === 0, `${listeners} listeners`)
    model.stores(servers.stored)
    if (!this.#isClosed) await this.#compareWithStore('at the end')
  }

  #attachIfDetached(): void {
    if (!this.#detach && !this.#isClosed) this.#attach({ canRefresh: true })
  }

  async #comeToRest(): Promise<void> {
    const { environment, servers } = this
    await this.settle()
    for (let round = 0; round < 50 && (servers.scheduler.count() > 0 || environment.timers > 0); round++) {
      await this.step(Infinity)
      if (environment.timers > 0) await this.pass(80_000)
    }
  }

  async #compareWithStore(when: string): Promise<void> {
    if (this.observer.look().status !== 'signed_in') return
    const tokens = await this.session.tokens()
    const stored = this.servers.stored?.access_token
    this.model.check(
      'memoryAndStore',
      tokens?.access_token === stored,
      `${when}: ${tokens?.access_token} is in use, ${String(stored)} is stored`,
    )
  }

  #attach({ canRefresh, strictSaving, rejectSignedOut }: Attaching): AttachedSession {
    const { servers } = this
    const id = ++this.#functions
    const refresh: RefreshFunction = (tokens, context) => {
      const expected = this.#runs.get(context.signal) ?? this.#functionOfRun
      this.#runs.set(context.signal, expected)
      this.model.check('keepsItsFunction', id === expected, `function ${id} in place of ${expected}`)
      return servers.token(tokens, context)
    }
    this.#options = {
      refresh: canRefresh && Object.assign(refresh, { needsRefreshToken: true }),
      revoke: (tokens) => servers.revoke(tokens),
      ...(strictSaving !== undefined && { strictSaving }),
      ...(rejectSignedOut !== undefined && { rejectSignedOut }),
    }
    const session = this.#subject.attachIn(this.environment, this.#api, this.#store, this.#options)
    this.#detach = () => session.detach()
    if (strictSaving !== undefined) this.#isStrict = strictSaving
    return session
  }

  #isStrict = false
  #isChangedLate = false

  #request({ timeout = 0, isStream, isForbidden, validFor }: RequestKind): void {
    const url = `${isForbidden ? FORBIDDEN : '/'}${++this.#requests}`
    const controller = new AbortController()
    this.#controllers.push(controller)
    const body = isStream ? { data: (async function* () {})(), method: 'post' } : {}
    this.#send(url, { url, signal: controller.signal, timeout, ...body, ...(validFor && { oauth: { validFor } }) } as never)
  }

  #send(url: string, config: InternalAxiosRequestConfig, isByHeaders = false): void {
    this.model.asks(url, !this.#detach, isByHeaders)
    this.#refusedIds.delete(url)
    const before = this.#sending
    this.#sending = url
    const request = this.#api.request(config)
    this.#sending = before
    const sent = request.catch((error: { code?: unknown; response?: unknown; config?: InternalAxiosRequestConfig }) => {
      const isReady = this.observer.look().status === 'signed_in' && !this.#isStrict
      this.model.fails(url, error, isReady, this.#refusedIds.has(url))
      // A stream can't be sent again.
      if (error.config && error.config.data === undefined && error.code !== 'ERR_CANCELED') this.#failed.push(error.config)
    })
    this.#follow(url, sent)
  }

  /** The session may have ended before its event says so. */
  #noteEnd(): void {
    if (this.observer.look().status === 'signed_out' && this.model.epoch.user !== undefined) this.model.ends()
  }

  #signIn(user: string, by: Identification): void {
    const known: KnownUser = {
      ...((by === 'ID token' || by === 'both') && { subject: user }),
      ...((by === 'user' || by === 'both') && { user }),
    }
    this.#isChangedLate = this.#isClosed
    const epoch = this.model.signsIn(user, known)
    const tokens = this.servers.issue(user, 'sign-in', epoch, known)
    this.model.adopts(this.servers.issued.get(tokens.access_token)!)
    this.#follow(`sign-in ${++this.#requests}`, this.session.signIn(tokens, known.user === undefined ? {} : { user }))
  }

  #signOut(revoke: boolean): void {
    const epoch = this.model.signsOut()
    this.model.revocations += Number(revoke)
    const done = this.session.signOut({ revoke }).finally(() => (this.model.revocations -= Number(revoke)))
    this.#follow(
      `sign-out ${++this.#requests}`,
      done.then(() => this.model.signedOut(epoch)),
    )
  }

  #follow(name: string, promise: Promise<unknown>): void {
    const settled = (): void => void this.#open.delete(name)
    this.#open.set(name, promise)
    promise.then(settled, settled)
  }
}
