import axios from 'axios'
import { attachOAuth, memoryStore, type AttachedSession } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { startServers, type Servers } from '../../scripts/servers/start.mjs'

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
