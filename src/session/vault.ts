import { OAuthError, isOAuthError } from '../errors.js'
import { sameTokens } from '../tokens.js'
import type { TokenJSON, TokenStore } from '../types.js'
import type { Environment } from './environment.js'
import { withTimeLimit } from './time-limit.js'

const noop = (): void => undefined

/** How long the store may take for one step, and how long its lock may be waited for: milliseconds. */
export interface VaultLimits {
  readonly storeTimeout: number
  readonly lockTimeout: number
}

/** Leaves something to be done under the lock that nobody waits for. */
export type LeaveRest = (rest: () => Promise<() => void>) => void

/** The store as the session sees it: every step has a time limit and fails with an error that names the store. */
export class Vault {
  readonly name: string
  readonly #store: TokenStore
  readonly #environment: Environment
  readonly #limits: VaultLimits
  /** What the store held when it was last read or written by us. */
  #known: TokenJSON | undefined
  /** True when what it holds is to be overwritten anyway, and not to be taken for somebody else's change. */
  #blind = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(store: TokenStore, environment: Environment, limits: VaultLimits) {
    this.name = store.name ?? 'store'
    this.#store = store
    this.#environment = environment
    this.#limits = limits
  }

  async read(): Promise<TokenJSON | undefined> {
    const stored = (await this.#step('read', () => this.#store.read())) ?? undefined
    if (this.#blind) this.know(stored)
    return stored
  }

  /** Reads after every change that was asked for before. */
  look(): Promise<TokenJSON | undefined> {
    return this.#inTurn(() => this.read())
  }

  /** Has somebody else changed the store since we last knew it? */
  moved(stored: TokenJSON | undefined): boolean {
    return !sameTokens(stored, this.#known)
  }

  /** Remembers what the store holds, once the session has taken note of it. */
  know(stored: TokenJSON | undefined): void {
    this.#known = stored
    this.#blind = false
  }

  /**
   * Stores `tokens` unless somebody else has changed the store meanwhile; then it returns what is there instead. `wanted` is asked right before
   * anything is written: signing out must not be undone by a save that was under way.
   */
  replace(tokens: TokenJSON | undefined, wanted: () => boolean): Promise<{ stored: boolean; found?: TokenJSON | undefined }> {
    return this.#inTurn(async () => {
      const present = await this.read()
      if (!wanted()) return { stored: false }
      if (this.moved(present)) return { stored: false, found: present }
      if ((await this.#write(tokens, present, 'replace')) !== false) return { stored: true }
      const found = await this.read()
      // Nobody was faster: it has failed, whatever it calls that.
      if (!this.moved(found)) throw this.#failure('be written', new Error('it refused, and holds what it held before'))
      return { stored: false, found }
    })
  }

  /**
   * Stores `tokens` whatever is there, and returns what that was. It is looked at first: should writing fail, what stays behind is nobody's news.
   */
  set(tokens: TokenJSON | undefined): Promise<TokenJSON | undefined> {
    return this.#inTurn(async () => {
      this.#blind = true
      // A store that can't be read is better not written to: what lands there late could undo what others have done. Deleting is worth the try.
      const present = await this.read().catch((error: unknown) => {
        if (tokens) throw error
        return this.#known
      })
      await this.#write(tokens, present, 'set')
      return present
    })
  }

  /** One change of the store at a time, in the order in which they were asked for. */
  #inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change)
    this.#turn = result.then(noop, noop)
    return result
  }

  /**
   * Runs `work` under the store's lock, where it has one. Once `work` is done, a release that fails or hangs changes nothing. It may leave a rest, for which the lock is kept
   * while its result is out already; what that resolves with is called once the lock is free.
   */
  exclusively<Result>(work: (lost: AbortSignal | undefined, leave: LeaveRest) => Promise<Result>): Promise<Result> {
    const { lock } = this.#store
    if (!lock) return work(undefined, noop)
    const { lockTimeout, storeTimeout } = this.#limits
    const waiting = new AbortController()
    return new Promise<Result>((resolve, reject) => {
      let outcome: Promise<Result> | undefined
      let rest: Parameters<LeaveRest>[0] | undefined
      let tell = noop
      const giveUp = (cause: unknown): void => {
        waiting.abort(this.#failure('be locked', cause))
        reject(waiting.signal.reason)
      }
      let cancelTimer = this.#environment.after(lockTimeout, () => giveUp(new Error(`no turn within ${lockTimeout} ms`)))
      const run = async (lost?: AbortSignal): Promise<Result> => {
        // A lock that comes when nobody waits for it any longer must not start anything, nor one that comes twice.
        if (outcome) return outcome
        waiting.signal.throwIfAborted()
        cancelTimer()
        const result = (outcome = work(lost, (left) => (rest = left)))
        await result.catch(() => undefined)
        if (rest) {
          resolve(result)
          tell = await rest().catch(() => noop)
        }
        cancelTimer = this.#environment.after(storeTimeout, () => resolve(result))
        return result
      }
      // What it settles with itself counts for nothing, once there was a turn.
      const ended = (cause: unknown): void => (outcome ? resolve(outcome) : giveUp(cause))
      new Promise((started) => started(lock.call(this.#store, run, waiting.signal)))
        .then(() => ended(new Error('it ended without a turn')), ended)
        .finally(() => (cancelTimer(), tell()))
    })
  }

  subscribe(listener: () => void): () => void {
    return this.#store.subscribe?.(listener) ?? (() => undefined)
  }

  async #write(tokens: TokenJSON | undefined, replacing: TokenJSON | undefined, mode: 'replace' | 'set'): Promise<unknown> {
    const result = await this.#step('written', () => this.#store.write(tokens, { replacing, mode }))
    if (result !== false) this.know(tokens)
    return result
  }

  async #step<Result>(verb: string, step: () => Result | PromiseLike<Result>): Promise<Result> {
    const { storeTimeout } = this.#limits
    try {
      return await withTimeLimit(this.#environment, storeTimeout, step, () => new Error(`no answer within ${storeTimeout} ms`))
    } catch (error) {
      throw this.#failure(`be ${verb}`, error)
    }
  }

  #failure(verb: string, cause: unknown): OAuthError {
    if (isOAuthError(cause) && cause.code === 'OAUTH_STORE_FAILED') return cause
    return new OAuthError(
      'OAUTH_STORE_FAILED',
      `The token store (${this.name}) could not ${verb}. What it held was left as it was.`,
      { cause },
    )
  }
}
