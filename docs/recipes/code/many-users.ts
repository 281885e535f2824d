import axios from 'axios'
import {
  attachOAuth,
  createSession,
  memoryStore,
  type Session,
  type TokenStore,
} from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'

const refresh = refreshToken({
  issuer: 'https://login.example.com',
  clientId: 'my-app',
})

// One instance for all users. Its own session is signed out, so that a request
// without a session is not sent.
export const api = axios.create({ baseURL: 'https://api.example.com' })
attachOAuth(api, memoryStore(), { refresh: false, rejectSignedOut: true })

const sessions = new Map<string, Session>()

/**
 * The session of a user. `storeOf` is, for instance, `(user) => redisStore(client,
 * { key: user })`.
 */
export function sessionOf(
  user: string,
  storeOf: (user: string) => TokenStore,
): Session {
  const known = sessions.get(user)
  if (known) return known
  const session = createSession(storeOf(user), {
    refresh,
    name: user,
    rejectSignedOut: true,
  })
  sessions.set(user, session)
  // Without this the map would keep a session for each user who was ever here.
  session.on('signed_out', () => sessions.delete(user))
  return session
}

/** `await profileOf(sessionOf('alice', storeOf))` */
export const profileOf = async (session: Session) =>
  (await api.get<{ name: string }>('/me', { oauth: session })).data
