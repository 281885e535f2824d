// The Redis store over the package ioredis.
import { redisStore } from 'axios-attach-oauth/redis'
import { Redis } from 'ioredis'
import type { OpenedStore } from './index.js'
import { optionsOf, type RedisAddress } from './redis.js'

export { setUp } from './redis.js'

export async function open(address: RedisAddress): Promise<OpenedStore> {
  const client = new Redis({ ...address.server, retryStrategy: () => 50 }).on('error', () => undefined)
  return { store: redisStore(client, optionsOf(address)), close: () => client.disconnect() }
}
