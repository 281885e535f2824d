import axios from 'axios'
import { attachOAuth, memoryStore, type AttachedSession } from '../../src/index.js'
import { startWorld, type World } from '../helpers/world.js'

let world: World
beforeEach(async () => {
  world = await startWorld()
})
afterEach(() => world.close())

function client(tokens = world.tokens as object): { api: ReturnType<typeof axios.create>; session: AttachedSession } {
  const api = axios.create({ baseURL: world.api })
  return { api, session: attachOAuth(api, memoryStore({ ...tokens }), { refresh: world.refresh }) }
}

/** How often each request was sent, by its id. */
function sendings(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { id } of world.seen) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

const expired = (): object => ({ ...world.tokens, expires_at: Math.floor(Date.now() / 1000) - 10 })

describe('concurrent requests and one refresh', () => {
  it.each([2, 100, 1000])(
    '%i requests refused only by the server lead to one refresh grant, each answered with its own body, none sent more than twice',
    async (n) => {
      const { api } = client()
      world.revokeAccessTokens()
      const answers = await Promise.all(
        Array.from({ length: n }, (_, i) => api.post(`/item/${i}`, { i }, { headers: { 'x-request-id': `r${i}` } })),
      )
      answers.forEach((answer, i) => expect(answer.data).toMatchObject({ url: `/item/${i}`, id: `r${i}` }))
      expect(world.counts).toMatchObject({ refreshGrants: 1, reused: 0, served: n })
      expect(Math.max(...sendings().values())).toBeLessThanOrEqual(2)
    },
  )

  it.each([2, 100, 1000])(
    '%i requests with the expiry known lead to one refresh grant, and none is sent more than once',
    async (n) => {
      const { api } = client(expired())
      await Promise.all(Array.from({ length: n }, (_, i) => api.get(`/item/${i}`)))
      expect(world.counts).toEqual({ refreshGrants: 1, reused: 0, requests: n, served: n, rejected: 0 })
    },
  )

  it('three expiries in a row use three refresh tokens, each once', async () => {
    const { api } = client()
    for (let round = 1; round <= 3; round++) {
      world.revokeAccessTokens()
      await Promise.all(Array.from({ length: 20 }, () => api.get('/')))
      expect(world.counts).toMatchObject({ refreshGrants: round, reused: 0 })
    }
  })
})
