import { runKillRounds, runProcesses, runSlowRefresh, runStopRound } from '../../scripts/processes/index.mjs'

// The long versions: `node scripts/processes.mjs --store file --seconds 60`, `node scripts/kill-rounds.mjs --store file --rounds 1000`.

describe('eight processes that share a token file and send requests continuously', () => {
  it('refresh tokens that live 200 ms once for each expiry, use no refresh token twice, and every request is answered', async () => {
    const figures = await runProcesses({ store: 'file', seconds: 5 })
    const { answers, requests, refreshGrants, refreshTokensReused, expiries } = figures
    expect(answers).toEqual({ 200: requests })
    expect(figures).toMatchObject({ mostGrantsAtOnce: 1, rejectedForGood: 0 })
    expect(refreshTokensReused).toBe(0)
    expect(refreshGrants).toBeGreaterThan(5)
    expect(refreshGrants).toBeLessThanOrEqual(expiries)
  })

  it('refresh once for each expiry with a real authorization server', async () => {
    const options = { store: 'file', seconds: 5, processes: 4, server: 'oidc', lifetime: 2000 } as const
    const { answers, requests, refreshGrants, refreshTokensReused, expiries } = await runProcesses(options)
    // The server counts in whole seconds, so a token may expire before its stated time: a request that is rejected twice gets the second 401.
    expect(answers[200]! + (answers[401] ?? 0)).toBe(requests)
    expect(answers[200]).toBeGreaterThan(requests * 0.99)
    expect(refreshTokensReused).toBe(0)
    expect(refreshGrants).toBeGreaterThan(1)
    expect(refreshGrants).toBeLessThanOrEqual(expiries)
  })
})

describe('processes that share a token file, one of which', () => {
  it('is killed at a random moment, again and again: the file stays whole, the others go on, and the session is lost only together with an unstored token response', async () => {
    const figures = await runKillRounds({ store: 'file', rounds: 50 })
    expect(figures.rounds).toBe(50)
    expect(figures.killedHoldingTheLock).toBeGreaterThan(0)
    expect(figures.refreshTokensReused).toBe(figures.answersThatDied)
    expect(figures.leftovers).toEqual([])
    const expected = new Set(['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT'])
    expect(Object.keys(figures.answers).filter((answer) => !expected.has(answer))).toEqual([])
  })

  it('is stopped while it has the lock: no other process gets the lock, and all go on afterwards', async () => {
    const figures = await runStopRound({ store: 'file', seconds: 2 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, leftovers: [] })
    expect(Object.keys(figures.answers)).toEqual(['200'])
  })

  it('waits for a slow token endpoint: no other process gets the lock, and there is one refresh', async () => {
    const figures = await runSlowRefresh({ store: 'file', seconds: 2 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, leftovers: [] })
    expect(Object.keys(figures.answers)).toEqual(['200'])
  })
})
