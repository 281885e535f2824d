import { Agent } from 'node:http'
import type { Readable } from 'node:stream'
import axios, { type AxiosRequestConfig } from 'axios'
import { isOAuthError } from '../../src/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { attach, expired, rejection, type Client } from '../helpers/client.js'
import { startWorld, type Cut, type World } from '../helpers/world.js'

let world: World
/** One connection for each request: none is sent on a connection that has just been broken. */
const httpAgent = new Agent({ keepAlive: false })
const endings = ['reset', 'end'] as const

/** A client of a sign-in of its own. */
function newClient(via: object): Client {
  world.tokens = world.token.signIn()
  const refresh = refreshToken({ tokenEndpoint: world.tokenEndpoint, clientId: 'app', ...via })
  return attach(world, { tokens: { ...expired(world), access_token: 'unknown' }, refresh, defaults: { httpAgent } })
}

/** Describes answers that are cut: at every byte, or at every `step`-th and the last. */
export function describeCuts(step: number): void {
  const places = step === 1 ? 'every byte' : `every ${step}th byte`
  const cutsOf = (length: number): number[] => [...Array(length).keys()].filter((at) => at % step === 0 || at === length - 1)

  beforeEach(async () => {
    world = await startWorld()
  })
  afterEach(() => world.close())

  describe.each([
    ['fetch', {}],
    ['axios', { axios: axios.create({ httpAgent }) }],
  ])('the token answer, fetched through %s', (_transport, via) => {
    const redeemed = (): typeof world.token.log => {
      const { refresh_token } = world.tokens
      return world.token.log.filter(({ refreshToken }) => refreshToken === refresh_token)
    }

    async function lengthOf(fault: object): Promise<number> {
      world.token.faults.once(fault)
      await newClient(via).api.get('/')
      const [entry] = world.token.log
      expect(await entry!.over).toBe('answered')
      return entry!.bytes!
    }

    /** The caller's answer counts only when the whole of the token answer has arrived. */
    async function cutAt(cut: Cut, length: number, chunked: boolean): Promise<void> {
      world.token.faults.once({ cut, chunked })
      const { api, session, store } = newClient(via)
      const before = await store.read()
      const outcomes = await Promise.allSettled([api.get('/1'), api.get('/2')])
      const [entry] = redeemed()
      const isCut = cut.at <= length
      expect([await entry!.over, entry!.bytes]).toEqual(isCut ? ['cut', cut.at] : ['answered', length])
      if (cut.at >= length) {
        expect(outcomes).toMatchObject([{ value: { status: 200 } }, { value: { status: 200 } }])
        expect((await store.read())?.refresh_token).not.toBe(before?.refresh_token)
      } else {
        const reason = { code: 'OAUTH_REFRESH_UNAVAILABLE', isAxiosError: true, response: { status: 401 } }
        expect(outcomes).toMatchObject([{ reason }, { reason }])
        expect(await store.read()).toEqual(before)
        expect(await rejection(api.get('/3'))).toMatchObject(reason)
      }
      expect(session.getSnapshot().status).toBe('signed_in')
      expect(redeemed()).toHaveLength(1)
    }

    it.each([
      ['reset', 'with its length', false],
      ['end', 'with its length', false],
      ['end', 'in chunks', true],
    ] as const)(
      `cut at ${places} by a connection %s, sent %s: the typed error, the tokens are kept, nobody is signed out, and the refresh token is not sent again`,
      async (by, _framing, chunked) => {
        const length = await lengthOf({ chunked })
        expect(length).toBeGreaterThan(250)
        const cuts = cutsOf(length)
        for (const at of cuts) await cutAt({ at, by }, length, chunked)
        await cutAt({ at: length + 1, by }, length, chunked)
        // Last, as it leaves a connection behind that looks good.
        await cutAt({ at: length, by }, length, chunked)
        // Per cut, each of the three requests went out once, with the present token. Afterwards none was rejected.
        expect(world.counts).toMatchObject({ reused: 0, rejected: 3 * cuts.length })
      },
    )
  })

  describe.each(['http', 'fetch'] as const)('an answer of the API, with the %s adapter', (adapter) => {
    const defaults = { adapter, httpAgent } as AxiosRequestConfig

    /** How long the answer to a request with this token is. */
    async function lengthOf(authorization: string): Promise<number> {
      await axios.get(world.api, { ...defaults, headers: { authorization } }).catch(() => undefined)
      const entry = world.seen.at(-1)!
      expect(await entry.over).toBe('answered')
      return entry.bytes!
    }

    /** What axios alone makes of it. */
    async function withoutUs(config: AxiosRequestConfig, authorization: string): Promise<unknown> {
      return axios.get(world.api, { ...defaults, ...config, headers: { authorization } }).catch((error: unknown) => error)
    }

    /** By what callers tell errors apart. The rest is where in the middle of a system call the connection broke. */
    const shapeOf = (error: unknown): object => {
      const { name, code, response } = error as { name: string; code?: string; response?: { status: number } }
      return { name, code, status: response?.status, isAxiosError: axios.isAxiosError(error), isOAuthError: isOAuthError(error) }
    }

    it.each([
      ['reset', 'json'],
      ['end', 'json'],
      ['end', 'stream'],
    ] as const)(
      `a 401 cut at ${places} by a connection %s, read as %s: what axios alone calls no answer reaches the caller as it is and refreshes nothing, the rest is recovered once`,
      async (by, responseType) => {
        const length = await lengthOf('Bearer nobody')
        const ends = { unchanged: 0, recovered: 0 }
        for (const at of [...cutsOf(length), length + 1]) {
          const fault = { cut: { at, by } }
          world.resource.faults.once(fault)
          const alone = await withoutUs({ responseType }, 'Bearer nobody')
          await world.seen.at(-1)!.over
          const isAnswer = axios.isAxiosError(alone) && alone.response?.status === 401
          world.resource.log.length = 0
          const grants = world.counts.refreshGrants
          world.tokens = world.token.signIn()
          world.token.revokeAccessTokens()
          world.resource.faults.once(fault)
          const { api, session } = attach(world, { defaults: { ...defaults, responseType } as object })
          const outcome = await api.get('/').catch((error: unknown) => error)
          if (isAnswer) expect(outcome).toMatchObject({ status: 200 })
          else expect(shapeOf(outcome)).toEqual(shapeOf(alone))
          if (isAnswer && responseType === 'stream' && adapter === 'http') (outcome as { data: Readable }).data.destroy()
          ends[isAnswer ? 'recovered' : 'unchanged']++
          expect([world.seen.length, world.counts.refreshGrants - grants]).toEqual(isAnswer ? [2, 1] : [1, 0])
          expect(session.getSnapshot().status).toBe('signed_in')
        }
        expect(ends.unchanged).toBeGreaterThan(150 / step)
        expect(ends.recovered).toBeGreaterThanOrEqual(responseType === 'stream' ? 50 / step : 1)
        expect(world.counts.reused).toBe(0)
      },
    )

    it.each(endings)(
      `the answer to the request that was sent again, cut at ${places} by a connection %s: axios’ own error, nothing is sent a third time, and the session goes on with the new token`,
      async (by) => {
        const good = (): string => `Bearer ${(world.tokens = world.token.signIn()).access_token}`
        const length = await lengthOf(good())
        for (const at of [...cutsOf(length), length + 1]) {
          const fault = { cut: { at, by } }
          world.resource.faults.once(fault)
          const alone = await withoutUs({}, good())
          await world.seen.at(-1)!.over
          world.resource.log.length = 0
          const grants = world.counts.refreshGrants
          world.tokens = world.token.signIn()
          world.token.revokeAccessTokens()
          world.resource.faults.once({})
          world.resource.faults.once(fault)
          const { api, session, store } = attach(world, { defaults: defaults as object })
          const outcome = await api.get('/').catch((error: unknown) => error)
          if (at >= length) expect(outcome).toMatchObject({ status: 200 })
          else expect(shapeOf(outcome)).toEqual(shapeOf(alone))
          expect(world.seen.map(({ status }) => status)).toEqual([401, 200])
          await world.seen.at(-1)!.over
          expect((await api.get('/next')).status).toBe(200)
          expect(world.counts.refreshGrants - grants).toBe(1)
          expect(session.getSnapshot().status).toBe('signed_in')
          expect((await store.read())?.access_token).toBe(world.seen.at(-1)!.authorization!.slice('Bearer '.length))
        }
        expect(world.counts.reused).toBe(0)
      },
    )
  })
}
