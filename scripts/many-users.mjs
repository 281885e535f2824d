// Thousands of requests for some hundred users over the workers of examples/many-users, with a real Redis and a real authorization server, and what those counted: one refresh for
// each user and expiry, no refresh token that came twice, and idle sessions that cost an entry and no connection.
//   node scripts/many-users.mjs [--users 200] [--requests 10] [--workers 2] [--idle-limit 5000] [--no-waiting]        (after npm run build)
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { bundle } from './bundle.mjs'
import { startRedis } from './servers/redis.mjs'
import { startServers } from './servers/start.mjs'

/** Long enough for a round of requests, in seconds: what is refreshed in it must not come near its end. */
const LIFETIME = 20
const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200' },
    requests: { type: 'string', default: '10' },
    workers: { type: 'string', default: '2' },
    // How long, in milliseconds, a session that nobody uses is kept.
    'idle-limit': { type: 'string', default: '5000' },
    // Without it: waits until the tokens have run out by themselves, once more.
    'no-waiting': { type: 'boolean', default: false },
  },
})
const [USERS, REQUESTS, WORKERS] = [Number(values.users), Number(values.requests), Number(values.workers)]
const IDLE_LIMIT = Number(values['idle-limit'])
const users = Array.from({ length: USERS }, (_, i) => `user-${i}`)

const outfile = 'reports/programs/many-users.mjs'
await bundle('examples/many-users/main.ts', outfile)
const servers = await startServers({ accessTokenLifetime: 3600 })
const redis = await startRedis()
const inspector = new Redis({ path: redis.path })
const server = spawn(process.execPath, ['--no-warnings', outfile], {
  env: {
    ...process.env,
    WORKERS: String(WORKERS),
    IDLE_LIMIT: String(IDLE_LIMIT),
    REDIS_SOCKET: redis.path,
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
/** How many sessions each worker keeps, as it has last said. */
const sessionsOf = new Map()

async function me(user) {
  const response = await fetch(`${url}/users/${user}/me`)
  await response.arrayBuffer()
  const worker = response.headers.get('x-worker')
  perWorker.set(worker, (perWorker.get(worker) ?? 0) + 1)
  sessionsOf.set(worker, Number(response.headers.get('x-sessions')))
  return response.status
}

/** All of them are still kept, or none but the one that is used just now; what all share stays the same. */
async function lookAtSessions(name, isGood) {
  const [sessions, records, connections] = [
    [...sessionsOf.values()],
    await inspector.dbsize(),
    // But for the one that asks.
    (await inspector.client('LIST')).trim().split('\n').length - 1,
  ]
  const good = sessions.every(isGood) && records === USERS && connections === WORKERS
  if (!good) wrong++
  console.log(
    `${name.padEnd(34)} ${sessions.join(' and ')} sessions, ${records} records and ${connections} connections in Redis   ${good ? '' : 'wrong'}`,
  )
}

/** Every user sends several requests at the same time, which come in at different workers. */
async function round(name, refreshesPerUser) {
  await servers.reset()
  const startedAt = performance.now()
  const statuses = new Map()
  await each(users, 20, async (user) => {
    const send = async () => {
      const status = await me(user)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
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
  await lookAtSessions('every user has a session', (count) => count > 1 && count <= USERS)
  await servers.configure({ accessTokenLifetime: LIFETIME })
  await servers.refuseAccessTokens()
  await round('the API refuses them', 1)
  if (!values['no-waiting']) {
    console.log(`(${LIFETIME} s until they run out)`)
    await servers.configure({ accessTokenLifetime: 3600 })
    await new Promise((resolve) => setTimeout(resolve, LIFETIME * 1000))
    await round('they have run out', 1)
  }
  await new Promise((resolve) => setTimeout(resolve, IDLE_LIMIT + 1))
  sessionsOf.clear()
  // Connections are spread over the workers, and those that are open already are used again: several at a time reach them all.
  for (let tries = 0; sessionsOf.size < WORKERS && tries < 100; tries++)
    await Promise.all(Array.from({ length: 4 * WORKERS }, () => me(users[0])))
  await lookAtSessions('one user is left', (count) => count === 1)
  console.log(`requests per worker: ${[...perWorker.values()].join(', ')}`)
  if (perWorker.size !== WORKERS) wrong++
} finally {
  server.removeAllListeners('exit').kill()
  await once(server, 'exit')
  inspector.disconnect()
  await Promise.all([servers.stop(), redis.stop()])
}
console.log(wrong === 0 ? 'Everything is as it must be.' : 'Something is wrong.')
process.exitCode = wrong === 0 ? 0 : 1
