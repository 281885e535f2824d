// The Redis store, over the package ioredis, for the processes of `scripts/processes/`.
import { redisStore } from 'axios-attach-oauth/redis'
import { Redis } from 'ioredis'
import { optionsOf } from './redis.mjs'

export { setUp } from './redis.mjs'

/** Opens the store, in whichever process. */
export async function open(place) {
  const client = new Redis({ ...place.address, retryStrategy: () => 50 }).on('error', () => undefined)
  return { store: redisStore(client, optionsOf(place)), close: () => client.disconnect() }
}
