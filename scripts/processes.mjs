// Several processes share one store while the access tokens live shorter than a blink:
//   node scripts/processes.mjs --store file --seconds 60 [--processes 8] [--server rotating|oidc] [--lifetime 200]
// Fails unless every expiry led to one refresh, no refresh token was used twice and every request was answered.
import { parseArgs } from 'node:util'
import { runProcesses } from './processes/run.mjs'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'file' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    server: { type: 'string', default: 'rotating' },
    lifetime: { type: 'string', default: '200' },
  },
})
const { store, server } = values
const [seconds, processes, lifetime] = [values.seconds, values.processes, values.lifetime].map(Number)
const figures = await runProcesses({ store, server, seconds, processes, lifetime })
console.log(JSON.stringify(figures, null, 2))
const { answers, requests, refreshGrants, refreshTokensReused, expiries } = figures
// oidc-provider's tokens may end long before they say: then a request may be refused twice, and the second 401 is its answer.
const answered = server === 'oidc' ? answers[200] + (answers[401] ?? 0) : answers[200]
const fine = answered === requests && refreshTokensReused === 0 && refreshGrants > 0 && refreshGrants <= expiries
console.log(fine ? 'Every expiry led to one refresh, and every request was answered.' : 'Something is wrong.')
process.exitCode = fine ? 0 : 1
