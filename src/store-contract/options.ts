import type { TokenStore } from '../index.js'

/** What not every store can do. A store that can't says so in `lacks`. */
export type StoreAbility =
  /** It has `lock`. */
  | 'lock'
  /** It has `subscribe`. */
  | 'subscribe'
  /** Its `write` refuses, by returning `false`, to replace what it no longer holds. */
  | 'compare'
  /** It compares and writes in one step, so that of several at the same time one stands. */
  | 'atomic-compare'

/** The options of `storeContract` without which some promises can't be put to the test. */
export type StoreHook = 'another' | 'elsewhere' | 'corrupt' | 'dieWithLock' | 'loseLock'

/** What a promise needs of the store or of the options. */
export type StoreNeed = StoreAbility | StoreHook

/** The options of `storeContract`. Every function may be asynchronous. */
export interface StoreContractOptions {
  /** A store over a fresh, empty context. Called once for each case; the cases run one after the other. */
  open(): TokenStore | PromiseLike<TokenStore>
  /** Another store object over the place of the last `open()`, as another tab, process or machine would have it. */
  another?(): TokenStore | PromiseLike<TokenStore>
  /** A store of the same kind over another place, also empty: the record of another user, another file. */
  elsewhere?(): TokenStore | PromiseLike<TokenStore>
  /** Cleans up what `open`, `another` and `elsewhere` have made. Called at the end of each case, also of one that has failed. */
  close?(): void | PromiseLike<void>
  /** Puts `garbage` into the place, behind the store's back: text that is no JSON. */
  corrupt?(garbage: string): void | PromiseLike<void>
  /** Lets somebody take the lock of the place and die with it: a process that is killed, say. Resolves when that has happened. */
  dieWithLock?(): void | PromiseLike<void>
  /** Takes the lock away from `holder`, which lives and has it: a lease that has run out, say. */
  loseLock?(holder: TokenStore): void | PromiseLike<void>
  /**
   * What the store can't do. The promises that need it are listed as not applying. Default: nothing, every promise is put to the test.
   *
   * Without `compare` there is no `atomic-compare` either.
   */
  lacks?: readonly StoreAbility[]
  /**
   * How long one case may take before it fails, in milliseconds; the limit of the test runner must be longer. A live holder is made to
   * keep the lock for a quarter of it: where the lock is a lease, open the store with a shorter one. Default: 4000.
   */
  timeout?: number
}

/** One promise, ready for any test runner: `test(name, run)`. */
export interface StoreCase {
  /** For the runner: the group and the promise, and why it doesn't apply if it doesn't. */
  readonly name: string
  /** The promise, in one sentence. The message of the error names it when it is broken. */
  readonly promise: string
  readonly needs: readonly StoreNeed[]
  /** Those of `needs` that are missing. */
  readonly missing: readonly StoreNeed[]
  /** False when something is missing. `run` then only checks that the store really lacks what it is said to lack. */
  readonly applies: boolean
  /** Resolves when the promise is kept; rejects with an `Error` that names the promise and tells what was seen. */
  run(): Promise<void>
}

const abilities: readonly StoreAbility[] = ['lock', 'subscribe', 'compare', 'atomic-compare']
const hooks: readonly StoreHook[] = ['another', 'elsewhere', 'corrupt', 'dieWithLock', 'loseLock']

function fail(message: string): never {
  throw new TypeError(`storeContract: ${message}`)
}

/** Throws a `TypeError` that names the option which is wrong. */
export function checkOptions(options: StoreContractOptions): void {
  if (typeof options?.open !== 'function') fail('open must be a function that returns a store over a fresh, empty place')
  for (const name of [...hooks, 'close'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function') fail(`${name} must be a function`)
  if (options.lacks !== undefined && !Array.isArray(options.lacks)) fail('lacks must be an array')
  for (const ability of options.lacks ?? [])
    if (!abilities.includes(ability)) fail(`lacks knows ${abilities.join(', ')}, and not ${String(ability)}`)
  const { timeout = 1 } = options
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout < 2 ** 31)) fail('timeout must be a number of milliseconds above 0')
}

/** What of `needs` the store or the options don't give. */
export function missingOf(needs: readonly StoreNeed[], options: StoreContractOptions): readonly StoreNeed[] {
  const lacks: readonly StoreNeed[] = options.lacks ?? []
  const isHook = (need: StoreNeed): need is StoreHook => (hooks as readonly StoreNeed[]).includes(need)
  return needs.filter((need) => {
    if (isHook(need)) return options[need] === undefined
    return lacks.includes(need) || (need === 'atomic-compare' && lacks.includes('compare'))
  })
}
