import axios from 'axios'
import { attachOAuth, memoryStore, type AttachedSession, type TokenJSON } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { startServers, type Servers } from '../../scripts/servers/start.js'
import { rejection } from '../helpers/client.js'
import { lost, startWorld } from '../helpers/world.js'
import { startProxy } from '../helpers/world/proxy.js'
import type { Entry, FaultyServer } from '../helpers/world/server.js'

let servers: Servers
beforeAll(async () => {
  servers = await startServers()
})
afterAll(() => servers.stop())
beforeEach(() => servers.reset())

async function client(times: object): Promise<{ api: ReturnType<typeof axios.create>; session: AttachedSession }> {
  const api = axios.create({ baseURL: servers.apiUrl })
  const refresh = refreshToken({ tokenEndpoint: servers.tokenEndpoint, clientId: 'public' })
  return { api, session: attachOAuth(api, memoryStore({ ...(await servers.mint()), ...times }), { refresh }) }
}

const post = (api: ReturnType<typeof axios.create>, i: number): Promise<{ data: { id: string } }> =>
  api.post(`/item/${i}`, { i }, { headers: { 'x-request-id': `request ${i}` } })

describe('on a real authorization server, by what the servers counted', () => {
  it.each([2, 100, 1000])(
    '%i requests refused only by the server lead to one refresh grant, and none is sent more than twice',
    async (n) => {
      const { api } = await client({})
      await servers.refuseAccessTokens()
      const answers = await Promise.all(Array.from({ length: n }, (_, i) => post(api, i)))
      expect(answers.map(({ data }) => data.id)).toEqual(answers.map((_, i) => `request ${i}`))
      expect(await servers.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0, served: n, sentMoreThanTwice: 0 })
    },
  )

  it.each([2, 100, 1000])(
    '%i requests with the expiry known lead to one refresh grant, and none is sent more than once',
    async (n) => {
      const { api } = await client({ expires_at: 1 })
      await Promise.all(Array.from({ length: n }, (_, i) => post(api, i)))
      expect(await servers.counts()).toMatchObject({
        refreshGrants: 1,
        refreshTokensReused: 0,
        requests: n,
        served: n,
        rejected: 0,
      })
    },
  )

  it('three expiries in a row use three refresh tokens, each once', async () => {
    const { api } = await client({})
    for (let round = 1; round <= 3; round++) {
      await servers.refuseAccessTokens()
      await Promise.all(Array.from({ length: 20 }, (_, i) => post(api, i)))
      expect(await servers.counts()).toMatchObject({ refreshGrants: round, refreshTokensReused: 0, served: 20 * round })
    }
  })
})

/** A server to sign in at, with faults to order between the client and the token endpoint. */
interface Place {
  readonly token: Pick<FaultyServer<Entry>, 'url' | 'faults' | 'log' | 'close'>
  readonly api: string
  signIn(): Promise<TokenJSON>
  /** How many refresh tokens were presented, and how many of them had been spent. */
  presented(): Promise<[number, number]>
  close(): Promise<void>
}

async function realServer(): Promise<Place> {
  const token = await startProxy(servers.tokenEndpoint)
  return {
    token,
    api: servers.apiUrl,
    signIn: () => servers.mint(),
    async presented() {
      const { refreshGrants, refreshTokensReused } = await servers.counts()
      return [refreshGrants, refreshTokensReused]
    },
    close: () => token.close(),
  }
}

async function ownServer(): Promise<Place> {
  const world = await startWorld()
  return {
    token: world.token,
    api: world.api,
    signIn: async () => world.token.signIn(),
    presented: async () => [world.counts.refreshGrants, world.counts.reused],
    close: () => world.close(),
  }
}

describe.each([
  ['a real authorization server', realServer],
  ['the server of the other tests, which does as the real one', ownServer],
])('on %s, a token answer that is lost after processing', (_name, start) => {
  let place: Place
  beforeEach(async () => {
    place = await start()
  })
  afterEach(() => place.close())

  it('leaves the spent refresh token alone; when the application asks, that is a reuse, which revokes also the tokens of the lost answer', async () => {
    // The access token is unknown to the server, so each request has its own 401.
    const api = axios.create({ baseURL: place.api })
    const tokenEndpoint = `${place.token.url}/token`
    const session = attachOAuth(api, memoryStore({ ...(await place.signIn()), access_token: 'unknown', expires_at: 1 }), {
      refresh: refreshToken({ tokenEndpoint, clientId: 'public' }),
    })
    place.token.faults.once(lost)
    for (const error of await Promise.all([1, 2].map((i) => rejection(api.get(`/${i}`)))))
      expect(error).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', response: { status: 401 } })
    expect(await place.presented()).toEqual([1, 0])
    const unseen = JSON.parse(place.token.log[0]!.answer!.body!) as Record<string, string>
    const withUnseen = { headers: { authorization: `Bearer ${unseen.access_token}` }, validateStatus: null }
    expect((await axios.get(place.api, withUnseen)).status).toBe(200)

    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
    expect(await place.presented()).toEqual([2, 1])
    expect((await axios.get(place.api, withUnseen)).status).toBe(401)
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'public',
      refresh_token: unseen.refresh_token ?? '',
    })
    const answer = await axios.post(tokenEndpoint, body, { validateStatus: null })
    expect([answer.status, answer.data]).toMatchObject([400, { error: 'invalid_grant' }])
  })
})
