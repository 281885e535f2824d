import fc from 'fast-check'
import { programs } from './programs.js'
import { runs } from './runs.js'
import { real } from './subject.js'

describe('random programs in random interleavings', () => {
  it('break none of the invariants of a session', async () => {
    await fc.assert(programs(real), runs(1000))
  }, 36_000_000)
})
