// Several processes share one store while the access tokens live shorter than a blink:
//   node scripts/processes.mjs --store file|redis|ioredis|postgres --seconds 60 [--processes 8] [--server rotating|oidc] [--lifetime 200] [--token-latency 0] [--lease 5000]
//     [--trouble crash|shut-down|forget|hang --times 1]
// With --trouble the server of the store is restarted, loses everything, or can't be reached for a while, so many times. Fails unless every expiry led to one refresh, no refresh
// token was used twice and every request was answered: in trouble perhaps with the error of that trouble. It needs dist: npm run build
import { parseArgs } from 'node:util'
import { runProcesses } from './processes/index.mjs'
import { troubles } from './processes/troubles.mjs'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'file' },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    server: { type: 'string', default: 'rotating' },
    lifetime: { type: 'string', default: '200' },
    'token-latency': { type: 'string', default: '0' },
    lease: { type: 'string', default: '5000' },
    trouble: { type: 'string' },
    times: { type: 'string', default: '1' },
  },
})
const { store, server, trouble } = values
const [seconds, processes, lifetime, lease] = [values.seconds, values.processes, values.lifetime, values.lease].map(Number)
const [tokenLatency, times] = [Number(values['token-latency']), trouble ? Number(values.times) : 0]
const figures = await runProcesses({ store, server, seconds, processes, lifetime, lease, tokenLatency, trouble, times })
console.log(JSON.stringify(figures, null, 2))
const { answers, requests, refreshGrants, refreshTokensReused, expiries, rejectedForGood = 0 } = figures
// oidc-provider's tokens may end long before they say: then a request may be refused twice, and the second 401 is its answer.
const allowed = ['200', ...(server === 'oidc' ? ['401'] : []), ...(troubles[trouble]?.answers ?? [])]
const answered = allowed.reduce((sum, answer) => sum + (answers[answer] ?? 0), 0)
const fine =
  answered === requests &&
  refreshTokensReused === 0 &&
  refreshGrants > 0 &&
  refreshGrants <= expiries &&
  (rejectedForGood === 0 || trouble === 'forget')
console.log(fine ? 'Every expiry led to one refresh, and every request was answered.' : 'Something is wrong.')
process.exitCode = fine ? 0 : 1
