import fc from 'fast-check'
import { programs } from './programs.js'
import { real } from './subject.js'

const numRuns = Number(process.env.MODEL_RUNS ?? 10_000)

describe('random programs in random interleavings', () => {
  it('break none of the invariants of a session', async () => {
    await fc.assert(programs(real), { numRuns, ...replay() })
  }, 36_000_000)
})

/** `MODEL_SEED` and `MODEL_PATH` run a counterexample again. */
function replay(): { seed?: number; path?: string } {
  const { MODEL_SEED, MODEL_PATH } = process.env
  return MODEL_SEED ? { seed: Number(MODEL_SEED), ...(MODEL_PATH && { path: MODEL_PATH }) } : {}
}
