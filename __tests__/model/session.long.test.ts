import { runScript } from '../helpers/run-script.js'

const model = (name: string, runs: number): Promise<string> =>
  runScript('scripts/model.ts', '--model', name, '--runs', String(runs), '--seed', '20261124')

describe('thousands of random programs in random interleavings', () => {
  it('break none of the invariants of a session', async () => {
    expect(await model('session', 10_000)).toContain('none of the invariants was broken')
  })

  it('break none of the invariants of three sessions over one store', async () => {
    expect(await model('shared', 5000)).toContain('none of the invariants was broken')
  })
})
