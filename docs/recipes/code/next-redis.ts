import { randomUUID } from 'node:crypto'
import axios, { type AxiosInstance } from 'axios'
import {
  createSession,
  attachOAuth,
  memoryStore,
  type Session,
  type TokenJSON,
} from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { redisStore, type RedisClient } from 'axios-attach-oauth/redis'

const {
  ISSUER: issuer = 'https://login.example.com',
  CLIENT_ID: clientId = 'my-app',
} = process.env
const refresh = refreshToken({
  issuer,
  clientId,
  clientSecret: () => process.env.CLIENT_SECRET ?? '',
})

// One instance for all users. Its own session is signed out, so that a request
// without a session is not sent.
export const api: AxiosInstance = axios.create({
  baseURL: 'https://api.example.com',
})
attachOAuth(api, memoryStore(), { refresh: false, rejectSignedOut: true })

/**
 * The session of one browser. The cookie holds a random id, and Redis holds the
 * tokens: any process may refresh.
 */
export const sessionOf = (redis: RedisClient, id: string): Session =>
  createSession(
    redisStore(redis, { key: `oauth:${id}`, expireAfter: 30 * 86_400_000 }),
    { refresh, rejectSignedOut: true },
  )

/** Call it in the route of the redirect URI; put the id into an HttpOnly cookie. */
export async function createLogin(
  redis: RedisClient,
  tokens: TokenJSON,
): Promise<string> {
  const id = randomUUID()
  await sessionOf(redis, id).signIn(tokens)
  return id
}
