import type { TokenJSON, TokenStore } from '../index.js'
import type { SharedTokenStore } from '../shared.js'
import { check } from './assert.js'
import type { StoreContractOptions, StoreNeed } from './options.js'
import { pause } from './time.js'

const DEFAULT_TIMEOUT = 4000

/** The stores of one case, and shorthands for their operations. */
export class CaseContext {
  /** The store that `open` returned. */
  readonly store: TokenStore
  readonly options: StoreContractOptions
  /** The present reason to wait, for the message at the time limit. */
  waitingFor = 'the store'
  /** Called at the end of the case, also after a failure. */
  readonly atTheEnd: (() => unknown)[] = []
  #ended = false

  constructor(store: TokenStore, options: StoreContractOptions) {
    this.store = store
    this.options = options
  }

  static timeoutOf({ timeout = DEFAULT_TIMEOUT }: StoreContractOptions): number {
    return timeout
  }

  /** How long the case may take, in milliseconds. */
  get timeout(): number {
    return CaseContext.timeoutOf(this.options)
  }

  async end(): Promise<void> {
    this.#ended = true
    await Promise.all(this.atTheEnd.map((undo) => undo()))
  }

  /** Another store object over the same place, or the first one if `another` is missing. */
  async another(): Promise<TokenStore> {
    return (await this.options.another?.()) ?? this.store
  }

  async elsewhere(): Promise<TokenStore> {
    return (await this.options.elsewhere?.()) ?? this.store
  }

  async read(store = this.store): Promise<TokenJSON | undefined> {
    return (await store.read()) ?? undefined
  }

  /** Writes unconditionally, as signing in and out does. */
  async set(tokens: TokenJSON | undefined, store = this.store): Promise<unknown> {
    return store.write(tokens, { mode: 'set', replacing: undefined })
  }

  /** Writes on condition that the store holds `replacing`, as a refresh does. Resolves with whether the store accepted it. */
  async replace(tokens: TokenJSON | undefined, replacing: TokenJSON | undefined, store = this.store): Promise<boolean> {
    return (await store.write(tokens, { mode: 'replace', replacing })) !== false
  }

  /** Takes the lock. The result need not be awaited: a case may fail before. */
  lock<Result>(
    run: (lost?: AbortSignal) => Promise<Result>,
    { store = this.store, signal = this.#untilTheEnd() }: { store?: TokenStore; signal?: AbortSignal } = {},
  ): Promise<Result> {
    const result = (async () => {
      const { lock } = store as Partial<SharedTokenStore>
      check(lock, "the store has no function lock; if it isn't meant to have one, pass lacks: ['lock']")
      return lock.call(store, run as never, signal) as Promise<Result>
    })()
    result.catch(() => undefined)
    return result
  }

  /** A signal for one waiter, aborted at the end of the case. */
  #untilTheEnd(): AbortSignal {
    const controller = new AbortController()
    this.atTheEnd.push(() => controller.abort(new Error('The case is over')))
    return controller.signal
  }

  subscribe(listener: () => void, store = this.store): () => void {
    check(store.subscribe, "the store has no function subscribe; if it isn't meant to have one, pass lacks: ['subscribe']")
    const undo = store.subscribe(listener)
    check(typeof undo === 'function', `subscribe returned ${String(undo)} instead of a function that ends the subscription`)
    this.atTheEnd.push(undo)
    return undo
  }

  /** Awaits `promise`. The message at the time limit names `what`. */
  async soon<Result>(promise: Promise<Result>, what: string): Promise<Result> {
    this.waitingFor = what
    return promise
  }

  /** Waits until `condition` holds. */
  async until(condition: () => unknown, what: string): Promise<void> {
    this.waitingFor = what
    while (!(await condition())) {
      // The end of the case has already reported the reason.
      check(!this.#ended, 'the case is over')
      await pause(5)
    }
  }
}

/** A promise of a store and its test. */
export interface Requirement {
  readonly promise: string
  readonly needs?: readonly StoreNeed[]
  readonly test: (context: CaseContext) => Promise<void>
}
