// Thousands of requests for some hundred users over the workers of examples/many-users, with a real Redis and a real authorization server: one refresh for
// each user and expiry, no refresh token that is used twice, and idle sessions that cost an entry and no connection.
//   tsx scripts/many-users.ts [--users 200] [--requests 10] [--workers 2] [--idle-limit 5000] [--no-waiting]        (after npm run build)
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { bundle } from './bundle.js'
import { startRedis } from './servers/redis.js'
import { startServers } from './servers/start.js'

/** In seconds; long enough that no token expires during a round of requests. */
const LIFETIME = 20
const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '200' },
    requests: { type: 'string', default: '10' },
    workers: { type: 'string', default: '2' },
    // How long an unused session is kept, in milliseconds.
    'idle-limit': { type: 'string', default: '5000' },
    // Leaves out the round for which the tokens expire by themselves.
    'no-waiting': { type: 'boolean', default: false },
  },
})
const [USERS, REQUESTS, WORKERS] = [Number(values.users), Number(values.requests), Number(values.workers)]
const IDLE_LIMIT = Number(values['idle-limit'])
const users = Array.from({ length: USERS }, (_, i) => `user-${i}`)

const outfile = `reports/programs/many-users-${process.pid}.mjs`
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
const url = await new Promise<string>((resolve, reject) => {
  createInterface({ input: server.stdout }).once('line', (line) => resolve(line.split(' at ')[1]!))
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
})

/** Runs `work` for each of `list`, so many at a time. */
async function each<Item>(list: readonly Item[], atATime: number, work: (item: Item) => Promise<void>): Promise<void> {
  const rest = list.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

let wrong = 0
const perWorker = new Map<string, number>()
/** How many sessions each worker keeps, by its last answer. */
const sessionsOf = new Map<string, number>()

async function me(user: string): Promise<number> {
  const response = await fetch(`${url}/users/${user}/me`)
  await response.arrayBuffer()
  const worker = response.headers.get('x-worker') ?? 'unknown'
  perWorker.set(worker, (perWorker.get(worker) ?? 0) + 1)
  sessionsOf.set(worker, Number(response.headers.get('x-sessions')))
  return response.status
}

/** Checks the number of sessions of each worker; records and connections stay the same. */
async function checkSessions(name: string, isRight: (count: number) => boolean): Promise<void> {
  const [sessions, records, connections] = [
    [...sessionsOf.values()],
    await inspector.dbsize(),
    // Without the connection of this program.
    String(await inspector.client('LIST'))
      .trim()
      .split('\n').length - 1,
  ]
  const good = sessions.every(isRight) && records === USERS && connections === WORKERS
  if (!good) wrong++
  console.log(
    `${name.padEnd(34)} ${sessions.join(' and ')} sessions, ${records} records and ${connections} connections in Redis   ${good ? '' : 'wrong'}`,
  )
}

/** Every user sends several requests at the same time, which arrive at different workers. */
async function round(name: string, refreshesPerUser: number): Promise<void> {
  await servers.reset()
  const startedAt = performance.now()
  const statuses = new Map<number, number>()
  await each(users, 20, async (user) => {
    const send = async (): Promise<void> => {
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
    // Signed in with an expired set.
    const tokens = { ...(await servers.mint()), expires_in: 0 }
    await fetch(`${url}/users/${user}/sign-in`, { method: 'POST', body: JSON.stringify(tokens) })
  })
  console.log(`${USERS} users signed in, ${WORKERS} workers, ${REQUESTS} requests at a time for each user`)
  await round('the tokens have expired', 1)
  await round('they are fresh', 0)
  await checkSessions('every user has a session', (count) => count > 1 && count <= USERS)
  await servers.configure({ accessTokenLifetime: LIFETIME })
  await servers.refuseAccessTokens()
  await round('the API refuses them', 1)
  if (!values['no-waiting']) {
    console.log(`(${LIFETIME} s until they expire)`)
    await servers.configure({ accessTokenLifetime: 3600 })
    await new Promise((resolve) => setTimeout(resolve, LIFETIME * 1000))
    await round('they have expired by themselves', 1)
  }
  await new Promise((resolve) => setTimeout(resolve, IDLE_LIMIT + 1))
  sessionsOf.clear()
  // Open connections are used again: several requests at a time reach all workers.
  for (let tries = 0; sessionsOf.size < WORKERS && tries < 100; tries++)
    await Promise.all(Array.from({ length: 4 * WORKERS }, () => me(users[0]!)))
  await checkSessions('one user is left', (count) => count === 1)
  console.log(`requests per worker: ${[...perWorker.values()].join(', ')}`)
  if (perWorker.size !== WORKERS) wrong++
} finally {
  server.removeAllListeners('exit').kill()
  await once(server, 'exit')
  inspector.disconnect()
  await Promise.all([servers.stop(), redis.stop(), rm(outfile)])
}
console.log(wrong === 0 ? 'Passed.' : 'Failed: see the lines above.')
process.exitCode = wrong === 0 ? 0 : 1
