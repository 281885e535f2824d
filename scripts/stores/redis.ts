// The Redis store over the package redis.
import { redisStore } from 'axios-attach-oauth/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { startProxy } from '../servers/proxy.js'
import { startRedis } from '../servers/redis.js'
import type { OpenedStore, SetUpOptions, StoreSetup } from './index.js'
import { wholeTokens } from './tokens.js'

const key = 'session of the processes'
const noop = (): void => undefined

export interface RedisAddress {
  lease: number
  /** What `net.connect` takes. */
  server: { path: string } | { host: string; port: number }
}

/** The options of the store in every process. */
export const optionsOf = ({ lease }: RedisAddress): { key: string; lease: number } => ({ key, lease })

export async function open(address: RedisAddress): Promise<OpenedStore> {
  const client = createClient({ socket: { ...address.server, reconnectStrategy: 50 } as never }).on('error', noop)
  await client.connect()
  return { store: redisStore(client, optionsOf(address)), close: () => client.destroy() }
}

export async function setUp({ lease = 5000, proxied = false }: SetUpOptions = {}): Promise<StoreSetup> {
  const server = await startRedis()
  const line = proxied ? await startProxy({ path: server.path }) : undefined
  const client = new Redis({ path: server.path, retryStrategy: () => 20 }).on('error', noop)
  const direct = { lease, server: { path: server.path } }
  return {
    address: line ? { lease, server: { host: line.host, port: line.port } } : direct,
    direct,
    server: { ...server, forget: () => client.flushall() },
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
