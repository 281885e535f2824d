import type { TokenStore } from '../index.js'
import { Broken } from './assert.js'
import { checkContractOptions, missingOf, type StoreCase, type StoreContractOptions, type StoreNeed } from './options.js'
import { CaseContext, type Requirement } from './case-context.js'
import { comparing } from './requirements/comparing.js'
import { lockHolders } from './requirements/lock-holders.js'
import { lockWaiters } from './requirements/lock-waiters.js'
import { locking } from './requirements/locking.js'
import { notifying } from './requirements/notifying.js'
import { optionalMembers } from './requirements/optional-members.js'
import { readingAndWriting } from './requirements/reading-and-writing.js'
import { sessions } from './requirements/sessions.js'
import { verifyLacks } from './verify-lacks.js'

const groups: Readonly<Record<string, readonly Requirement[]>> = {
  'reading and writing': [...readingAndWriting, ...optionalMembers],
  comparing,
  locking: [...locking, ...lockWaiters, ...lockHolders],
  notifying,
  'with sessions': sessions,
}

/** Tests a requirement over a fresh place, within the time limit, and cleans up. Rejects with an error that names the promise. */
async function put(requirement: Requirement, options: StoreContractOptions): Promise<void> {
  let store: TokenStore | undefined
  let context: CaseContext | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = CaseContext.timeoutOf(options)
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Broken(`waited ${timeout} ms for ${context?.waitingFor ?? 'open()'}, in vain`))
    }, timeout)
  })
  const work = async (): Promise<void> => {
    store = await options.open()
    context = new CaseContext(store, options)
    await requirement.test(context)
  }
  try {
    await Promise.race([work(), late])
  } catch (error) {
    const seen = error instanceof Broken ? error.message : `the store failed with ${String(error)}`
    throw new Error(`Broken promise: ${requirement.promise}. Seen of ${store?.name ?? 'the store'}: ${seen}.`, { cause: error })
  } finally {
    clearTimeout(timer)
    try {
      await context?.end()
    } finally {
      await options.close?.()
    }
  }
}

function nameOf(group: string, promise: string, missing: readonly StoreNeed[]): string {
  return `${group}: ${promise}${missing.length === 0 ? '' : ` (does not apply, without ${missing.join(' and ')})`}`
}

/**
 * The promises of a token store, as cases for any test runner. The cases share `open` and `close`, so they run one after the
 * other, even if a runner starts them concurrently.
 *
 * If the store lacks an ability that a promise needs, the case has `applies: false` and a name that says why.
 *
 * Throws a `TypeError` that names the invalid option.
 *
 * @example
 * let database: Map<string, string>
 * const cases = storeContract({
 *   open: () => recordStore((database = new Map()), 'alice'),
 *   another: () => recordStore(database, 'alice'),
 *   elsewhere: () => recordStore(database, 'bob'),
 *   lacks: ['subscribe'],
 * })
 * for (const { name, run } of cases) test(name, run) // of node:test, jest, vitest, mocha
 */
export function storeContract(options: StoreContractOptions): readonly StoreCase[] {
  checkContractOptions(options)
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = (requirement: Requirement): Promise<void> => {
    const result = turn.then(() => put(requirement, options))
    turn = result.catch(() => undefined)
    return result
  }
  return Object.entries(groups).flatMap(([group, promises]) =>
    promises.map((requirement): StoreCase => {
      const { promise, needs = [] } = requirement
      const missing = missingOf(needs, options)
      const applies = missing.length === 0
      const run = (): Promise<void> => inTurn(applies ? requirement : verifyLacks(missing))
      return { name: nameOf(group, promise, missing), promise, needs, missing, applies, run }
    }),
  )
}
