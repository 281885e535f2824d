import { runKillRounds, runProcesses } from '../../scripts/processes/index.js'

// For longer: `npx tsx scripts/processes.ts --store redis --seconds 60`, `npx tsx scripts/kill-rounds.ts --store redis --rounds 1000`.

const kinds = (answers: Record<string, number>): string[] => Object.keys(answers).sort()

it('ioredis: eight processes refresh tokens that live 200 ms once for each expiry, use none twice, and every request is answered', async () => {
  const figures = await runProcesses({ store: 'ioredis', seconds: 3 })
  expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
  expect(figures.answers).toEqual({ 200: figures.requests })
  expect(figures.refreshGrants).toBeGreaterThan(5)
  expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
})

describe.each(['redis', 'ioredis', 'postgres'] as const)('eight processes over one record, with %s', (store) => {
  it('go on when one of them is killed at a random moment, again and again; the session is lost only with an answer that died', async () => {
    const rounds = store === 'ioredis' ? 10 : 25
    const figures = await runKillRounds({ store, rounds, lease: 500 })
    expect(figures.rounds).toBe(rounds)
    expect(figures.killedHoldingTheLock).toBeGreaterThan(0)
    expect(figures.refreshTokensReused).toBe(figures.answersThatDied)
    const expected = ['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT']
    expect(kinds(figures.answers).filter((answer) => !expected.includes(answer))).toEqual([])
  })
})

describe.each(['redis', 'postgres'] as const)('the server in trouble while a new token set is on its way to it: %s', (store) => {
  it.each([
    ['has crashed', 'crash'],
    ['is shut down', 'shut-down'],
    ['can not be reached for a while, and nobody says so', 'hang'],
  ] as const)('%s: they go on, and no refresh token is used twice', async (_what, outage) => {
    const figures = await runProcesses({ store, processes: 4, seconds: 1, outage, times: outage === 'hang' ? 2 : 1 })
    expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
    expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
    expect(kinds(figures.answers).filter((answer) => !['200', 'OAUTH_STORE_FAILED'].includes(answer))).toEqual([])
  })
})
