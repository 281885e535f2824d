// The Redis store, over the package redis, for the processes of `scripts/processes/`.
import { redisStore } from 'axios-attach-oauth/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { startProxy } from '../servers/proxy.mjs'
import { startRedis } from '../servers/redis.mjs'
import { wholeTokens } from './tokens.mjs'

const key = 'session of the processes'
const noop = () => undefined

/** The options of the store in every process. */
export const optionsOf = ({ lease }) => ({ key, lease })

/** Opens the store, in whichever process. */
export async function open(place) {
  const client = createClient({ socket: { ...place.address, reconnectStrategy: 50 } }).on('error', noop)
  await client.connect()
  return { store: redisStore(client, optionsOf(place)), close: () => client.destroy() }
}

/** Starts a server. `lease` in milliseconds; `proxied`: the processes reach it through `room.line`, which may go dead. */
export async function setUp({ lease = 5000, proxied = false } = {}) {
  const server = await startRedis()
  const line = proxied ? await startProxy({ path: server.path }) : undefined
  const client = new Redis({ path: server.path, retryStrategy: () => 20 }).on('error', noop)
  const direct = { lease, address: { path: server.path } }
  return {
    place: line ? { lease, address: { host: line.host, port: line.port } } : direct,
    direct,
    server: {
      ...server,
      /** Loses everything, and goes on. */
      forget: () => client.flushall(),
    },
    line,
    inspect: async () => wholeTokens(await client.hget(key, 'tokens')),
    holder: async () => (await client.hget(key, 'owner')) ?? undefined,
    async tearDown() {
      client.disconnect()
      await line?.stop()
      await server.stop()
    },
  }
}
