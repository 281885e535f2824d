// auth.ts for applications that use oidc-client-ts already: that library signs in and out, the session refreshes.
// npm install oidc-client-ts, then import this file in place of auth.ts.
import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { webStore } from 'axios-attach-oauth/web'
import { UserManager } from 'oidc-client-ts'

const issuer: string = import.meta.env.VITE_ISSUER
const clientId = 'greenhouse'

const users = new UserManager({
  authority: issuer,
  client_id: clientId,
  redirect_uri: `${location.origin}/callback`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid offline_access greenhouse',
  // Two refreshers of one refresh token end the session: this one stays off.
  automaticSilentRenew: false,
})

export const api = axios.create({ baseURL: import.meta.env.VITE_API_URL })
export const session = attachOAuth(api, webStore(), { refresh: refreshToken({ issuer, clientId }) })

async function finish(): Promise<void> {
  if (location.pathname !== '/callback') return
  try {
    const { profile, ...tokens } = await users.signinRedirectCallback()
    await session.signIn({ ...tokens }, { user: profile.sub })
  } finally {
    await users.removeUser()
    history.replaceState(null, '', '/')
  }
}

let finished: Promise<unknown> | undefined
export const signInProblem: Promise<unknown> = (finished ??= finish().then(
  () => undefined,
  (error: unknown) => error,
))

export const signIn = (): Promise<void> => users.signinRedirect({ prompt: 'consent' })

export async function leave(): Promise<void> {
  const id_token_hint = (await session.tokens())?.id_token
  await session.signOut({ revoke: true })
  await users.signoutRedirect(id_token_hint === undefined ? {} : { id_token_hint })
}
