import axios from 'axios'
import { attachOAuth } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/refresh-token'
import { finishSignIn, signOut, startSignIn } from 'axios-attach-oauth/sign-in'
import { webStore } from 'axios-attach-oauth/web'

const client = {
  issuer: 'https://login.example.com',
  clientId: 'my-app',
  redirectUri: '/callback',
  scope: 'openid offline_access',
}

export const api = axios.create({ baseURL: 'https://api.example.com' })

export const session = attachOAuth(api, webStore(), {
  refresh: refreshToken({
    tokenEndpoint: 'https://login.example.com/token',
    clientId: client.clientId,
  }),
})

/**
 * Call it once when the page loads. It signs in on the page of the redirect URI
 * and does nothing elsewhere.
 */
export const finish = () => finishSignIn(client, session)

export const signIn = () => startSignIn(client)

export const leave = () => signOut(client, session)
