/**
 * One of several HTTP servers. It calls an API for the user that the path names; a real server knows the user by its own cookie.
 *
 * POST /users/alice/sign-in with a token set, GET /users/alice/me, POST /users/alice/sign-out
 */
import { createServer, type IncomingMessage } from 'node:http'
import axios from 'axios'
import { attachOAuth, isOAuthError, memoryStore, type Session } from 'axios-attach-oauth'
import { refreshToken } from 'axios-attach-oauth/grants'
import { openStore } from './open-store.js'
import { Sessions } from './sessions.js'

const { PORT = '0', API_URL = '', TOKEN_ENDPOINT = '', CLIENT_ID = '', IDLE_LIMIT = '600000' } = process.env

const sessions = new Sessions(
  openStore,
  { refresh: refreshToken({ tokenEndpoint: TOKEN_ENDPOINT, clientId: CLIENT_ID }), rejectSignedOut: true },
  Number(IDLE_LIMIT),
)

// One axios instance for all users. Its own session is signed out, so that a request without a session is not sent.
const api = axios.create({ baseURL: API_URL })
attachOAuth(api, memoryStore(), { refresh: false, rejectSignedOut: true })

const actions: Record<string, (session: Session, request: IncomingMessage) => Promise<unknown>> = {
  'GET me': async (session) => (await api.get('/me', { oauth: session })).data,
  'POST sign-in': async (session, request) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    await session.signIn(JSON.parse(body))
    return {}
  },
  'POST sign-out': (session) => session.signOut(),
}

const server = createServer((request, response) => {
  const [, , user, what] = (request.url ?? '').split('/')
  const action = actions[`${request.method} ${what}`]
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-worker': process.pid, 'x-sessions': sessions.size })
    response.end(JSON.stringify(body))
  }
  if (!user || !action) return answer(404, { error: 'not found' })
  action(sessions.of(user), request).then(
    (body) => answer(200, body),
    (error: unknown) => {
      if (!isOAuthError(error)) return answer(502, { error: 'the API has failed' })
      // Each error of the package has a stable code. A 401 makes the page show the login, so an outage is none.
      const isSignedOut = error.code === 'OAUTH_SIGNED_OUT' || error.code === 'OAUTH_INVALID_GRANT'
      answer(isSignedOut ? 401 : error.retryable ? 503 : 502, { error: error.code })
    },
  )
})

server.listen(Number(PORT), '127.0.0.1')
