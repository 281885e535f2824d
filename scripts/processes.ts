// Several processes share one store while access tokens live for a fraction of a second:
//   tsx scripts/processes.ts --store file|redis|ioredis|postgres --seconds 60 [--processes 8] [--server rotating|oidc] [--lifetime 200] [--token-latency 0]
//     [--lease 5000] [--outage crash|shut-down|forget|hang --times 1]
// --outage: the server of the store is restarted, loses all data, or can't be reached for a while, so many times. Fails unless every expiry led to one
// refresh, no refresh token was used twice and every request was answered; in an outage also with the error of that outage. Needs a build: npm run build
import { parseArgs } from 'node:util'
import { runProcesses } from './processes/index.js'
import { outages, type OutageName } from './processes/outages.js'
import type { ServerKind } from './processes/run.js'
import type { StoreName } from './stores/index.js'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'file' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    server: { type: 'string', default: 'rotating' },
    lifetime: { type: 'string', default: '200' },
    'token-latency': { type: 'string', default: '0' },
    lease: { type: 'string', default: '5000' },
    outage: { type: 'string' },
    times: { type: 'string', default: '1' },
  },
})
const outage = values.outage as OutageName | undefined
const server = values.server as ServerKind
const figures = await runProcesses({
  store: values.store as StoreName,
  server,
  seconds: Number(values.seconds),
  processes: Number(values.processes),
  lifetime: Number(values.lifetime),
  lease: Number(values.lease),
  tokenLatency: Number(values['token-latency']),
  outage,
  times: outage ? Number(values.times) : 0,
})
console.log(JSON.stringify(figures, null, 2))
const { answers, requests, refreshGrants, refreshTokensReused, expiries, rejectedForGood = 0 } = figures
// oidc-provider's tokens may expire up to a second early: then a request may be refused twice, and the second 401 is its answer.
const allowed = ['200', ...(server === 'oidc' ? ['401'] : []), ...(outage ? outages[outage].answers : [])]
const answered = allowed.reduce((sum, answer) => sum + (answers[answer] ?? 0), 0)
const passed =
  answered === requests &&
  refreshTokensReused === 0 &&
  refreshGrants > 0 &&
  refreshGrants <= expiries &&
  (rejectedForGood === 0 || outage === 'forget')
console.log(
  passed ? 'Passed: one refresh for each expiry at most, and every request was answered.' : 'Failed: see the figures above.',
)
process.exitCode = passed ? 0 : 1
