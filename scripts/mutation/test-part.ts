// Tests the mutants of a part, each with the tests that reach it.
import { mkdir } from 'node:fs/promises'
import { inspect } from 'node:util'
import { bundle, type Mutant, type Part } from './bundle.js'
import type { Coverage, Hits } from './exchange.js'
import { Worker } from './workers.js'

export type Status = 'killed' | 'late' | 'survived' | 'not reached'
export interface Result {
  readonly mutant: Mutant
  readonly status: Status
}

/** As Stryker has it. */
const HIT_LIMIT_FACTOR = 100
/** Milliseconds for a test in addition to ten times what it took: much, as a busy machine must not kill a mutant. */
const PATIENCE = 3000
/** Milliseconds. Slower tests run after all others. */
const SLOW = 300

/** So many tests are remembered. */
const MOST_RECENT = 20

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

interface Base extends Coverage {
  /** Tests that fail without a mutant. */
  readonly failing: ReadonlySet<string>
}

/** Runs all tests without a mutant. */
async function cover(worker: Worker): Promise<Base> {
  const answer = await worker.run({}, 600_000)
  worker.stop()
  if (typeof answer === 'string' || !answer.coverage) throw new Error(`the tests do not run: ${inspect(answer)}`)
  for (const [test, error] of answer.failures)
    console.log(`left out, as it fails without a mutant: ${test}\n${error.slice(0, 400)}`)
  return { ...answer.coverage, failing: new Set(answer.failures.map(([test]) => test)) }
}

/** The tests that evaluate one of these mutants. Code that runs while modules are loaded may concern all. */
function reaching(ids: readonly string[], { static: loaded, perTest, durations, failing }: Base): string[] {
  const isReached = (hits: Hits | undefined): boolean => ids.some((id) => hits?.[id])
  const isAll = isReached(loaded)
  const isIn = (test: string): boolean => isReached(perTest[test]) || isReached(perTest[test.split(':')[0]!])
  return Object.keys(durations).filter((test) => !failing.has(test) && (isAll || isIn(test)))
}

/** The tests in the order in which they are worth trying: those that killed a mutant last, all others, the slow ones. */
function groupsOf(tests: readonly string[], recent: readonly string[], durations: Base['durations']): string[][] {
  const fast = tests.filter((test) => durations[test]! <= SLOW)
  const groups = [
    fast.filter((test) => recent.includes(test)),
    fast.filter((test) => !recent.includes(test)),
    tests.filter((test) => durations[test]! > SLOW),
  ]
  return groups.filter(({ length }) => length > 0)
}

/** Tests one mutant after the other. */
class Tester {
  readonly #base: Base
  readonly #worker: Worker
  readonly #mutants: readonly Mutant[]
  #recent: string[] = []

  constructor(base: Base, worker: Worker, mutants: readonly Mutant[]) {
    this.#base = base
    this.#worker = worker
    this.#mutants = mutants
  }

  /** What is done once, at the first need, matters for later tests too: those that reach the file. */
  #testsOf({ id, fileName }: Mutant): string[] {
    const tests = reaching([id], this.#base)
    if (tests.length !== 1) return tests
    const ids = this.#mutants.filter((mutant) => mutant.fileName === fileName).map((mutant) => mutant.id)
    return reaching(ids, this.#base)
  }

  async test(mutant: Mutant): Promise<Status> {
    const { durations, perTest, static: loaded } = this.#base
    const tests = this.#testsOf(mutant)
    const hits = sum([loaded, ...Object.values(perTest)].map((some) => some[mutant.id] ?? 0))
    if (tests.length === 0) return 'not reached'
    for (const group of groupsOf(tests, this.#recent, durations)) {
      const limits = Object.fromEntries(group.map((test) => [test, PATIENCE + 10 * durations[test]!]))
      const order = { mutant: mutant.id, tests: limits, hitLimit: hits * HIT_LIMIT_FACTOR }
      const answer = await this.#worker.run(order, 5000 + Math.max(...Object.values(limits)))
      if (answer === 'exited') return 'killed'
      if (answer === 'late' || answer.outcome === 'late') return 'late'
      if (answer.outcome === 'passed') continue
      const [killer] = answer.failures.map(([test]) => test)
      if (killer) this.#recent = [killer, ...this.#recent.filter((test) => test !== killer)].slice(0, MOST_RECENT)
      return 'killed'
    }
    return 'survived'
  }
}

/** Tests those mutants of a part that `isWanted`, so many of them beside each other. */
export async function testPart(
  name: string,
  part: Part,
  concurrency: number,
  isWanted: (mutant: Mutant) => boolean,
  onResult: (result: Result, left: number) => Promise<void> | void,
): Promise<readonly Result[]> {
  await mkdir('reports/mutation', { recursive: true })
  const program = `reports/mutation/${name}.mjs`
  const mutants = await bundle(part, program)
  const waiting = mutants.filter(isWanted)
  const base = await cover(new Worker(program))
  const results: Result[] = []
  const work = async (): Promise<void> => {
    const worker = new Worker(program)
    const tester = new Tester(base, worker, mutants)
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const result = { mutant, status: await tester.test(mutant) }
      results.push(result)
      await onResult(result, waiting.length)
    }
    worker.stop()
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return results.sort((a, b) => Number(a.mutant.id) - Number(b.mutant.id))
}
