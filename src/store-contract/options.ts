import type { TokenStore } from '../index.js'

/** An optional ability of a store. A store without it names it in `lacks`. */
export type StoreAbility =
  /** The store has `lock`. */
  | 'lock'
  /** The store has `subscribe`. */
  | 'subscribe'
  /** `write` in mode `replace` returns `false` when the store no longer holds `replacing`. */
  | 'compare'
  /** Comparing and writing are one step: of several concurrent writes exactly one succeeds. */
  | 'atomic-compare'

/** The options of `storeContract` that some promises need for their test. */
export type StoreHook = 'another' | 'elsewhere' | 'corrupt' | 'dieWithLock' | 'loseLock'

/** A need of a promise: an ability of the store, or an option. */
export type StoreNeed = StoreAbility | StoreHook

/** The options of `storeContract`. Every function may be asynchronous. */
export interface StoreContractOptions {
  /** Creates a store over a fresh, empty place. Called once for each case; the cases run one after the other. */
  open(): TokenStore | PromiseLike<TokenStore>
  /** Creates another store object over the place of the last `open()`, as another tab, process or machine has one. */
  another?(): TokenStore | PromiseLike<TokenStore>
  /** Creates a store over another empty place: the record of another user, another file. */
  elsewhere?(): TokenStore | PromiseLike<TokenStore>
  /** Cleans up after `open`, `another` and `elsewhere`. Called at the end of each case, also after a failure. */
  close?(): void | PromiseLike<void>
  /** Writes `garbage`, which is not JSON, to the place directly, without the store. */
  corrupt?(garbage: string): void | PromiseLike<void>
  /** Makes a holder of the lock die, for instance a child process that is killed. Resolves afterwards. */
  dieWithLock?(): void | PromiseLike<void>
  /** Takes the lock from `holder`, which is alive, for instance by deleting its lease. */
  loseLock?(holder: TokenStore): void | PromiseLike<void>
  /**
   * The abilities that the store lacks. The promises that need them do not apply. Default: none, every promise is tested.
   *
   * Without `compare` there is no `atomic-compare` either.
   */
  lacks?: readonly StoreAbility[] | undefined
  /**
   * The time limit of one case, in milliseconds; the limit of the test runner must be longer. One case keeps the lock for a
   * quarter of this time: if the lock is a lease, open the store with a shorter lease. Default: 4000.
   */
  timeout?: number | undefined
}

/** One promise, ready for any test runner: `test(name, run)`. */
export interface StoreCase {
  /** The title for the runner: the group, the promise, and why it does not apply. */
  readonly name: string
  /** The promise in one sentence, which the error of a broken promise names. */
  readonly promise: string
  readonly needs: readonly StoreNeed[]
  /** The missing members of `needs`. */
  readonly missing: readonly StoreNeed[]
  /** `false` when a need is missing. `run` then checks only that the store really lacks the ability. */
  readonly applies: boolean
  /** Resolves when the promise is kept; rejects with an `Error` that names the promise and the observation. */
  run(): Promise<void>
}

const abilities: readonly StoreAbility[] = ['lock', 'subscribe', 'compare', 'atomic-compare']
const hooks: readonly StoreHook[] = ['another', 'elsewhere', 'corrupt', 'dieWithLock', 'loseLock']

const known = ['open', ...hooks, 'close', 'lacks', 'timeout']

function fail(message: string): never {
  throw new TypeError(`storeContract: ${message}`)
}

/** Throws a `TypeError` that names the invalid option. */
export function checkContractOptions(options: StoreContractOptions): void {
  if (typeof options?.open !== 'function') fail('open must be a function that returns a store over a fresh, empty place')
  for (const name of [...hooks, 'close'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function') fail(`${name} must be a function`)
  if (options.lacks !== undefined && !Array.isArray(options.lacks)) fail('lacks must be an array')
  for (const ability of options.lacks ?? [])
    if (!abilities.includes(ability)) fail(`lacks knows ${abilities.join(', ')}, and not ${String(ability)}`)
  for (const name of Object.keys(options)) if (!known.includes(name)) fail(`${name} is unknown; known are ${known.join(', ')}`)
  const { timeout = 1 } = options
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout < 2 ** 31)) fail('timeout must be a number of milliseconds above 0')
}

/** The needs that the store and the options do not meet. */
export function missingOf(needs: readonly StoreNeed[], options: StoreContractOptions): readonly StoreNeed[] {
  const lacks: readonly StoreNeed[] = options.lacks ?? []
  const isHook = (need: StoreNeed): need is StoreHook => (hooks as readonly StoreNeed[]).includes(need)
  return needs.filter((need) => {
    if (isHook(need)) return options[need] === undefined
    return lacks.includes(need) || (need === 'atomic-compare' && lacks.includes('compare'))
  })
}
