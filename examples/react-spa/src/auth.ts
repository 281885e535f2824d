import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { finishSignIn, signOut, startSignIn, type SignInClient } from 'axios-attach-oauth/sign-in'
import { webStore } from 'axios-attach-oauth/web'
import { faults } from './devtools'

const client: SignInClient = {
  issuer: import.meta.env.VITE_ISSUER,
  clientId: 'greenhouse',
  redirectUri: '/callback',
  postLogoutRedirectUri: '/',
  scope: 'openid offline_access greenhouse',
}
const refresh = refreshToken({ issuer: client.issuer, clientId: client.clientId })

export const api = axios.create({ baseURL: import.meta.env.VITE_API_URL })
// In development the panel can switch the token endpoint off; a production build has `refresh` alone.
export const session = attachOAuth(api, webStore(), { refresh: faults?.refresh(refresh) ?? refresh })
faults?.attach(api)

/** Once, when the page loads: on the page of the redirect URI it signs in, elsewhere it does nothing. Resolves with the error, if there is one. */
export const signInProblem: Promise<unknown> = finishSignIn(client, session).then(
  () => undefined,
  (error: unknown) => error,
)

/** OpenID Connect wants the consent prompt for `offline_access`. */
export const signIn = (): Promise<void> => startSignIn(client, { prompt: 'consent' })

export const leave = (): Promise<unknown> => signOut(client, session)
