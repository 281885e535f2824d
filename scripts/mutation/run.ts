// Mutation testing, part by part of the source, with the tests that are meant for each:
//   npm run mutation -- [--parts values,session] [--file src/session/state.ts] [--every 4] [--again] [--concurrency 2]
// `--every 4` tests a fourth of the mutants. `--again` tests only what has not been killed yet, after an interrupted run too. Prints the survivors and
// the score of each part, and fails below 90 %. A mutant that only timed out counts as killed, and is printed too: on a busy machine it may have
// survived. A process that has nothing left to wait for ends, which kills most mutants that lose a promise.
import { readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Mutant, Part } from './bundle.js'
import { testPart, type Status } from './test-part.js'

/** The sources of each part, and the tests that it is mutated against: all tests for every mutant would take a day. */
const parts = JSON.parse(await readFile(new URL('parts.json', import.meta.url), 'utf8')) as Record<string, Part>

const { values } = parseArgs({
  options: {
    parts: { type: 'string', default: Object.keys(parts).join() },
    file: { type: 'string' },
    every: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    concurrency: { type: 'string', default: String(availableParallelism()) },
  },
})

const WANTED = 0.9

const describe = ({ fileName, location: { start, end }, mutatorName, replacement }: Mutant): string =>
  `${fileName}:${start.line + 1}:${start.column + 1} to ${end.line + 1}:${end.column + 1}, ${mutatorName} → ${replacement}`

/** The statuses of the last run. */
async function lastOf(report: string): Promise<Record<string, Status>> {
  return JSON.parse(await readFile(report, 'utf8').catch(() => '{}')) as Record<string, Status>
}

let isEnough = true
for (const name of values.parts.split(',')) {
  const part = parts[name]
  if (!part) throw new Error(`no part is called ${name}: ${Object.keys(parts).join(', ')}`)
  const report = `reports/mutation/${name}.json`
  const last = values.again || values.file ? await lastOf(report) : {}
  const isWanted = (mutant: Mutant): boolean =>
    (!values.file || mutant.fileName === values.file) &&
    Number(mutant.id) % Number(values.every) === 0 &&
    !(values.again && last[describe(mutant)] === 'killed')
  const known = { ...last }
  const save = (): Promise<void> => writeFile(report, JSON.stringify(known, undefined, 1))
  const tested = await testPart(name, part, Number(values.concurrency), isWanted, ({ mutant, status }, left) => {
    known[describe(mutant)] = status
    if (left % 50 !== 0) return
    console.log(`${name}: ${left} mutants left`)
    return save()
  })
  await save()
  for (const { mutant, status } of tested) {
    if (status !== 'killed') console.log(`${status}: ${describe(mutant).replaceAll(/\s+/g, ' ').slice(0, 160)}`)
  }
  const count = (...statuses: Status[]): number => Object.values(known).filter((status) => statuses.includes(status)).length
  const all = Object.keys(known).length
  const killed = count('killed', 'late')
  console.log(
    `${name}: ${killed} of ${all} mutants killed (${count('late')} by time alone), ${((100 * killed) / all).toFixed(1)} %`,
  )
  isEnough &&= killed / all >= WANTED
}
process.exitCode = isEnough ? 0 : 1
