import { runLateHolder, runProcesses, runSlowRefresh, runStopRound } from '../../scripts/processes/index.js'

const kinds = (answers: Record<string, number>): string[] => Object.keys(answers).sort()

describe.each(['redis', 'postgres'] as const)('eight processes over one record, with %s', (store) => {
  it('refresh tokens that live 200 ms once for each expiry, use none twice, and every request is answered', async () => {
    const figures = await runProcesses({ store, seconds: 3 })
    expect(figures).toMatchObject({ refreshTokensReused: 0, rejectedForGood: 0, mostGrantsAtOnce: 1 })
    expect(figures.answers).toEqual({ 200: figures.requests })
    expect(figures.refreshGrants).toBeGreaterThan(5)
    expect(figures.refreshGrants).toBeLessThanOrEqual(figures.expiries)
  })
})

describe.each(['redis', 'postgres'] as const)('the holder of the lock in %s', (store) => {
  it('has a token endpoint to wait for that takes three times the lease: the holder keeps the lock, and there is one refresh', async () => {
    const figures = await runSlowRefresh({ store, lease: 1000, processes: 4 })
    expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
    expect(kinds(figures.answers)).toEqual(['200'])
  })
})

it('Redis forgets everything: everybody is signed out, nothing is redeemed any more, and a sign-in reaches them all', async () => {
  const figures = await runProcesses({ store: 'redis', seconds: 1, outage: 'forget' })
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
    ['sent', 'another', 'the stopped one'],
    ['redeemed', 'the stopped one', 'another'],
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
    expect(figures.reuses).toEqual([{ first: 'the stopped one', again: 'another', used: [] }])
    const expected = ['200', 'OAUTH_INVALID_GRANT', 'OAUTH_SIGNED_OUT']
    expect(kinds(figures.answers).filter((answer) => !expected.includes(answer))).toEqual([])
  })
})

it('a holder of the advisory lock that is stopped for four times the grace keeps it: nobody else refreshes, and all go on afterwards', async () => {
  const figures = await runStopRound({ store: 'postgres', seconds: 2, lease: 500, processes: 4 })
  expect(figures).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
  expect(kinds(figures.answers)).toEqual(['200'])
})
