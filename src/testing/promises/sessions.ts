import { check, checkSame, rejectionOf, show } from '../assert.js'
import { AuthorizationServer } from '../authorization-server.js'
import { client, type Client } from '../client.js'
import type { Place, Promised } from '../place.js'

const REQUESTS = 10
const ROUNDS = 4

/** Every client sends many requests with a token that has expired or was refused, again and again: one refresh for all of them each time. */
async function checkRefreshes(place: Place, server: AuthorizationServer, clients: readonly Client[]): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const sent = Promise.all(clients.map(({ send }) => send(REQUESTS)))
    const served = await place.soon(sent, 'the requests of the sessions to be answered')
    check(server.reused === 0, 'a refresh token was sent twice')
    for (const n of served) check(n === REQUESTS, `${n} of ${REQUESTS} requests were answered well`)
    check(server.refreshes === round, `${server.refreshes} refreshes took place where ${round} had to`)
    check(server.isNewest(await place.read()), 'the store does not hold the newest set')
    server.refuseAccessToken()
  }
}

/** Two programs, each with a store object of its own, signed in with one set. */
async function pair(place: Place, server: AuthorizationServer): Promise<readonly [Client, Client]> {
  await place.set({ ...server.signIn(), expires_at: Date.now() / 1000 + 3600 })
  const both = [client(place, server, place.store), client(place, server, await place.another())] as const
  for (const { send } of both) check((await send(1)) === 1, 'a session could not use the stored token')
  return both
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

export const sessions: readonly Promised[] = [
  {
    promise: 'a session redeems each refresh token once for any number of requests, and the newest set is stored',
    async test(place) {
      const server = new AuthorizationServer()
      await place.set(server.signInLongAgo())
      await checkRefreshes(place, server, [client(place, server, place.store)])
    },
  },
  {
    promise: 'two sessions redeem each refresh token once between them, and the newest set is stored',
    needs: ['lock', 'another'],
    async test(place) {
      const server = new AuthorizationServer()
      await place.set(server.signInLongAgo())
      const stores = [place.store, await place.another()]
      await checkRefreshes(
        place,
        server,
        stores.map((store) => client(place, server, store)),
      )
    },
  },
  {
    promise: 'a sign-out in one session is seen by another when it needs a new token',
    needs: ['another'],
    async test(place) {
      const server = new AuthorizationServer()
      const [one, other] = await pair(place, server)
      await one.session.signOut()
      server.refuseAccessToken()
      const error = await place.soon(rejectionOf(other.api.get('/me'), 'a request of the other session'), 'that request')
      check(codeOf(error) === 'OAUTH_SIGNED_OUT', `a request of the other session failed with ${show(codeOf(error))}`)
      check(server.refreshes === 0, 'the other session has redeemed a refresh token of who has signed out')
      checkSame(await place.read(), undefined, 'what is stored')
    },
  },
  {
    promise: 'a sign-out in one session is seen by another at once',
    needs: ['another', 'subscribe'],
    async test(place) {
      const [one, other] = await pair(place, new AuthorizationServer())
      await one.session.signOut()
      await place.until(() => other.session.getSnapshot().status === 'signed-out', 'the other session to be signed out')
    },
  },
  {
    promise: 'a sign-in in one session is seen by another that was signed out, at its next request',
    needs: ['another'],
    async test(place) {
      const server = new AuthorizationServer()
      const [one, other] = [client(place, server, place.store), client(place, server, await place.another())]
      check((await other.send(1)) === 0, 'a request was answered well while nobody was signed in')
      await one.session.signIn(server.signIn())
      check(
        (await place.soon(other.send(1), 'a request of the other session')) === 1,
        'a request of the other session was refused',
      )
    },
  },
  {
    promise: 'a sign-out in one session is final also while another refreshes',
    needs: ['another'],
    async test(place) {
      const server = new AuthorizationServer()
      const [one, other] = await pair(place, server)
      const { asked, answer } = server.keepWaiting()
      place.atTheEnd.push(answer)
      server.refuseAccessToken()
      const refused = rejectionOf(other.api.get('/me'), 'a request of the session that was refreshing')
      refused.catch(() => undefined)
      await place.soon(asked, 'the refresh to begin')
      await place.soon(one.session.signOut(), 'the sign-out, while another session refreshes')
      answer()
      const error = await place.soon(refused, 'the refresh to end')
      check(codeOf(error) === 'OAUTH_SIGNED_OUT', `the request that waited for it failed with ${show(codeOf(error))}`)
      checkSame(await place.read(), undefined, 'what is stored')
      check(server.revoked.length === 1, 'the tokens of the late refresh were not revoked')
    },
  },
]
