// Random programs in random interleavings against the model, in several processes:
//   npm run model -- --runs 1000000 [--model session|shared] [--processes 2] [--seed 1]
// Fails with the shortest counterexample, and the seed and path that run it again.
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rm } from 'node:fs/promises'
import { bundle } from './bundle.js'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    model: { type: 'string', default: 'session' },
    processes: { type: 'string', default: String(availableParallelism()) },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const [runs, processes, seed] = [Number(values.runs), Number(values.processes), Number(values.seed)]
const outfile = `reports/programs/model-${process.pid}.mjs`
await bundle(fileURLToPath(new URL('../__tests__/model/many-runs.ts', import.meta.url)), outfile)

const startedAt = performance.now()
let done = 0
let failed = false
const run = (i: number): Promise<void> =>
  new Promise((resolve) => {
    const share = Math.ceil(runs / processes)
    const child = fork(outfile, [values.model, String(share), String(seed + i)])
    child.on('message', ({ runs: more, counterexample }: { runs?: number; counterexample?: string }) => {
      done += more ?? 0
      if (counterexample) {
        failed = true
        console.error(counterexample)
      }
    })
    child.once('exit', (code) => {
      failed ||= code !== 0
      resolve()
    })
  })
const seconds = (): number => Math.round((performance.now() - startedAt) / 1000)
const progress = setInterval(() => console.log(`${done} runs in ${seconds()} s`), 60_000)
await Promise.all(Array.from({ length: processes }, (_, i) => run(i)))
clearInterval(progress)
await rm(outfile)
console.log(
  `${done} programs for the model of a ${values.model} in ${seconds()} s, seeds from ${seed}: ${failed ? 'a counterexample was found' : 'none of the invariants was broken'}`,
)
process.exitCode = failed ? 1 : 0
