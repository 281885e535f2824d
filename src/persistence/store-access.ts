import { OAuthError, isOAuthError, safeError, safeMessage } from '../errors.js'
import { attempt } from '../attempt.js'
import type { Environment } from '../session/environment.js'
import type { Superseded } from '../session/persistence.js'
import { withTimeLimit } from '../session/time-limit.js'
import { sameTokens } from '../tokens.js'
import type { TokenJSON, TokenStore } from '../types.js'

const noop = (): void => undefined

/** The store has changed since this session last read it; `found` is its present content. */
export interface Conflict {
  readonly found: TokenJSON | undefined
}

/** The typed error of a failed store operation. */
export function storeError(name: string, verb: string, cause: unknown): OAuthError {
  if (isOAuthError(cause) && cause.code === 'OAUTH_STORE_FAILED') return cause as OAuthError
  const reason = safeMessage(cause)
  return new OAuthError(
    'OAUTH_STORE_FAILED',
    `The token store (${name}) could not ${verb}${reason ? `: ${reason}` : '.'} Its content is unchanged.`,
    { cause },
  )
}

/** Reads and writes a store, each operation within the time limit. Writes run one at a time, in the order of the calls. */
export class StoreAccess {
  readonly name: string
  readonly #store: TokenStore
  readonly #environment: Environment
  readonly #timeout: number
  /** The content of the store at the last acknowledged read or write. */
  #known: TokenJSON | undefined
  /** An unconditional write is under way or has failed, so any content counts as known. */
  #overwriting = false
  #queue: Promise<unknown> = Promise.resolve()

  constructor(store: TokenStore, environment: Environment, timeout: number) {
    this.name = store.name ?? 'store'
    this.#store = store
    this.#environment = environment
    this.#timeout = timeout
  }

  /** Reads the store after all writes queued so far. */
  read(): Promise<TokenJSON | undefined> {
    return this.#enqueue(() => this.#read())
  }

  /** Did another tab, process or machine change the store? */
  changedExternally(stored: TokenJSON | undefined): boolean {
    // A record without tokens is not an empty store.
    return !stored !== !this.#known || !sameTokens(stored, this.#known)
  }

  acknowledge(stored: TokenJSON | undefined): void {
    // A copy, because a store may change its object in place. The tokens of a class instance may be getters.
    this.#known = stored && { ...stored, access_token: stored.access_token, refresh_token: stored.refresh_token }
    this.#overwriting = false
  }

  /**
   * Stores `tokens`, unless the write is superseded, or the store has changed: then resolves with the conflict. `restores`: writes
   * to a store that has become empty.
   */
  replace(tokens: TokenJSON | undefined, superseded: Superseded, restores = false): Promise<Conflict | undefined> {
    return this.#enqueue(async () => {
      const present = await this.#read()
      if (superseded.aborted) return undefined
      if (this.changedExternally(present) && (present || !restores)) return { found: present }
      if ((await this.#write(tokens, present, 'replace')) !== false) return undefined
      const found = await this.#read()
      if (this.changedExternally(found)) return { found }
      throw this.#refused()
    })
  }

  /** Stores `tokens` unconditionally. Resolves with the previous content. */
  overwrite(tokens: TokenJSON | undefined): Promise<TokenJSON | undefined> {
    return this.#enqueue(async () => {
      this.#overwriting = true
      // Writing to an unreadable store might undo another session's change; a deletion is always attempted.
      const present = await this.#read().catch((error: unknown) => {
        if (tokens) throw error
        return this.#known
      })
      if ((await this.#write(tokens, present, 'set')) === false) await this.#verify(tokens)
      return present
    })
  }

  /** Asks the store whether a write would succeed. Resolves with the error if it would not. */
  async checkWritable(): Promise<OAuthError | undefined> {
    const { checkWritable } = this.#store
    if (!checkWritable) return undefined
    return this.#step('be written', () => checkWritable.call(this.#store, this.#known)).then(
      noop,
      (error: OAuthError) => error,
    ) as Promise<OAuthError | undefined>
  }

  /** Settles when all operations queued so far have ended. */
  async idle(): Promise<void> {
    await this.#queue
  }

  subscribe(listener: () => void): () => void {
    try {
      const undo: unknown = this.#store.subscribe?.(listener)
      // If this fails, the listener ignores further notices.
      return () => void attempt(() => typeof undo === 'function' && (undo() as unknown))
    } catch (error) {
      throw storeError(this.name, 'be watched', error)
    }
  }

  /** A store answered `false` to a write that has no condition: its content tells whether it was written. */
  async #verify(tokens: TokenJSON | undefined): Promise<void> {
    const stored = await this.#read()
    if (!stored !== !tokens || !sameTokens(stored, tokens)) throw this.#refused()
    this.acknowledge(stored)
  }

  #refused(): OAuthError {
    return storeError(this.name, 'be written', safeError('the store refused the write'))
  }

  async #read(): Promise<TokenJSON | undefined> {
    const stored = (await this.#step('be read', () => this.#store.read())) ?? undefined
    if (this.#overwriting) this.acknowledge(stored)
    return stored
  }

  async #write(tokens: TokenJSON | undefined, replacing: TokenJSON | undefined, mode: 'replace' | 'set'): Promise<unknown> {
    const result = await this.#step('be written', () => this.#store.write(tokens, { replacing, mode }))
    if (result !== false) this.acknowledge(tokens)
    return result
  }

  #enqueue<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(change)
    this.#queue = result.then(noop, noop)
    return result
  }

  async #step<Result>(verb: string, step: () => Result | PromiseLike<Result>): Promise<Result> {
    try {
      return await withTimeLimit(this.#environment, this.#timeout, step, `no answer within ${this.#timeout} ms`)
    } catch (error) {
      throw storeError(this.name, verb, error)
    }
  }
}
