// Tests the mutants of a part, each with the tests that reach it.
import { mkdir } from 'node:fs/promises'
import { inspect } from 'node:util'
import { bundle, type Mutant, type Part } from './bundle.js'
import type { Coverage } from './exchange.js'
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

/** The tests that evaluate a mutant. One in code that runs while modules are loaded may concern all. */
function testsOf({ id }: Mutant, { static: loaded, perTest, durations, failing }: Base): { tests: string[]; hits: number } {
  const reaching = Object.keys(perTest).filter((test) => perTest[test]![id])
  const tests = Object.keys(durations).filter(
    (test) => !failing.has(test) && (loaded[id] || reaching.includes(test) || reaching.includes(test.split(':')[0]!)),
  )
  return { tests, hits: (loaded[id] ?? 0) + sum(reaching.map((test) => perTest[test]![id]!)) }
}

async function testMutant(worker: Worker, mutant: Mutant, base: Base): Promise<Status> {
  const { tests, hits } = testsOf(mutant, base)
  const durationOf = (test: string): number => base.durations[test]!
  if (tests.length === 0) return 'not reached'
  for (const some of [tests.filter((test) => durationOf(test) <= SLOW), tests.filter((test) => durationOf(test) > SLOW)]) {
    if (some.length === 0) continue
    const limits = Object.fromEntries(some.map((test) => [test, PATIENCE + 10 * durationOf(test)]))
    const order = { mutant: mutant.id, tests: limits, hitLimit: hits * HIT_LIMIT_FACTOR }
    const answer = await worker.run(order, 10 * PATIENCE + 10 * sum(some.map(durationOf)))
    if (answer === 'late' || (typeof answer === 'object' && answer.outcome === 'late')) return 'late'
    if (answer === 'exited' || answer.outcome !== 'passed') return 'killed'
  }
  return 'survived'
}

/** Tests those mutants of a part that `isWanted`, so many of them beside each other. */
export async function testPart(
  name: string,
  part: Part,
  concurrency: number,
  isWanted: (mutant: Mutant) => boolean,
): Promise<readonly Result[]> {
  await mkdir('reports/mutation', { recursive: true })
  const program = `reports/mutation/${name}.mjs`
  const waiting = [...(await bundle(part, program))].filter(isWanted)
  const base = await cover(new Worker(program))
  const all = waiting.length
  const results: Result[] = []
  const work = async (): Promise<void> => {
    const worker = new Worker(program)
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      results.push({ mutant, status: await testMutant(worker, mutant, base) })
      if (results.length % 50 === 0) console.log(`${name}: ${results.length} of ${all} mutants tested`)
    }
    worker.stop()
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return results.sort((a, b) => Number(a.mutant.id) - Number(b.mutant.id))
}
