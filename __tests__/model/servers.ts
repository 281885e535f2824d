import { AxiosError, CanceledError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'
import type { Scheduler } from 'fast-check'
import type { RefreshContext, TokenJSON, TokenResponse, TokenSet, TokenStore } from '../../src/index.js'
import type { FakeEnvironment } from '../helpers/fake-environment.js'
import type { Issued, KnownUser, Model, ModelEpoch } from './invariants.js'

/** How the token endpoint answers from now on. */
export const tokenModes = [
  'answers',
  'keeps the refresh token',
  'invalid_grant',
  'login_required',
  'null',
  'invalid_client',
  '503',
  'loses the answer',
  'hangs',
  'rubbish',
  'throws',
  'signs in itself',
] as const
export type TokenMode = (typeof tokenModes)[number]

/** How the store behaves from now on. */
export const storeModes = ['works', 'can not write', 'can not read', 'hangs'] as const
export type StoreMode = (typeof storeModes)[number]

const lifetimes: Readonly<Record<string, number>> = { short: 1000, usual: 100_000, long: 3_600_000 }

/** The path of the route that refuses every token. */
export const FORBIDDEN = '/forbidden/'

/** The servers and the store around one session, in which every answer comes when the scheduler says so. */
export class Servers {
  tokenMode: TokenMode = 'answers'
  storeMode: StoreMode = 'works'
  lifetime: keyof typeof lifetimes = 'usual'
  /** How far the server's clock is from ours, in milliseconds. */
  skew = 0
  /** The token set that the last refresh brought. */
  lastAnswer: Issued | undefined
  stored: TokenJSON | undefined
  /** Called by the refresh function that signs in with the tokens that it returns. */
  signIn: (answer: TokenJSON & { access_token: string }, user: string, epoch: ModelEpoch) => void = () => undefined
  /** Called when a request gets a 401. */
  onRefusal: (id: string, token: string, issued: Issued) => void = () => undefined

  readonly issued = new Map<string, Issued>()
  readonly #refused = new Set<string>()
  readonly #refreshTokens = new Map<string, { user: string; isSpent: boolean }>()
  readonly #effects: (() => void)[] = []
  #serial = 0
  #lastSignal: AbortSignal | undefined

  constructor(
    readonly environment: FakeEnvironment,
    readonly model: Model,
    readonly scheduler: Scheduler,
  ) {}

  /** Happens when the scheduler says so. */
  later<Result>(label: string, effect: () => Result | Promise<Result>): Promise<Result> {
    return this.scheduler.schedule(Promise.resolve(), label).then(effect)
  }

  refuseAccessTokens(): void {
    for (const token of this.issued.keys()) this.#refused.add(token)
  }

  // ── the store ──────────────────────────────────────────────────────────────────────────────────

  store(): TokenStore {
    return {
      name: 'model',
      read: () => this.#storeStep('read', () => this.stored && { ...this.stored }),
      write: (tokens) =>
        this.#storeStep('write', () => {
          this.stored = tokens && { ...tokens }
          this.model.stores(this.stored)
        }),
    }
  }

  get storedSerial(): number {
    return this.issued.get(String(this.stored?.access_token))?.serial ?? 0
  }

  /** A store does what it is asked in the order in which it was asked, also what its caller waits for no longer. */
  #storeStep<Result>(kind: 'read' | 'write', effect: () => Result): Promise<Result> {
    const mode = this.storeMode
    if (mode === `can not ${kind}`) return this.later(kind, () => Promise.reject(new Error('the store is out of order')))
    if (mode === 'hangs') return new Promise(() => undefined)
    let result: Result
    let isDone = false
    this.#effects.push(() => {
      if (!isDone) result = effect()
      isDone = true
    })
    const upToHere = this.#effects.length
    return this.later(kind, () => {
      this.#effects.slice(0, upToHere).forEach((apply) => apply())
      return result
    })
  }

  // ── the authorization server ───────────────────────────────────────────────────────────────────

  issue(
    user: string,
    by: Issued['by'],
    epoch: ModelEpoch,
    known: KnownUser = {},
    rotates = true,
  ): TokenJSON & { access_token: string } {
    const serial = ++this.#serial
    const lifetime = lifetimes[this.lifetime]!
    const access_token = `access-${serial}`
    const at = this.environment.mono
    this.issued.set(access_token, { user, serial, lifetime, until: at + lifetime, at, by, epoch, known })
    if (rotates) this.#refreshTokens.set(`refresh-${serial}`, { user, isSpent: false })
    const expires_at = new Date(this.environment.wall + lifetime).toISOString()
    return {
      access_token,
      expires_in: lifetime / 1000,
      ...(rotates && { refresh_token: `refresh-${serial}` }),
      ...(by === 'sign-in' && { expires_at }),
      ...(known.subject !== undefined && { id_token: idToken(known.subject) }),
    }
  }

  /** The refresh function. */
  async token(tokens: TokenSet | undefined, { signal, reportDate }: RefreshContext): Promise<TokenResponse | null> {
    const mode = this.tokenMode
    const token = tokens?.refresh_token ?? ''
    // A retry belongs to the same refresh.
    if (this.#lastSignal !== signal) this.model.starts(this.environment.mono)
    this.#lastSignal = signal
    const { done, answered, epoch, isPresent } = this.model.redeems(token, signal)
    const [at, { known }] = [this.environment.mono, epoch]
    if (mode === 'throws') {
      done()
      throw new Error('thrown by the refresh function')
    }
    const work = async (): Promise<TokenResponse | null> => {
      await this.later('token request', () => undefined)
      const answer = this.#redeem(token, mode, epoch)
      if (mode === 'hangs') await new Promise(() => undefined)
      await this.later('token answer', () => undefined)
      if (mode === 'loses the answer') throw new TypeError('fetch failed')
      if (signal.aborted) throw new Error('the refresh was given up')
      reportDate(new Date(this.environment.wall + this.skew).toUTCString())
      // A refusal for other reasons, or an answer that can't be read, has redeemed nothing that the client knows of.
      const isRead = 'access_token' in answer && mode !== 'rubbish'
      const isEnd = answer.error === 'invalid_grant' || mode === 'null'
      if (mode !== 'keeps the refresh token' && (isRead || isEnd)) answered()
      if (mode === 'null') return null
      if (!('access_token' in answer)) throw Object.assign(new Error('refused'), answer)
      if (mode === 'rubbish') return 'rubbish' as never
      const response = answer as TokenResponse & { access_token: string }
      const issued = { ...this.issued.get(response.access_token)!, at, known }
      this.issued.set(response.access_token, issued)
      // The tokens of a superseded refresh are not used.
      if (isPresent()) {
        this.lastAnswer = issued
        if (mode === 'signs in itself') this.signIn(response, issued.user, epoch)
      }
      return response
    }
    return new Promise<TokenResponse | null>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
      work().then(resolve, reject)
    }).finally(done)
  }

  #redeem(token: string, mode: TokenMode, epoch: ModelEpoch): TokenJSON {
    if (mode === '503') return { status: 503, error: 'temporarily_unavailable' }
    if (mode === 'invalid_client' || mode === 'invalid_grant' || mode === 'login_required') return { status: 400, error: mode }
    const chain = this.#refreshTokens.get(token)
    if (!chain || chain.isSpent) return { status: 400, error: 'invalid_grant' }
    const rotates = mode !== 'keeps the refresh token'
    chain.isSpent = rotates
    return this.issue(chain.user, 'refresh', epoch, {}, rotates)
  }

  // ── the resource server ────────────────────────────────────────────────────────────────────────

  resource(config: InternalAxiosRequestConfig): Promise<AxiosResponse> {
    const header = config.headers.Authorization as string | undefined
    const token = header?.replace('Bearer ', '')
    const issued = this.issued.get(token ?? '')
    this.model.sends(config.url!, token, issued, this.storedSerial)
    const { signal, timeout } = config
    return new Promise<AxiosResponse>((resolve, reject) => {
      const onAbort = (): void => end(() => reject(new CanceledError(undefined, config)))
      let isOpen = true
      const end = (settleIt: () => void): void => {
        isOpen = false
        signal?.removeEventListener?.('abort', onAbort)
        cancelTimer?.()
        settleIt()
      }
      const onTimeout = (): void => end(() => reject(new AxiosError('timeout', 'ECONNABORTED', config)))
      const cancelTimer = timeout ? this.environment.after(timeout, onTimeout) : undefined
      signal?.addEventListener?.('abort', onAbort)
      const answer = async (): Promise<void> => {
        const status = await this.later('request', () => this.#judge(config.url!, token, issued))
        await this.later('answer', () => undefined)
        if (!isOpen) return
        if (status === 401 && issued) this.onRefusal(config.url!, token!, issued)
        const response = { status, data: '', statusText: '', headers: {}, config, request: null }
        end(() =>
          status === 200 ? resolve(response) : reject(new AxiosError('refused', 'ERR_BAD_REQUEST', config, null, response)),
        )
      }
      void answer()
    })
  }

  revoke(tokens: TokenSet): Promise<void> {
    const token = String(tokens.access_token)
    this.model.revokes(token, this.issued.get(token))
    return this.later('revocation', () => void this.#refused.add(token))
  }

  #judge(url: string, token: string | undefined, issued: Issued | undefined): number {
    if (url.startsWith(FORBIDDEN)) return 401
    return issued && !this.#refused.has(token!) && this.environment.mono < issued.until ? 200 : 401
  }
}

/** An unsigned ID token of a made-up user. */
export function idToken(sub: string): string {
  return `e30.${btoa(JSON.stringify({ iss: 'https://login.test', sub }))}.`
}
