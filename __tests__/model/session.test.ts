import fc from 'fast-check'
import { programs } from './programs.js'
import { real } from './subject.js'

const numRuns = Number(process.env.MODEL_RUNS ?? 10_000)

describe('random programs in random interleavings', () => {
  it(`break none of the invariants of a session`, async () => {
    await fc.assert(programs(real), { numRuns, endOnFailure: false, ...(process.env.SEED && { seed: Number(process.env.SEED), path: process.env.SEED_PATH! }) })
  }, 7_200_000)
})
