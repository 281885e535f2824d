// Several processes share one store on a real server while the access tokens live shorter than a blink:
//   node scripts/processes-servers.mjs --store redis|ioredis|postgres --seconds 60 [--processes 8] [--server short-lived|oidc] [--lifetime 200] [--restarts 0]
//   node scripts/processes-servers.mjs --store redis|ioredis|postgres --kill-rounds 1000 [--processes 3] [--lease 500]
// Fails unless every expiry led to one refresh, no refresh token was used twice and every request was answered; with --kill-rounds unless the record stayed whole, the others went on,
// and the session was lost only where an answer of the token endpoint died with its process. Build the package before: npm run build.
import { parseArgs } from 'node:util'
import { runKillRounds } from './processes-servers/rounds.mjs'
import { runProcesses } from './processes-servers/run.mjs'

const text = (value) => ({ type: 'string', ...(value !== undefined && { default: value }) })
const { values } = parseArgs({
  options: {
    store: text('redis'),
    seconds: text('60'),
    processes: text(),
    server: text('short-lived'),
    lifetime: text(),
    restarts: text('0'),
    lease: text(),
    'kill-rounds': text(),
  },
})
const { store, server } = values
const numbers = Object.fromEntries(
  ['seconds', 'processes', 'lifetime', 'restarts', 'lease']
    .filter((name) => values[name] !== undefined)
    .map((name) => [name, Number(values[name])]),
)

if (values['kill-rounds'] !== undefined) {
  const onRound = (figures) => figures.rounds % 50 === 0 && console.log(JSON.stringify(figures))
  console.log(await runKillRounds({ store, ...numbers, rounds: Number(values['kill-rounds']), onRound }))
} else {
  const figures = await runProcesses({ store, server, ...numbers })
  console.log(figures)
  const { answers, refreshGrants, refreshTokensReused, expiries } = figures
  const all200 = Object.keys(answers).join() === '200'
  const fine = all200 && refreshTokensReused === 0 && refreshGrants > 0 && refreshGrants <= expiries
  console.log(fine ? 'Every expiry led to one refresh, and every request was answered.' : 'Something is wrong.')
  process.exitCode = fine ? 0 : 1
}
