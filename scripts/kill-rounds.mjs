// Kills a random one of several processes over one store, again and again, and then holds up the holder of the lock for --stop seconds, by a slow token endpoint and by stopping it:
//   node scripts/kill-rounds.mjs --store file|redis|ioredis|postgres --rounds 1000 [--processes 8] [--lifetime 60] [--lease 1000] [--stop 40]
// Where a lock is a lease (redis, ioredis), the holder is stopped for longer than that instead: at each moment at which it matters.
// Fails when the store isn't whole, the others don't go on, or the session is lost for any other reason than that an answer of the server died with the process that was to store it.
// It needs dist: npm run build
import { parseArgs } from 'node:util'
import { runKillRounds, runLateHolder, runSlowRefresh, runStopRound } from './processes/index.mjs'

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
const { store } = values
const [rounds, processes, lifetime, lease] = [values.rounds, values.processes, values.lifetime, values.lease].map(Number)
const stop = Number(values.stop)
const onRound = (figures) => figures.rounds % 50 === 0 && console.log(JSON.stringify(figures))

let fine = true
const look = (figures, good) => {
  console.log(JSON.stringify(figures, null, 2))
  fine &&= good(figures)
}
const kept = ({ refreshGrants, refreshTokensReused, leftovers }) =>
  refreshGrants === 1 && refreshTokensReused === 0 && leftovers.length === 0
/** The one case that a lease leaves open: a token request of the stopped one was on its way. Its answer must never be used. */
const late = (reuses) => (figures) =>
  figures.kept &&
  figures.refreshTokensReused === reuses &&
  figures.reuses.length === reuses &&
  figures.reuses.every(({ first, again, used }) => first !== again && used.join() === 'another')

if (rounds > 0)
  look(
    await runKillRounds({ store, rounds, processes, lifetime, lease, onRound }),
    ({ refreshTokensReused, answersThatDied, leftovers }) => refreshTokensReused === answersThatDied && leftovers.length === 0,
  )
if (stop > 0) {
  // A refresh may take a minute at most.
  look(await runSlowRefresh({ store, seconds: Math.min(stop, 50), processes, lease }), kept)
  if (!store.endsWith('redis')) look(await runStopRound({ store, seconds: stop, processes, lease }), kept)
  else
    for (const when of ['lock', 'sent', 'redeemed'])
      look(await runLateHolder({ store, when, processes, lease }), late(when === 'lock' ? 0 : 1))
}
console.log(fine ? 'Everything is as it must be.' : 'Something is wrong.')
process.exitCode = fine ? 0 : 1
