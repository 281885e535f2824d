import { runKillRounds, runLateHolder, runProcesses, runSlowRefresh, runStopRound } from '../../scripts/processes/index.mjs'

// The long versions: `node scripts/processes.mjs --store redis --seconds 60`, `node scripts/kill-rounds.mjs --store redis --rounds 1000`.

const kinds = (answers: Record<string, number>): string[] => Object.keys(answers).sort()

describe.each(['redis', 'ioredis', 'postgres'] as const)('eight processes that share one record, with %s', (store) => {
  it('refresh access tokens of 200 ms once for each expiry, send no refresh token twice, and get every request answered', async () => {
    const figures = await runProcesses({ store, seconds: store === 'ioredis' ? 2 : 3 })
    expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
    expect(figures.answers).toEqual({ 200: figures.requests })
    expect(figures.refreshGrants).toBeGreaterThan(5)
    expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
  })

  it('continue when one of them is killed at a random moment; the session ends only when the answer of the server died with its process', async () => {
    const rounds = store === 'ioredis' ? 10 : 25
    const figures = await runKillRounds({ store, rounds, lease: 500 })
    expect(figures.rounds).toBe(rounds)
    expect(figures.killedHoldingTheLock).toBeGreaterThan(0)
    expect(figures.refreshTokensReused).toBe(figures.answersThatDied)
    const expected = ['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT']
    expect(kinds(figures.answers).filter((answer) => !expected.includes(answer))).toEqual([])
  })
})

describe.each(['redis', 'postgres'] as const)(
  'the server of the store fails while a new token set is being saved: %s',
  (store) => {
    it.each([
      ['has crashed', 'crash'],
      ['is shut down', 'shut-down'],
      ['can not be reached for a while, and no connection is closed', 'hang'],
    ] as const)('%s: the processes continue, and no refresh token is sent twice', async (_what, trouble) => {
      const figures = await runProcesses({ store, processes: 4, seconds: 1, trouble, times: trouble === 'hang' ? 2 : 1 })
      expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
      expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
      expect(kinds(figures.answers).filter((answer) => !['200', 'OAUTH_STORE_FAILED'].includes(answer))).toEqual([])
    })

    it('a token endpoint that takes three times the lease does not cost the holder its lock: there is one refresh', async () => {
      const figures = await runSlowRefresh({ store, lease: 700, processes: 4 })
      expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
      expect(kinds(figures.answers)).toEqual(['200'])
    })
  },
)

it('Redis loses all data: everybody is signed out, no refresh token is sent any more, and a sign-in reaches all processes', async () => {
  const figures = await runProcesses({ store: 'redis', seconds: 1, trouble: 'forget' })
  expect(figures).toMatchObject({ refreshTokensReused: 0, mostGrantsAtOnce: 1 })
  expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
  expect(kinds(figures.answers)).toEqual(['200', 'OAUTH_SIGNED_OUT'])
})

describe('the holder of a lease that is suspended until the lease has expired', () => {
  it('before its token request: it adopts the tokens that another process has stored, and no refresh token is sent twice', async () => {
    const figures = await runLateHolder({ store: 'redis', when: 'lock', forgiving: false, processes: 4 })
    expect(figures).toMatchObject({ kept: true, refreshGrants: 1, refreshTokensReused: 0 })
    expect(kinds(figures.answers)).toEqual(['200'])
  })

  it.each([
    ['sent', 'another', 'the one held up'],
    ['redeemed', 'the one held up', 'another'],
  ] as const)(
    'after its token request was %s: its late save is refused, it adopts the stored tokens, and one refresh token was sent twice',
    async (when, first, again) => {
      const figures = await runLateHolder({ store: 'redis', when, processes: 4 })
      expect(figures).toMatchObject({ kept: true, refreshGrants: 2, refreshTokensReused: 1 })
      expect(figures.reuses).toEqual([{ first, again, used: ['another'] }])
      expect(kinds(figures.answers)).toEqual(['200'])
    },
  )

  it('on a server that tolerates no reuse: the session ends for all processes, and the next sign-in reaches them', async () => {
    const figures = await runLateHolder({ store: 'redis', when: 'redeemed', forgiving: false, processes: 4 })
    expect(figures).toMatchObject({ kept: true, refreshTokensReused: 1 })
    expect(figures.reuses).toEqual([{ first: 'the one held up', again: 'another', used: [] }])
    const expected = ['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT']
    expect(kinds(figures.answers).filter((answer) => !expected.includes(answer))).toEqual([])
  })
})

it('the holder of the advisory lock keeps it while it is suspended for four times the grace: no other process refreshes, and all continue afterwards', async () => {
  const figures = await runStopRound({ store: 'postgres', seconds: 2, lease: 500, processes: 4 })
  expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
  expect(kinds(figures.answers)).toEqual(['200'])
})
