import { initializeApp } from '@firebase/app'
import { connectAuthEmulator, inMemoryPersistence, initializeAuth, signInAnonymously } from '@firebase/auth'
import { runInOrder, startServer, tryRefresh } from './try-refresh.mjs'

const base64 = (json) => Buffer.from(JSON.stringify(json)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)
const jwt = (sub) => `${base64({ alg: 'none' })}.${base64({ sub, iat: now(), auth_time: now(), exp: now() + 3600 })}.x`

export default async () => {
  const { origin, say, close } = await startServer()
  const app = initializeApp({ apiKey: 'made-up', projectId: 'x', authDomain: 'x.example.com' })
  const auth = initializeAuth(app, { persistence: inMemoryPersistence })
  connectAuthEmulator(auth, origin, { disableWarnings: true })
  const signIn = async () => {
    say(200, ({ url }) => ({
      status: 200,
      body: url.includes(':lookup')
        ? { users: [{ localId: 'u' }] }
        : { idToken: jwt('u'), refreshToken: 'r1', expiresIn: '3600', localId: 'u' },
    }))
    return (await signInAnonymously(auth)).user
  }
  const through = (name, status, body) => async () => {
    const user = await signIn()
    say(status, body)
    /** The documented way: `getIdTokenResult` tells the expiry. */
    return tryRefresh(`firebase: ${name}`, async () => {
      const { token, expirationTime } = await user.getIdTokenResult(true)
      return { access_token: token, expires_at: expirationTime }
    })
  }
  const refused = (message) => ({ error: { code: 400, message, errors: [{ reason: 'invalid' }] } })
  return runInOrder([
    through('tokens', 200, { access_token: jwt('u'), id_token: jwt('u'), refresh_token: 'r2', expires_in: '3600' }),
    through('TOKEN_EXPIRED', 400, refused('TOKEN_EXPIRED')),
    through('USER_DISABLED', 400, refused('USER_DISABLED')),
    through('USER_NOT_FOUND', 400, refused('USER_NOT_FOUND')),
    through('INVALID_REFRESH_TOKEN', 400, refused('INVALID_REFRESH_TOKEN')),
    through('too many attempts', 400, refused('TOO_MANY_ATTEMPTS_TRY_LATER')),
    async () => {
      const user = await signIn()
      close()
      return tryRefresh('firebase: no network', async () => ({ access_token: await user.getIdToken(true) }))
    },
  ])
}
