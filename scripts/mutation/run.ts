// Mutation testing, part by part of the source, with the tests that are meant for each:
//   npm run mutation [-- --parts values,session] [--concurrency 2]
// Prints the survivors and the score of each part, and fails below 90 %. A mutant that only timed out counts as killed, and is printed too: on a busy
// machine it may have survived.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** The sources of each part, and the tests that it is mutated against: all tests for every mutant would take a day. */
const parts = JSON.parse(await readFile(new URL('parts.json', import.meta.url), 'utf8')) as Record<
  string,
  { mutate: string[]; tests: string[] }
>

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: Object.keys(parts).join() },
    concurrency: { type: 'string', default: String(availableParallelism()) },
  },
})
interface Report {
  files: Record<string, { mutants: Mutant[] }>
}
interface Mutant {
  status: string
  statusReason?: string
  location: { start: { line: number; column: number } }
  mutatorName: string
  replacement?: string
}

const WANTED = 0.9
const total = { killed: 0, all: 0 }

for (const name of values.parts.split(',')) {
  const part = parts[name]
  if (!part) throw new Error(`no part is called ${name}: ${Object.keys(parts).join(', ')}`)
  const report = `reports/mutation-${name}.json`
  const { status } = spawnSync('npx', ['stryker', 'run', '--mutate', part.mutate.join(), '--concurrency', values.concurrency], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_PART: name, MUTATION_REPORT: report },
  })
  if (status !== 0) throw new Error(`Stryker ended with ${status}`)
  const { files } = JSON.parse(await readFile(report, 'utf8')) as Report
  const counts = { killed: 0, late: 0, all: 0 }
  for (const [path, { mutants }] of Object.entries(files)) {
    for (const { status, statusReason, location, mutatorName, replacement } of mutants) {
      if (status === 'Ignored' || status === 'CompileError') continue
      const isKilled = status === 'Killed' || status === 'Timeout' || status === 'RuntimeError'
      counts.all++
      // Stryker stops an endless loop by counting, which does not depend on the machine.
      const isLate = status === 'Timeout' && !statusReason?.startsWith('Hit limit')
      if (isKilled) counts.killed++
      if (isLate) counts.late++
      if (!isKilled || isLate)
        console.log(
          `${path}:${location.start.line}:${location.start.column} ${status} ${mutatorName} → ${replacement?.slice(0, 80)}`,
        )
    }
  }
  const percent = ((100 * counts.killed) / counts.all).toFixed(1)
  console.log(`${name}: ${counts.killed} of ${counts.all} mutants killed (${counts.late} by time alone), ${percent} %`)
  total.killed += counts.killed
  total.all += counts.all
}
const score = total.killed / total.all
console.log(`all: ${total.killed} of ${total.all}, ${(100 * score).toFixed(1)} %`)
process.exitCode = score >= WANTED ? 0 : 1
