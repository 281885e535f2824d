import fc from 'fast-check'
import { runs } from './runs.js'
import { sharedPrograms } from './shared.js'
import { real } from './subject.js'

describe('three sessions over one store, in random interleavings, with crashes and leases that run out', () => {
  it('break none of the invariants', async () => {
    await fc.assert(sharedPrograms(real), runs(300))
  }, 36_000_000)
})
