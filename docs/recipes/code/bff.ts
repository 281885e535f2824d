import { randomUUID } from 'node:crypto'
import {
  createSession,
  type SessionOptions,
  type TokenJSON,
  type TokenStore,
} from 'axios-attach-oauth'
import express, {
  type ErrorRequestHandler,
  type RequestHandler,
  type Response,
} from 'express'
import { answerOAuthErrors } from './express.js'
import { api } from './many-users.js'

/** `redeem` exchanges the code of the sign-in. */
export interface Backend {
  readonly options: SessionOptions
  /** For instance `(id) => redisStore(client, { key: id })`. */
  readonly storeOf: (id: string) => TokenStore
  readonly redeem: (url: string) => Promise<TokenJSON>
}

const COOKIE = '__Host-session'
const idOf = (cookie = ''): string =>
  new RegExp(`${COOKIE}=([\\w-]+)`).exec(cookie)?.[1] ?? ''
const setCookie = (response: Response, id: string): Response =>
  response.set(
    'Set-Cookie',
    `${COOKIE}=${id}; Path=/; HttpOnly; Secure; SameSite=Strict${id ? '' : '; Max-Age=0'}`,
  )

/** The browser has a random id in an HttpOnly cookie. The tokens stay here. */
export function createBackend({ options, storeOf, redeem }: Backend) {
  const sessionOf = (id: string) =>
    createSession(storeOf(id), { ...options, rejectSignedOut: true })

  const callback: RequestHandler = async (request, response) => {
    const id = randomUUID()
    await sessionOf(id).signIn(await redeem(request.originalUrl))
    setCookie(response, id).redirect('/')
  }
  const signOut: RequestHandler = async (request, response) => {
    await sessionOf(idOf(request.headers.cookie)).signOut({ revoke: true })
    setCookie(response, '').sendStatus(204)
  }
  const forward: RequestHandler = async (request, response) => {
    const id = idOf(request.headers.cookie)
    // A form of another site can't set this header.
    if (!id || !request.headers['x-requested-with'])
      return void response.sendStatus(401)
    const answer = await api.request<unknown>({
      method: request.method,
      url: request.url,
      data: request.body,
      headers: { 'Content-Type': request.headers['content-type'] ?? null },
      oauth: sessionOf(id),
      // Other answers of the API are passed on; a 401 becomes the session's error.
      validateStatus: (status) => status !== 401,
    })
    response.status(answer.status).json(answer.data)
  }
  const answerOtherErrors: ErrorRequestHandler = (_error, _in, response, _next) =>
    void response.sendStatus(502)
  return express()
    .get('/callback', callback)
    .post('/sign-out', signOut)
    .use('/api', express.raw({ type: () => true }), forward)
    .use(answerOAuthErrors, answerOtherErrors)
}
