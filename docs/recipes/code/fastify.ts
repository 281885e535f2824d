import { isOAuthError, type Session } from 'axios-attach-oauth'
import fastify from 'fastify'
import { profileOf } from './many-users.js'

/** `sessionFor` finds the session of the user by your own cookie. */
export function createApp(
  sessionFor: (cookie: string | undefined) => Session | undefined,
) {
  const app = fastify()
  app.setErrorHandler((error, _request, reply) => {
    if (!isOAuthError(error)) throw error
    const { code, retryable } = error
    if (retryable)
      return reply.status(503).header('retry-after', '5').send({ code })
    const isSignedOut =
      code === 'OAUTH_SIGNED_OUT' || code === 'OAUTH_INVALID_GRANT'
    return reply.status(isSignedOut ? 401 : 502).send({ code })
  })
  app.get('/profile', async (request, reply) => {
    const session = sessionFor(request.headers.cookie)
    return session ? profileOf(session) : reply.status(401).send()
  })
  return app
}
