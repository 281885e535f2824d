// The page of the browser tests: an application with one client, whose address says what it does when it starts.
import axios from 'axios'
import { refreshToken } from '../../../src/grants/index.js'
import { attachOAuth } from '../../../src/index.js'
import { finishSignIn, isSignInError, signOut, startSignIn, type StartSignInOptions } from '../../../src/sign-in/index.js'
import { webStore } from '../../../src/stores/web.js'

/** Put there by the server of this page. */
declare const settings: { issuer: string; apiUrl: string }

const client = {
  issuer: settings.issuer,
  clientId: 'public',
  redirectUri: '/callback',
  scope: 'openid offline_access read',
}
const api = axios.create({ baseURL: settings.apiUrl })
const session = attachOAuth(api, webStore(), { refresh: refreshToken({ issuer: settings.issuer, clientId: 'public' }) })

const outcome = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return (await work) ?? 'no response here'
  } catch (error) {
    return isSignInError(error) ? error.code : String(error)
  }
}

// Twice, as StrictMode runs effects.
const finished = Promise.all([outcome(finishSignIn(client, session)), outcome(finishSignIn(client, session))])

const signInApp = {
  finished,
  start: (options?: StartSignInOptions) => outcome(startSignIn(client, { prompt: 'consent', ...options })),
  get: async () => (await api.get('/me', { validateStatus: () => true })).status,
  signOut: () => signOut(client, session),
  status: async () => ((await session.tokens()) ? 'signed-in' : 'signed-out'),
}
export type SignInApp = typeof signInApp
Object.assign(globalThis, { signInApp })
