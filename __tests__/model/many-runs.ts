// A program of its own (`scripts/model.ts`): which model, how many runs, and the seed.
import fc from 'fast-check'
import { programs } from './programs.js'
import { sharedPrograms } from './shared.js'
import { real } from './subject.js'

const [model, runs, seed] = process.argv.slice(2)
/** So many at a time, so that progress can be told, each with a seed of its own. */
const BATCH = 1000

for (let done = 0; done < Number(runs); done += BATCH) {
  const numRuns = Math.min(BATCH, Number(runs) - done)
  // Seeds of other processes begin nearby: these are far from each other.
  const parameters = { numRuns, seed: (Number(seed) * 7919 + done * 104_729) % 2 ** 31 }
  const details = await (model === 'shared' ? fc.check(sharedPrograms(real), parameters) : fc.check(programs(real), parameters))
  process.send?.({ runs: details.numRuns })
  if (!details.failed) continue
  const { counterexamplePath } = details
  process.send?.({
    counterexample: `MODEL_SEED=${parameters.seed} MODEL_PATH=${counterexamplePath}\n${String(details.errorInstance)}`,
  })
  process.exitCode = 1
  break
}
process.disconnect?.()
