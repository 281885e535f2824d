import { runKillRounds, runLateHolder, runProcesses, runSlowRefresh, runStopRound } from '../../scripts/processes/index.mjs'

// The long versions: `node scripts/processes.mjs --store redis --seconds 60`, `node scripts/kill-rounds.mjs --store redis --rounds 1000`.

const kinds = (answers: Record<string, number>): string[] => Object.keys(answers).sort()

describe.each(['redis', 'ioredis', 'postgres'] as const)('eight processes over one record, with %s', (store) => {
  it('refresh tokens that live 200 ms once for each expiry, use none twice, and every request is answered', async () => {
    const figures = await runProcesses({ store, seconds: store === 'ioredis' ? 2 : 3 })
    expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
    expect(figures.answers).toEqual({ 200: figures.requests })
    expect(figures.refreshGrants).toBeGreaterThan(5)
    expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
  })

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
  ] as const)('%s: they go on, and no refresh token is used twice', async (_what, trouble) => {
    const figures = await runProcesses({ store, processes: 4, seconds: 1, trouble, times: trouble === 'hang' ? 2 : 1 })
    expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
    expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
    expect(kinds(figures.answers).filter((answer) => !['200', 'OAUTH_STORE_FAILED'].includes(answer))).toEqual([])
  })

  it('has a token endpoint to wait for that takes three times the lease: the holder keeps the lock, and there is one refresh', async () => {
    const figures = await runSlowRefresh({ store, lease: 700, processes: 4 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
    expect(kinds(figures.answers)).toEqual(['200'])
  })
})

it('Redis forgets everything: everybody is signed out, nothing is redeemed any more, and a sign-in reaches them all', async () => {
  const figures = await runProcesses({ store: 'redis', seconds: 1, trouble: 'forget' })
  expect(figures).toMatchObject({ refreshTokensReused: 0, mostGrantsAtOnce: 1 })
  expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
  expect(kinds(figures.answers)).toEqual(['200', 'OAUTH_SIGNED_OUT'])
})

describe('the holder of a lease that is stopped until it has run out', () => {
  it('before it has asked for anything: it takes over what others have refreshed, and no refresh token is used twice', async () => {
    const figures = await runLateHolder({ store: 'redis', when: 'lock', forgiving: false, processes: 4 })
    expect(figures).toMatchObject({ kept: true, refreshGrants: 1, refreshTokensReused: 0 })
    expect(kinds(figures.answers)).toEqual(['200'])
  })

  it.each([
    ['sent', 'another', 'the one held up'],
    ['redeemed', 'the one held up', 'another'],
  ] as const)(
    'when its token request was %s: its late save is refused, it goes on with the tokens of the others, and that is the one reuse',
    async (when, first, again) => {
      const figures = await runLateHolder({ store: 'redis', when, processes: 4 })
      expect(figures).toMatchObject({ kept: true, refreshGrants: 2, refreshTokensReused: 1 })
      expect(figures.reuses).toEqual([{ first, again, used: ['another'] }])
      expect(kinds(figures.answers)).toEqual(['200'])
    },
  )

  it('on a server that forgives no reuse: that one ends the session for all, and the next sign-in reaches them all', async () => {
    const figures = await runLateHolder({ store: 'redis', when: 'redeemed', forgiving: false, processes: 4 })
    expect(figures).toMatchObject({ kept: true, refreshTokensReused: 1 })
    expect(figures.reuses).toEqual([{ first: 'the one held up', again: 'another', used: [] }])
    const expected = ['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT']
    expect(kinds(figures.answers).filter((answer) => !expected.includes(answer))).toEqual([])
  })
})

it('a holder of the advisory lock that is stopped for four times the grace keeps it: nobody else refreshes, and all go on afterwards', async () => {
  const figures = await runStopRound({ store: 'postgres', seconds: 2, lease: 500, processes: 4 })
  expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
  expect(kinds(figures.answers)).toEqual(['200'])
})
