import { runProcesses, runSlowRefresh, runStopRound } from '../../scripts/processes/index.js'

describe('eight processes that share a token file and send requests all the time', () => {
  it('refresh tokens that live 200 ms once for each expiry, use no refresh token twice, and every request is answered', async () => {
    const figures = await runProcesses({ store: 'file', seconds: 3 })
    const { answers, requests, refreshGrants, refreshTokensReused, expiries } = figures
    expect(answers).toEqual({ 200: requests })
    expect(figures).toMatchObject({ mostGrantsAtOnce: 1, rejectedForGood: 0 })
    expect(refreshTokensReused).toBe(0)
    expect(refreshGrants).toBeGreaterThan(5)
    expect(refreshGrants).toBeLessThanOrEqual(expiries)
  })
})

describe('processes that share a token file, one of which', () => {
  it('is stopped while it holds the lock: nobody else gets it, and all go on afterwards', async () => {
    const figures = await runStopRound({ store: 'file', seconds: 2 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, leftovers: [] })
    expect(Object.keys(figures.answers)).toEqual(['200'])
  })

  it('waits for a slow token endpoint: nobody else gets the lock, and there is one refresh', async () => {
    const figures = await runSlowRefresh({ store: 'file', seconds: 2 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, leftovers: [] })
    expect(Object.keys(figures.answers)).toEqual(['200'])
  })
})
