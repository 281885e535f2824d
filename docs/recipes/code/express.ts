import { isOAuthError, type Session } from 'axios-attach-oauth'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { profileOf } from './many-users.js'

/** Answers errors of the package by what the browser can do about them. */
export const answerOAuthErrors: ErrorRequestHandler = (
  error: unknown,
  _request,
  response,
  next,
) => {
  if (!isOAuthError(error)) return next(error)
  const { code, retryable } = error
  if (retryable)
    return void response.status(503).set('Retry-After', '5').json({ code })
  const isSignedOut = code === 'OAUTH_SIGNED_OUT' || code === 'OAUTH_INVALID_GRANT'
  response.status(isSignedOut ? 401 : 502).json({ code })
}

/** `sessionFor` finds the session of the user by your own cookie. */
export function createApp(
  sessionFor: (cookie: string | undefined) => Session | undefined,
) {
  const profile: RequestHandler = async (request, response) => {
    const session = sessionFor(request.headers.cookie)
    if (!session) return void response.sendStatus(401)
    response.json(await profileOf(session))
  }
  return express().get('/profile', profile).use(answerOAuthErrors)
}
