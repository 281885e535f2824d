// Thousands of requests for some hundred users over the workers of examples/many-users, and what the servers counted: one refresh for each user and
// expiry, and no refresh token that came twice. It needs dist: `npx rollup -c --silent && node scripts/many-users.mjs [--users 200] [--requests 10]`
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { startServers } from './servers/start.mjs'

/** Long enough for a round of requests, in seconds: what is refreshed in it must not come near its end. */
const LIFETIME = 20
const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200' },
    requests: { type: 'string', default: '10' },
    workers: { type: 'string', default: '2' },
    // Waits until the tokens have run out by themselves, once more.
    'no-waiting': { type: 'boolean', default: false },
  },
})
const [USERS, REQUESTS, WORKERS] = [Number(values.users), Number(values.requests), Number(values.workers)]
const users = Array.from({ length: USERS }, (_, i) => `user-${i}`)

const outfile = 'reports/programs/many-users.mjs'
await build({
  entryPoints: ['examples/many-users/main.ts'],
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outfile,
})
const servers = await startServers({ accessTokenLifetime: 3600 })
const server = spawn(process.execPath, ['--no-warnings', outfile], {
  env: {
    ...process.env,
    WORKERS: String(WORKERS),
    API_URL: servers.apiUrl,
    TOKEN_ENDPOINT: servers.tokenEndpoint,
    CLIENT_ID: 'public',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = await new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).once('line', (line) => resolve(line.split(' at ')[1]))
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
})

/** Does `work` for all of `list`, so many at a time. */
async function each(list, atATime, work) {
  const rest = list.values()
  const worker = async () => {
    for (const one of rest) await work(one)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

let wrong = 0
const perWorker = new Map()

/** Every user sends several requests at the same time, which come in at different workers. */
async function round(name, refreshesPerUser) {
  await servers.reset()
  const startedAt = performance.now()
  const statuses = new Map()
  await each(users, 20, async (user) => {
    const send = async () => {
      const response = await fetch(`${url}/users/${user}/me`)
      await response.arrayBuffer()
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const worker = response.headers.get('x-worker')
      perWorker.set(worker, (perWorker.get(worker) ?? 0) + 1)
    }
    await Promise.all(Array.from({ length: REQUESTS }, send))
  })
  const seconds = (performance.now() - startedAt) / 1000
  const { refreshGrants, refreshTokensReused } = await servers.counts()
  const served = statuses.get(200) ?? 0
  const good = served === USERS * REQUESTS && refreshGrants === USERS * refreshesPerUser && refreshTokensReused === 0
  if (!good) wrong++
  console.log(
    `${name.padEnd(34)} ${String(served).padStart(6)} of ${USERS * REQUESTS} requests served, ${String(refreshGrants).padStart(4)} refresh grants, ${refreshTokensReused} refresh tokens reused   ${seconds.toFixed(1)} s   ${good ? '' : 'wrong'}`,
  )
}

try {
  await each(users, 20, async (user) => {
    // Signed in with a set that has run out on the way.
    const tokens = { ...(await servers.mint()), expires_in: 0 }
    await fetch(`${url}/users/${user}/sign-in`, { method: 'POST', body: JSON.stringify(tokens) })
  })
  console.log(`${USERS} users signed in, ${WORKERS} workers, ${REQUESTS} requests at a time for each user`)
  await round('the tokens have expired', 1)
  await round('they are fresh', 0)
  await servers.configure({ accessTokenLifetime: LIFETIME })
  await servers.refuseAccessTokens()
  await round('the API refuses them', 1)
  if (!values['no-waiting']) {
    console.log(`(${LIFETIME} s until they run out)`)
    await servers.configure({ accessTokenLifetime: 3600 })
    await new Promise((resolve) => setTimeout(resolve, LIFETIME * 1000))
    await round('they have run out', 1)
  }
  console.log(`requests per worker: ${[...perWorker.values()].join(', ')}`)
  if (perWorker.size !== WORKERS) wrong++
} finally {
  server.removeAllListeners('exit').kill()
  await servers.stop()
}
console.log(wrong === 0 ? 'Everything is as it must be.' : 'Something is wrong.')
process.exitCode = wrong === 0 ? 0 : 1
