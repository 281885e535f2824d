import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { clientCredentials, type GrantOptions } from 'axios-attach-oauth/grants'
import { keepAlive } from 'axios-attach-oauth/keep-alive'
import { redisStore, type RedisClient } from 'axios-attach-oauth/redis'

/**
 * All replicas use one token. One of them gets the next, and the others hear of
 * it.
 */
export function connect(redis: RedisClient, client: GrantOptions) {
  const api = axios.create({ baseURL: 'https://api.example.com' })
  const session = attachOAuth(
    api,
    redisStore(redis, { key: 'oauth:orders-service' }),
    {
      refresh: clientCredentials(client),
      // The first request after a quiet time does not wait.
      keepAlive: keepAlive(),
    },
  )
  return { api, session }
}
