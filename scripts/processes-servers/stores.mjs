// The stores that have a server, for the processes that share one. Everything that `place` holds is JSON: it is what a process gets to open the store with.
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { startPostgres } from '../servers/postgres.mjs'
import { startRedis } from '../servers/redis.mjs'

const noop = () => undefined
const key = 'session of the processes'

async function openRedis({ path, lease }) {
  const { redisStore } = await import('../../dist/redis.js')
  const client = createClient({ socket: { path, reconnectStrategy: 50 } }).on('error', noop)
  await client.connect()
  return { store: redisStore(client, { key, lease }), close: () => client.destroy() }
}

async function openIORedis({ path, lease }) {
  const { redisStore } = await import('../../dist/redis.js')
  const client = new Redis({ path, retryStrategy: () => 50 }).on('error', noop)
  return { store: redisStore(client, { key, lease }), close: () => client.disconnect() }
}

async function openPostgres({ config, lease }) {
  const { postgresStore } = await import('../../dist/postgres.js')
  const pool = new pg.Pool({ ...config, max: 3 }).on('error', noop)
  return { store: postgresStore(pool, { key, grace: lease }), close: () => pool.end() }
}

/** What is stored, read without the store; throws when it isn't whole. */
function whole(text) {
  if (text === null || text === undefined) return undefined
  const tokens = JSON.parse(text)
  if (!tokens.access_token || !tokens.refresh_token) throw new Error('The record holds half a token set')
  return tokens
}

async function redisRoom(lease) {
  const server = await startRedis()
  const client = new Redis({ path: server.path, retryStrategy: () => 20 }).on('error', noop)
  return {
    place: { path: server.path, lease },
    server,
    inspect: async () => whole(await client.hget(key, 'tokens')),
    /** Who holds the lock right now, if anybody. */
    holder: async () => (await client.hget(key, 'owner')) ?? undefined,
    async tearDown() {
      client.disconnect()
      await server.stop()
    },
  }
}

async function postgresRoom(lease) {
  const server = await startPostgres()
  const { postgresSchema } = await import('../../dist/postgres.js')
  const pool = new pg.Pool({ ...server.config, max: 1 }).on('error', noop)
  await pool.query(postgresSchema())
  return {
    place: { config: server.config, lease },
    server,
    inspect: async () => whole((await pool.query('SELECT tokens FROM oauth_tokens WHERE key = $1', [key])).rows[0]?.tokens),
    holder: async () =>
      (await pool.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted")).rows[0]?.pid?.toString(),
    async tearDown() {
      await pool.end()
      await server.stop()
    },
  }
}

/** By name: `setUp(lease)` starts the server, `open(place)` opens the store in whichever process. */
export const stores = {
  redis: { setUp: redisRoom, open: openRedis },
  ioredis: { setUp: redisRoom, open: openIORedis },
  postgres: { setUp: postgresRoom, open: openPostgres },
}
