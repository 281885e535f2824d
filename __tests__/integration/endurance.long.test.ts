import { runScript } from '../helpers/run-script.js'

interface State {
  heap: number
  listeners: number
  timers: number
  maps: number
  promises: number
  configs: number
}

describe('in the long run', () => {
  it('100,000 requests through a hundred refreshes with one AbortSignal, and instances that are dropped, leave nothing behind', async () => {
    const found = JSON.parse(await runScript('--expose-gc', 'scripts/leaks.ts')) as {
      requests: number
      refreshes: number
      before: State
      after: State
      kept: number
    }
    const { before, after, kept } = found
    expect(found).toMatchObject({ requests: 100_000, refreshes: 100 })
    expect(after).toMatchObject({ listeners: 0, timers: 0, maps: before.maps, configs: before.configs })
    expect(after.promises).toBeLessThan(before.promises + 100)
    // One megabyte is ten bytes for each request.
    expect(after.heap - before.heap).toBeLessThan(1_000_000)
    // Instances that are attached and dropped; the last one may still be on the stack.
    expect(kept).toBeLessThanOrEqual(1)
  })

  it('random traffic with tokens that live 400 ms, aborts and a token endpoint in trouble: no wrong answer, no reuse, nobody signed out', async () => {
    const figures = JSON.parse(await runScript('scripts/soak.ts', '--seconds', '20')) as Record<string, number> & {
      outcomes: Record<string, number>
    }
    expect(figures).toMatchObject({ signedOut: 0, reused: 0, mostGrantsAtOnce: 1, outcomes: { wrong: 0, others: 0 } })
    expect(figures.generations).toBe(figures.refreshes! + 1)
    expect(figures.unavailable).toBeGreaterThan(0)
    expect(figures.outcomes.aborted).toBeGreaterThan(0)
    expect(figures.outcomes.right).toBeGreaterThan(0)
    // No token is refreshed before 80 % of its lifetime.
    expect(figures.youngest).toBeGreaterThan(0.79)
  })
})
