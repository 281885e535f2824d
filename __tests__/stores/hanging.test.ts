import axios, { type AxiosInstance } from 'axios'
import { startRotatingServer, type RotatingServer } from '../../scripts/servers/start.js'
import { loadStore, type OpenedStore, type StoreAddress, type StoreSetup } from '../../scripts/stores/index.js'
import { refreshToken } from '../../src/grants/index.js'
import { attachOAuth, type AttachedSession, type SessionOptions } from '../../src/index.js'
import { rejection } from '../helpers/client.js'

/** A user of the record, with a client of its own for the store. */
interface Member {
  api: AxiosInstance
  session: AttachedSession
  close(): Promise<void>
}

describe.each(['redis', 'ioredis', 'postgres'] as const)(
  'a connection to the store that goes dead without being closed: %s',
  (name) => {
    let server: RotatingServer
    let setup: StoreSetup
    let open: (address: StoreAddress) => Promise<OpenedStore>
    /** Reaches the store through the proxy. */
    let far: Member
    /** Reaches the store directly. */
    let near: Member

    async function join(
      clientId: string,
      address: StoreAddress,
      limits: Pick<SessionOptions, 'storeTimeout' | 'refreshTimeout' | 'lockTimeout'>,
    ): Promise<Member> {
      const { store, close } = await open(address)
      const api = axios.create({ baseURL: server.apiUrl })
      const refresh = refreshToken({ tokenEndpoint: server.tokenEndpoint, clientId })
      const session = attachOAuth(api, store, { refresh, ...limits })
      return {
        api,
        session,
        async close() {
          session.detach()
          await close()
        },
      }
    }

    beforeEach(async () => {
      const module = await loadStore(name)
      open = module.open
      server = await startRotatingServer({ lifetime: 3_600_000 })
      setup = await module.setUp({ proxied: true, lease: 4000 })
      far = await join('far', setup.address, { storeTimeout: 1000, refreshTimeout: 4000, lockTimeout: 4500 })
      near = await join('near', setup.direct!, {})
      await near.session.signIn(await server.mint())
      await far.api.get('/item')
      await near.api.get('/item')
    })
    afterEach(async () => {
      // Commands that the connection still delivers must not keep any of these from ending.
      await far.close()
      await near.close()
      await server.stop()
      await setup.tearDown()
    })

    const statuses = async ({ api }: Member, times: number): Promise<number[]> =>
      (await Promise.all(Array.from({ length: times }, () => api.get('/item')))).map(({ status }) => status)

    const ends = [
      ['recovers', 'goOn'],
      ['is closed', 'cut'],
    ] as const

    it.each(ends)(
      'requests with a valid token go on, those that need the store reject in time, and all go on once it %s',
      async (_what, end) => {
        setup.line!.hold()
        expect(await statuses(far, 5)).toEqual([200, 200, 200, 200, 200])

        await server.refuseAccessTokens()
        const failures = await Promise.all(Array.from({ length: 5 }, () => rejection(far.api.get('/item'))))
        expect(failures.map(({ code }) => code)).toEqual(Array(5).fill('OAUTH_STORE_FAILED'))
        expect(await server.counts()).toMatchObject({ refreshGrants: 0 })
        // A process that can reach the store does not wait for those that can't.
        expect(await statuses(near, 5)).toEqual([200, 200, 200, 200, 200])

        setup.line![end]()
        expect(await statuses(far, 5)).toEqual([200, 200, 200, 200, 200])
        expect(await statuses(near, 5)).toEqual([200, 200, 200, 200, 200])
        expect(await server.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
        expect((await far.session.tokens())?.refresh_token).toBe((await setup.inspect())?.refresh_token)
      },
    )

    it.each(ends)(
      'a new token set that can not be saved in time serves its requests, and reaches the store and the other processes once it %s: no refresh token is sent twice',
      async (_what, end) => {
        const unpersisted = new Promise((told) => far.session.on('unpersisted', told))
        await server.refuseAccessTokens()
        await server.hold('redeemed')
        const answer = far.api.get('/item')
        expect(await server.heard()).toBe('far')
        setup.line!.hold()
        await server.releaseAnswers()
        const waiting = statuses(near, 3)
        expect((await answer).status).toBe(200)
        expect(far.session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
        expect(await statuses(far, 3)).toEqual([200, 200, 200])

        setup.line![end]()
        expect(await waiting).toEqual([200, 200, 200])
        expect(await statuses(far, 3)).toEqual([200, 200, 200])
        // Events wait for the release of the lock.
        await unpersisted
        expect(await server.counts()).toMatchObject({ refreshGrants: 1, refreshTokensReused: 0 })
        expect((await setup.inspect())?.refresh_token).toBe((await far.session.tokens())?.refresh_token)
      },
    )
  },
)
