import type { TokenStore } from 'axios-attach-oauth'
import { redisStore } from 'axios-attach-oauth/redis'
import { createClient } from 'redis'

const { REDIS_URL = 'redis://127.0.0.1:6379', REDIS_SOCKET } = process.env

/** One connection for all users of this process. The client reconnects by itself. */
const client = createClient(REDIS_SOCKET ? { socket: { path: REDIS_SOCKET, tls: false } } : { url: REDIS_URL })
client.on('error', (error: Error) => console.error(`Redis: ${error.message}`))
await client.connect()

/** The store of one user, which all workers share. */
export function openStore(user: string): TokenStore {
  return redisStore(client, { key: `oauth:${user}` })
}
