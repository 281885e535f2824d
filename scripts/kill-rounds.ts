// Kills one of several processes over one store, again and again, and then delays the holder of the lock for --stop seconds, by a slow token endpoint and by
// stopping it:
//   tsx scripts/kill-rounds.ts --store file|redis|ioredis|postgres --rounds 1000 [--processes 8] [--lifetime 60] [--lease 1000] [--stop 40]
// Where a lock is a lease (redis, ioredis), the holder is stopped for longer than that instead, at each moment at which it matters.
// Fails when the store isn't whole, the others don't go on, or the session is lost for any other reason than that a token response died with the process
// that was to store it. Needs a build: npm run build
import { parseArgs } from 'node:util'
import { runKillRounds, runLateHolder, runSlowRefresh, runStopRound } from './processes/index.js'
import type { DelayedFigures } from './processes/stopped.js'
import type { StoreName } from './stores/index.js'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'file' },
    rounds: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '8' },
    lifetime: { type: 'string', default: '60' },
    lease: { type: 'string', default: '1000' },
    stop: { type: 'string', default: '40' },
  },
})
const store = values.store as StoreName
const [rounds, processes, lifetime] = [Number(values.rounds), Number(values.processes), Number(values.lifetime)]
const [lease, stop] = [Number(values.lease), Number(values.stop)]

let failed = false
function check<Figures>(figures: Figures, isRight: (figures: Figures) => boolean): void {
  console.log(JSON.stringify(figures, null, 2))
  failed ||= !isRight(figures)
}
const isOneRefresh = ({ refreshGrants, refreshTokensReused, leftovers }: DelayedFigures): boolean =>
  refreshGrants === 1 && refreshTokensReused === 0 && leftovers.length === 0
/** A lease leaves one case open: a token request of the stopped process was under way. Its answer must never be used. */
const isRightWith =
  (reuses: number) =>
  (figures: DelayedFigures & { kept: boolean }): boolean =>
    figures.kept &&
    figures.refreshTokensReused === reuses &&
    figures.reuses.length === reuses &&
    figures.reuses.every(({ first, again, used }) => first !== again && used.join() === 'another')

if (rounds > 0)
  check(
    await runKillRounds({
      store,
      rounds,
      processes,
      lifetime,
      lease,
      onRound: (figures) => figures.rounds % 50 === 0 && console.log(JSON.stringify(figures)),
    }),
    ({ refreshTokensReused, answersThatDied, leftovers }) => refreshTokensReused === answersThatDied && leftovers.length === 0,
  )
if (stop > 0) {
  // A refresh may take a minute at most.
  check(await runSlowRefresh({ store, seconds: Math.min(stop, 50), processes, lease }), isOneRefresh)
  if (!store.endsWith('redis')) check(await runStopRound({ store, seconds: stop, processes, lease }), isOneRefresh)
  else
    for (const when of ['lock', 'sent', 'redeemed'] as const)
      check(await runLateHolder({ store, when, processes, lease }), isRightWith(when === 'lock' ? 0 : 1))
}
console.log(failed ? 'Failed: see the figures above.' : 'Passed.')
process.exitCode = failed ? 1 : 0
