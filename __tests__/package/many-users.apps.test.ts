import { runScript } from '../helpers/run-script.js'

const [USERS, REQUESTS] = [12, 6]

// For longer: `npx tsx scripts/many-users.ts`.
describe('the example server for many users, with two workers and Redis', () => {
  let lines: string[]
  beforeAll(async () => {
    const options = ['--users', `${USERS}`, '--requests', `${REQUESTS}`, '--idle-limit', '1000', '--no-waiting']
    lines = (await runScript('scripts/many-users.ts', ...options)).trim().split('\n')
  })
  const lineOf = (what: string): string | undefined => lines.find((line) => line.startsWith(what))

  it.each([
    ['the tokens have expired', USERS],
    ['they are fresh', 0],
    ['the API refuses them', USERS],
  ])('serves every request, whichever worker it comes to, with one refresh for each user at most: %s', (what, refreshes) => {
    const found = /(\d+) of (\d+) requests served, +(\d+) refresh grants, (\d+) refresh tokens reused/.exec(lineOf(what) ?? '')
    expect(found?.slice(1).map(Number)).toEqual([USERS * REQUESTS, USERS * REQUESTS, refreshes, 0])
  })

  it('keeps an entry for a session that is idle, and nothing once it was idle for long: all users share one connection of each worker', () => {
    const figures = (what: string): number[] => (lineOf(what)?.slice(what.length).match(/\d+/g) ?? []).map(Number)
    const busy = figures('every user has a session')
    expect(busy.slice(2)).toEqual([USERS, 2])
    for (const sessions of busy.slice(0, 2)) expect(sessions).toBeLessThanOrEqual(USERS)
    expect(Math.max(...busy.slice(0, 2))).toBeGreaterThan(1)
    expect(figures('one user is left')).toEqual([1, 1, USERS, 2])
  })

  it('finds nothing else wrong', () => {
    expect(lines.at(-1)).toBe('Passed.')
  })
})
