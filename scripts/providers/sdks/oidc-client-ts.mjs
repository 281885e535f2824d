import { InMemoryWebStorage, User, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { runInOrder, startServer, tryRefresh } from './try-refresh.mjs'

const base64 = (json) => Buffer.from(JSON.stringify(json)).toString('base64url')

export default async () => {
  const { origin, say, close } = await startServer()
  const stateStore = () => new WebStorageStateStore({ store: new InMemoryWebStorage() })
  const manager = new UserManager({
    ...{ authority: origin, client_id: 'app', redirect_uri: `${origin}/callback` },
    ...{ userStore: stateStore(), stateStore: stateStore(), automaticSilentRenew: false },
    metadata: { issuer: origin, token_endpoint: `${origin}/token`, authorization_endpoint: `${origin}/authorize` },
  })
  const profile = { sub: 'u', iss: origin, aud: 'app', exp: 2_000_000_000, iat: 1_000_000_000 }
  const signedIn = { access_token: 'old', refresh_token: 'r1', token_type: 'Bearer', profile, session_state: null }
  const tokens = {
    ...{ access_token: 'new', token_type: 'Bearer', expires_in: 3600, refresh_token: 'r2' },
    id_token: `${base64({ alg: 'none' })}.${base64(profile)}.x`,
  }
  /** Without a mapping: a `User` is a token set, and `null` says that there is none. */
  const refresh = () => manager.signinSilent()
  const through = (name, status, body) => async () => {
    await manager.storeUser(new User(signedIn))
    say(status, body)
    return tryRefresh(`oidc-client-ts: ${name}`, refresh)
  }
  return runInOrder([
    through('tokens', 200, tokens),
    through('invalid_grant', 400, { error: 'invalid_grant', error_description: 'x' }),
    through('login_required', 400, { error: 'login_required' }),
    through('server error', 503, { message: 'x' }),
    () => tryRefresh('oidc-client-ts: null', async () => null),
    () => (close(), tryRefresh('oidc-client-ts: no network', refresh)),
  ])
}
