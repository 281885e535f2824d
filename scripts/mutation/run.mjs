// Mutation testing, room by room, with the tests that are meant for each:
//   npm run mutation [-- --rooms values,session] [--concurrency 2]
// Prints the survivors and each room's score, and fails below 90 %. A mutant that only ran out of time counts as killed, and is printed too: on a busy
// machine it may have survived.
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { rooms } from './rooms.mjs'

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: Object.keys(rooms).join() },
    concurrency: { type: 'string', default: String(availableParallelism()) },
  },
})
const WANTED = 0.9
const total = { killed: 0, all: 0 }

for (const name of values.rooms.split(',')) {
  const report = `reports/mutation-${name}.json`
  const { status } = spawnSync(
    'npx',
    ['stryker', 'run', '--mutate', rooms[name].mutate.join(), '--concurrency', values.concurrency],
    { stdio: 'inherit', env: { ...process.env, MUTATION_ROOM: name, MUTATION_REPORT: report } },
  )
  if (status !== 0) throw new Error(`Stryker ended with ${status}`)
  const { files } = JSON.parse(await readFile(report, 'utf8'))
  const counts = { killed: 0, late: 0, all: 0 }
  for (const [path, { mutants }] of Object.entries(files)) {
    for (const { status, statusReason, location, mutatorName, replacement } of mutants) {
      if (status === 'Ignored' || status === 'CompileError') continue
      const isKilled = status === 'Killed' || status === 'Timeout' || status === 'RuntimeError'
      counts.all++
      // One that ran in circles was counted, not timed.
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
