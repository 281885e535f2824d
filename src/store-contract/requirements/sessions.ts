import { check, checkSame, rejectionOf, show } from '../assert.js'
import { AuthorizationServer } from '../authorization-server.js'
import { client, type Client } from '../client.js'
import type { CaseContext, Requirement } from '../case-context.js'

const REQUESTS = 10
const ROUNDS = 4

/** In each round all clients send requests with a token that has expired or was rejected: one refresh serves them all. */
async function checkRefreshes(context: CaseContext, server: AuthorizationServer, clients: readonly Client[]): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const sent = Promise.all(clients.map(({ send }) => send(REQUESTS)))
    const served = await context.soon(sent, 'the requests of the sessions to be answered')
    check(server.reused === 0, 'a refresh token was sent twice')
    for (const n of served) check(n === REQUESTS, `${n} of ${REQUESTS} requests were answered well`)
    check(server.refreshes === round, `${server.refreshes} refreshes took place instead of ${round}`)
    check(server.isNewest(await context.read()), 'the store does not hold the newest set')
    server.refuseAccessToken()
  }
}

/** Two sessions with separate store objects, signed in with one set. */
async function pair(context: CaseContext, server: AuthorizationServer): Promise<readonly [Client, Client]> {
  await context.set({ ...server.signIn(), expires_at: Date.now() / 1000 + 3600 })
  const both = [client(context, server, context.store), client(context, server, await context.another())] as const
  for (const { send } of both) check((await send(1)) === 1, 'a session could not use the stored token')
  return both
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

export const sessions: readonly Requirement[] = [
  {
    promise: 'a session redeems each refresh token once for any number of requests, and the newest set is stored',
    async test(context) {
      const server = new AuthorizationServer()
      await context.set(server.signInLongAgo())
      await checkRefreshes(context, server, [client(context, server, context.store)])
    },
  },
  {
    promise: 'two sessions redeem each refresh token once between them, and the newest set is stored',
    needs: ['lock', 'another'],
    async test(context) {
      const server = new AuthorizationServer()
      await context.set(server.signInLongAgo())
      const stores = [context.store, await context.another()]
      await checkRefreshes(
        context,
        server,
        stores.map((store) => client(context, server, store)),
      )
    },
  },
  {
    promise: 'a sign-out in one session is seen by another when it needs a new token',
    needs: ['another'],
    async test(context) {
      const server = new AuthorizationServer()
      const [one, other] = await pair(context, server)
      await one.session.signOut()
      server.refuseAccessToken()
      const error = await context.soon(rejectionOf(other.api.get('/me'), 'a request of the other session'), 'that request')
      check(codeOf(error) === 'OAUTH_SIGNED_OUT', `a request of the other session failed with ${show(codeOf(error))}`)
      check(server.refreshes === 0, 'the other session has used a refresh token after the sign-out')
      checkSame(await context.read(), undefined, 'what is stored')
    },
  },
  {
    promise: 'a sign-out in one session is seen by another without a request',
    needs: ['another', 'subscribe'],
    async test(context) {
      const [one, other] = await pair(context, new AuthorizationServer())
      await one.session.signOut()
      await context.until(() => other.session.getSnapshot().status === 'signed_out', 'the other session to be signed out')
    },
  },
  {
    promise: 'a sign-in in one session is seen by another that was signed out, at its next request',
    needs: ['another'],
    async test(context) {
      const server = new AuthorizationServer()
      const [one, other] = [client(context, server, context.store), client(context, server, await context.another())]
      check((await other.send(1)) === 0, 'a request succeeded while no user was signed in')
      await one.session.signIn(server.signIn())
      check(
        (await context.soon(other.send(1), 'a request of the other session')) === 1,
        'a request of the other session was refused',
      )
    },
  },
  {
    promise: 'a sign-out in one session is final also while another refreshes',
    needs: ['another'],
    async test(context) {
      const server = new AuthorizationServer()
      const [one, other] = await pair(context, server)
      const { asked, answer } = server.keepWaiting()
      context.atTheEnd.push(answer)
      server.refuseAccessToken()
      const refused = rejectionOf(other.api.get('/me'), 'a request of the session that was refreshing')
      refused.catch(() => undefined)
      await context.soon(asked, 'the refresh to begin')
      await context.soon(one.session.signOut(), 'the sign-out, while another session refreshes')
      answer()
      const error = await context.soon(refused, 'the refresh to end')
      check(codeOf(error) === 'OAUTH_SIGNED_OUT', `the request that waited for it failed with ${show(codeOf(error))}`)
      // A store that notifies has ended the wait before the refresh is answered.
      await context.until(() => server.revoked.length === 1, 'the tokens of the late refresh to be revoked')
      checkSame(await context.read(), undefined, 'what is stored')
    },
  },
]
