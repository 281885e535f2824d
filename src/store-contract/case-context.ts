import type { TokenJSON, TokenStore } from '../index.js'
import type { SharedTokenStore } from '../shared.js'
import { check } from './assert.js'
import type { StoreContractOptions, StoreNeed } from './options.js'
import { pause } from './time.js'

const DEFAULT_TIMEOUT = 4000

/** What one case works with: the stores over its place, and short words for what is done to them. */
export class CaseContext {
  /** The store that `open` has given. */
  readonly store: TokenStore
  readonly options: StoreContractOptions
  /** What the case waits for just now, for the message should it wait in vain. */
  waitingFor = 'the store'
  /** Called at the end of the case, whatever its outcome. */
  readonly atTheEnd: (() => void)[] = []
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

  end(): void {
    this.#ended = true
    for (const undo of this.atTheEnd) undo()
  }

  /** Another store object over the same place; the first one again where there can be no other. */
  async another(): Promise<TokenStore> {
    return (await this.options.another?.()) ?? this.store
  }

  async elsewhere(): Promise<TokenStore> {
    return (await this.options.elsewhere?.()) ?? this.store
  }

  async read(store = this.store): Promise<TokenJSON | undefined> {
    return (await store.read()) ?? undefined
  }

  /** Writes whatever is there, as signing in and out does. */
  async set(tokens: TokenJSON | undefined, store = this.store): Promise<unknown> {
    return store.write(tokens, { mode: 'set', replacing: undefined })
  }

  /** Writes upon `replacing`, as a refresh does. Tells whether the store says that it stands. */
  async replace(tokens: TokenJSON | undefined, replacing: TokenJSON | undefined, store = this.store): Promise<boolean> {
    return (await store.write(tokens, { mode: 'replace', replacing })) !== false
  }

  /** Takes the lock. A case that fails early leaves it to itself: nobody has to await the result. */
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

  /** Aborted when the case is over: who still waits then leaves. Each waiter has its own, as with the session. */
  #untilTheEnd(): AbortSignal {
    const controller = new AbortController()
    this.atTheEnd.push(() => controller.abort(new Error('The case is over')))
    return controller.signal
  }

  subscribe(listener: () => void, store = this.store): () => void {
    check(store.subscribe, "the store has no function subscribe; if it isn't meant to have one, pass lacks: ['subscribe']")
    const undo = store.subscribe(listener)
    check(typeof undo === 'function', `subscribe returned ${String(undo)} instead of a function, its own undo`)
    this.atTheEnd.push(undo)
    return undo
  }

  /** Awaits `promise`; should the case run out of time, its message says that it waited for `what`. */
  async soon<Result>(promise: Promise<Result>, what: string): Promise<Result> {
    this.waitingFor = what
    return promise
  }

  /** Waits until `condition` holds. */
  async until(condition: () => unknown, what: string): Promise<void> {
    this.waitingFor = what
    while (!(await condition())) {
      // Whoever ended the case has reported why.
      check(!this.#ended, 'the case is over')
      await pause(5)
    }
  }
}

/** A promise of a store and the way to put it to the test. */
export interface Requirement {
  readonly promise: string
  readonly needs?: readonly StoreNeed[]
  readonly test: (context: CaseContext) => Promise<void>
}
