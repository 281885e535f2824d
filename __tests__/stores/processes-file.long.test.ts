import { runKillRounds, runProcesses } from '../../scripts/processes/index.js'

// For longer: `npx tsx scripts/processes.ts --store file --seconds 60`, `npx tsx scripts/kill-rounds.ts --store file --rounds 1000`.

describe('processes that share a token file', () => {
  it('refresh on a real authorization server once for each expiry, and use no refresh token twice', async () => {
    const options = { store: 'file', seconds: 5, processes: 4, server: 'oidc', lifetime: 2000 } as const
    const { answers, requests, refreshGrants, refreshTokensReused, expiries } = await runProcesses(options)
    // It counts in whole seconds, so a token may expire up to a second early: a request that is refused twice gets the second 401.
    expect(answers[200]! + (answers[401] ?? 0)).toBe(requests)
    expect(answers[200]).toBeGreaterThan(requests * 0.99)
    expect(refreshTokensReused).toBe(0)
    expect(refreshGrants).toBeGreaterThan(1)
    expect(refreshGrants).toBeLessThanOrEqual(expiries)
  })
})

describe('processes that share a token file, one of which', () => {
  it('is killed at a random moment, again and again: the file stays whole, the others go on, and the session is lost only with an answer that died', async () => {
    const figures = await runKillRounds({ store: 'file', rounds: 50 })
    expect(figures.rounds).toBe(50)
    expect(figures.killedHoldingTheLock).toBeGreaterThan(0)
    expect(figures.refreshTokensReused).toBe(figures.answersThatDied)
    expect(figures.leftovers).toEqual([])
    const expected = new Set(['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT'])
    expect(Object.keys(figures.answers).filter((answer) => !expected.has(answer))).toEqual([])
  })
})
