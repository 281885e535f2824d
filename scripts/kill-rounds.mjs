// Kills a random one of several processes over one store, again and again, and once stops the holder of the lock:
//   node scripts/kill-rounds.mjs --store file --rounds 1000 [--processes 3] [--lifetime 60] [--stop 40]
// Fails when the store isn't whole, the others don't go on, or the session is lost for any other reason than that an answer of the server died with the process that was to store it.
import { parseArgs } from 'node:util'
import { runKillRounds, runStopRound } from './processes/rounds.mjs'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'file' },
    rounds: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '3' },
    lifetime: { type: 'string', default: '60' },
    stop: { type: 'string', default: '40' },
  },
})
const { store } = values
const [rounds, processes, lifetime, stop] = [values.rounds, values.processes, values.lifetime, values.stop].map(Number)
const onRound = (figures) => figures.rounds % 50 === 0 && console.log(JSON.stringify(figures))
console.log(JSON.stringify(await runKillRounds({ store, rounds, processes, lifetime, onRound }), null, 2))
if (stop > 0) console.log(JSON.stringify(await runStopRound({ store, seconds: stop, processes, lifetime }), null, 2))
