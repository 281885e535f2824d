import axios, { type AxiosInstance } from 'axios'
import { memoryStore, type TokenJSON } from '../../src/index.js'
import { attachIn } from '../../src/axios/attach.js'
import type { AttachedSession } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { platform } from '../../src/session/environment.js'
import { json, startWorld, type World } from '../helpers/world.js'

const MINUTE = 60_000
let world: World
/** Milliseconds that have passed without anybody waiting for them. */
let passed: number
/** How far this computer's clock is off, in milliseconds. */
let wrong: number
beforeEach(async () => {
  world = await startWorld()
  passed = 0
  wrong = 0
  world.token.now = () => Date.now() + passed
})
afterEach(() => world.close())

function client(transport: string, tokens: TokenJSON): { api: AxiosInstance; session: AttachedSession; waits: number[] } {
  const api = axios.create({ baseURL: world.api })
  const via = transport === 'axios' ? { axios: axios.create() } : {}
  const waits: number[] = []
  const environment = {
    now: () => Date.now() + passed + wrong,
    monotonic: () => performance.now() + passed,
    random: () => 0,
    after: (ms: number, callback: () => void) => {
      // The limits of a refresh and of the store stay what they are.
      if (ms < 10_000) waits.push(ms)
      return platform.after(ms < 10_000 ? 0 : ms, callback)
    },
  }
  const refresh = refreshToken({ tokenEndpoint: world.tokenEndpoint, clientId: 'app', ...via })
  return { api, session: attachIn(environment, api, memoryStore(tokens), { refresh }), waits }
}

/** Sends a request, and lets a refresh in the background come to its end. */
async function send(api: AxiosInstance, session: AttachedSession): Promise<void> {
  expect((await api.get('/')).status).toBe(200)
  while (session.getSnapshot().refreshing) await new Promise((resolve) => setImmediate(resolve))
}

const clocks: [string, { off?: number; date?: () => number | string | null }][] = [
  ['all clocks are right', {}],
  ['the server is ten minutes ahead', { date: () => passed + 10 * MINUTE }],
  ['the server is ten minutes behind', { date: () => passed - 10 * MINUTE }],
  ['this computer is ten minutes ahead', { off: 10 * MINUTE }],
  ['this computer is ten minutes behind', { off: -10 * MINUTE }],
  ['the server says no Date', { date: () => null }],
  ['the server says no Date, and this computer is ten minutes ahead', { date: () => null, off: 10 * MINUTE }],
  ['the Date is rubbish', { date: () => 'yesterday' }],
  ['the server is two, ten minutes apart', { date: () => passed + (world.token.log.length % 2 === 0 ? 10 : -10) * MINUTE }],
]

describe.each(['fetch', 'axios'])('a token endpoint asked through %s', (transport) => {
  // How many requests a token lives for, of which ten are sent within its lifetime.
  describe.each([
    [60, 8],
    [3600, 10],
  ])('whose tokens live %i s', (lifetime, requestsEach) => {
    it.each(clocks)(
      'when %s: each token is used until its time has come and never after its end, and refreshed once',
      async (_name, { off = 0, date = () => passed }) => {
        wrong = off
        world.token.expiresIn = lifetime
        world.token.faults.always({
          get date() {
            return date()
          },
        })
        const { api, session } = client(transport, { ...world.tokens, expires_at: 1 })
        for (let i = 0; i < 40; i++, passed += lifetime * 100) await send(api, session)
        expect(world.counts).toMatchObject({
          refreshGrants: 1 + Math.floor(39 / requestsEach),
          reused: 0,
          requests: 40,
          rejected: 0,
        })
      },
    )
  })

  it.each([
    ['ahead', 10 * MINUTE, { refreshGrants: 1, requests: 1, rejected: 0 }],
    ['behind', -10 * MINUTE, { refreshGrants: 1, requests: 2, rejected: 1 }],
  ])(
    'before it has told its time, on a computer ten minutes %s: a stored token is believed as the clock says, and a 401 wins over that',
    async (_direction, off, counts) => {
      wrong = off
      // It ends in five minutes by the right clock, or has ended five minutes ago.
      world.token.expiresIn = off > 0 ? 300 : 0
      const tokens = world.token.signIn()
      const expires_at = Math.floor(Date.now() / 1000) + (off > 0 ? 300 : -300)
      world.token.expiresIn = 3600
      const { api, session } = client(transport, { ...tokens, expires_in: 3600, expires_at })
      await send(api, session)
      expect(world.counts).toMatchObject({ ...counts, reused: 0 })
      for (let i = 0; i < 10; i++) await send(api, session)
      expect(world.counts).toMatchObject({ ...counts, requests: counts.requests + 10 })
    },
  )

  it.each([10, -10])('%i minutes away: the date of its Retry-After is read by its own clock', async (minutes) => {
    // Whole seconds are all that a header can say.
    const server = Math.floor((Date.now() + minutes * MINUTE) / 1000) * 1000
    const busy = json(503, {}, { 'retry-after': new Date(server + 4000).toUTCString() })
    world.token.faults.once({ instead: busy, date: new Date(server).toUTCString() })
    const { api, session, waits } = client(transport, { ...world.tokens, expires_at: 1 })
    await send(api, session)
    expect(world.token.log.map(({ answer }) => answer?.status)).toEqual([503, 200])
    expect(waits).toEqual([expect.any(Number)])
    // Off by what the request took.
    expect(Math.abs(waits[0]! - 4000)).toBeLessThan(2000)
  })
})
