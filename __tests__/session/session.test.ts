import { memoryStore } from '../../src/stores/memory.js'
import type { SessionOptions } from '../../src/index.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { issuer, shareable, startSession, tokensFor, type TestSession } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

function start(store: TokenStore, refresh: RefreshFunction, options: SessionOptions = {}): TestSession {
  return startSession(environment, shareable(store), Object.assign(refresh, { needsRefreshToken: true }), options)
}

/** A set that lives `seconds` from now on. */
const tokens = (n: number, seconds = 3600): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

describe('freshness', () => {
  it('in the advisory window requests go on with the present token while one refresh runs', async () => {
    const refresh = issuer()
    const session = start(memoryStore(tokens(1, 1000)), refresh)
    await session.tokens()
    await environment.pass(850_000)
    expect(session.peekToken()?.accessToken).toBe('a1')
    expect(session.peekToken()?.accessToken).toBe('a1')
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a2')
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('before it nothing is refreshed, and after the mandatory point requests wait', async () => {
    const refresh = issuer()
    const session = start(memoryStore(tokens(1, 1000)), refresh)
    await session.tokens()
    await environment.pass(799_000)
    expect(session.peekToken()?.accessToken).toBe('a1')
    await settle()
    expect(refresh.redeemed).toEqual([])
    await environment.pass(172_000)
    expect(session.peekToken()).toBeUndefined()
    expect((await session.getToken())?.accessToken).toBe('a2')
  })

  it('a request that can not be sent twice waits for the flight in the advisory window', async () => {
    const session = start(memoryStore(tokens(1, 1000)), issuer())
    await session.tokens()
    await environment.pass(850_000)
    expect(session.peekToken(true)).toBeUndefined()
    expect((await session.getToken(true))?.accessToken).toBe('a2')
  })

  it('the advisory point is jittered over the first half of the window', async () => {
    environment.randomness = 1
    const refresh = issuer()
    const session = start(memoryStore(tokens(1, 1000)), refresh)
    await session.tokens()
    await environment.pass(899_000)
    session.peekToken()
    await settle()
    expect(refresh.redeemed).toEqual([])
    await environment.pass(2000)
    session.peekToken()
    await settle()
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('the advisory point is drawn once for each token, however often it is asked for', async () => {
    environment.randomness = 1
    const refresh = issuer()
    const session = start(memoryStore(tokens(1, 1000)), refresh)
    await session.tokens()
    environment.randomness = 0
    for (let i = 0; i < 10; i++) {
      await environment.pass(85_000)
      session.peekToken()
    }
    expect(refresh.redeemed).toEqual([])
  })

  it('nothing runs on a timer until the expiry: after a sleep the first request finds out', async () => {
    const refresh = issuer()
    const session = start(memoryStore(tokens(1, 1000)), refresh)
    await session.tokens()
    expect(environment.timers).toBe(0)
    // A monotonic clock may stand still in a computer that sleeps.
    environment.wall += 8 * 3_600_000
    expect(session.peekToken()).toBeUndefined()
    expect((await session.getToken())?.accessToken).toBe('a2')
    expect([refresh.redeemed, environment.timers]).toEqual([['r1'], 0])
  })

  it('the lifetime of a new token counts from when its request was sent, not from when it came', async () => {
    const store = memoryStore(tokens(1, 10))
    const arrival = deferred()
    const sentAt = environment.wall
    const session = start(
      store,
      async () => (await arrival.promise, { access_token: 'a2', refresh_token: 'r2', expires_in: 600 }),
    )
    const refreshed = session.refresh()
    await environment.pass(30_000)
    arrival.resolve()
    await refreshed
    expect(session.getSnapshot().expiresAt).toBe(sentAt + 600_000)
    expect(await store.read()).toMatchObject({ expires_at: sentAt / 1000 + 600 })
  })

  it('a set of which nobody knows when it was issued is used until the server rejects it', async () => {
    const refresh = issuer()
    const session = start(memoryStore({ access_token: 'a1', refresh_token: 'r1', expires_in: 60 }), refresh)
    await session.tokens()
    await environment.pass(365 * 86_400_000)
    const held = session.peekToken()!
    expect([held.accessToken, refresh.redeemed]).toEqual(['a1', []])
    expect((await session.getTokenAfter401(held)).accessToken).toBe('a2')
  })

  it('an access token is opaque: one that looks like a JWT of the past is used like any other', async () => {
    const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url')
    const jwt = `${part({ alg: 'none' })}.${part({ exp: 1, iat: 0, nbf: 4e9 })}.x`
    const session = start(memoryStore({ access_token: jwt, refresh_token: 'r1' }), issuer())
    await session.tokens()
    expect(session.peekToken()?.accessToken).toBe(`Bearer ${jwt}`)
    expect(session.getSnapshot()).not.toHaveProperty('expiresAt')
  })

  it('a token that lives one second works for a minute, with one refresh for each expiry', async () => {
    const refresh = issuer(1)
    const session = start(memoryStore(tokens(1, 1)), refresh)
    for (let i = 0; i < 600; i++) {
      expect(await session.getToken()).toBeDefined()
      await environment.pass(100)
    }
    expect(refresh.redeemed.length).toBeGreaterThan(55)
    expect(refresh.redeemed.length).toBeLessThan(80)
    expect(new Set(refresh.redeemed).size).toBe(refresh.redeemed.length)
  })

  it('a late 401 of an older token is not sent again with one that has expired meanwhile', async () => {
    const refresh = issuer(100)
    const session = start(memoryStore(tokens(1, 100)), refresh)
    await session.tokens()
    const old = session.peekToken()!
    await session.refresh()
    await environment.pass(99_000)
    expect((await session.getTokenAfter401(old)).accessToken).toBe('a3')
  })

  it('a clock that jumps back is noticed: the token is not believed longer', async () => {
    const session = start(memoryStore(tokens(1, 1000)), issuer())
    await session.tokens()
    expect(session.peekToken()).toBeDefined()
    await environment.pass(990_000)
    environment.wall -= 3_600_000
    expect(session.peekToken()).toBeUndefined()
  })

  it('a clock that is wrong is corrected by the Date header of the token endpoint', async () => {
    const right = environment.wall
    environment.wall += 3_600_000
    const session = start(memoryStore(tokens(1, 10)), async (_tokens, { reportDate }) => {
      reportDate(new Date(right).toUTCString())
      return { access_token: 'a2', refresh_token: 'r2', expires_in: 60 }
    })
    await session.refresh()
    expect(session.getSnapshot().expiresAt).toBe(right + 60_000)
    expect(session.peekToken()?.accessToken).toBe('a2')
    await environment.pass(61_000)
    expect(session.peekToken()).toBeUndefined()
  })
})

describe('the flight', () => {
  it('has a time limit of its own of 60 s, at which the refresh function is told to give up', async () => {
    let signal: AbortSignal | undefined
    const session = start(memoryStore(tokens(1)), (_tokens, context) => ((signal = context.signal), new Promise(() => undefined)))
    const failed = rejection(session.refresh())
    await environment.pass(59_999)
    expect(signal?.aborted).toBe(false)
    await environment.pass(1)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect([signal?.aborted, environment.timers]).toEqual([true, 0])
  })

  it('that nobody waits for is finished, and its result is kept', async () => {
    const answer = deferred()
    const store = memoryStore(tokens(1, 1000))
    const session = start(store, async () => (await answer.promise, tokens(2)))
    await session.tokens()
    await environment.pass(850_000)
    session.peekToken()
    await settle()
    answer.resolve()
    await settle()
    expect([session.peekToken()?.accessToken, (await store.read())?.access_token]).toEqual(['a2', 'a2'])
  })

  it('that nobody waits for and that fails is nobody’s unhandled rejection', async () => {
    const session = start(memoryStore(tokens(1, 1000)), () => Promise.reject({ status: 500 }))
    await session.tokens()
    await environment.pass(850_000)
    expect(session.peekToken()?.accessToken).toBe('a1')
    // The platform tells of them when it has nothing else to do.
    await new Promise((resolve) => setImmediate(resolve))
    expect(session.peekToken()?.accessToken).toBe('a1')
  })

  it('whose refresh function waits for itself ends at the time limit', async () => {
    const session: Session = start(memoryStore(tokens(1)), () => session.refresh())
    const failed = rejection(session.refresh())
    await environment.pass(60_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })

  it('runs five times in 30 s at most, on a clock that nobody can put forward', async () => {
    const refresh = issuer()
    const session = start(memoryStore(tokens(1)), refresh)
    let held = (await session.getToken())!
    for (let i = 0; i < 5; i++) held = await session.getTokenAfter401(held)
    environment.wall += 3000
    expect(await rejection(session.getTokenAfter401(held))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
    environment.wall += 60_000
    expect(await rejection(session.getTokenAfter401(held))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
    expect(refresh.redeemed).toHaveLength(5)
    environment.mono += 30_000
    expect((await session.getTokenAfter401(held)).accessToken).toBe('a7')
  })

  it('is not started for a 401 that answers an older token', async () => {
    const refresh = issuer()
    const session = start(memoryStore(tokens(1)), refresh)
    const old = (await session.getToken())!
    const [renewed, ...late] = [await session.getTokenAfter401(old), await session.getTokenAfter401(old), await session.getTokenAfter401(old)]
    expect(late).toEqual([renewed, renewed])
    expect(refresh.redeemed).toEqual(['r1'])
  })
})

describe('somebody else who shares the store', () => {
  it('has refreshed already: their set is adopted, and nothing is redeemed', async () => {
    const store = memoryStore(tokens(1, 10))
    const refresh = issuer()
    const session = start(store, refresh)
    await session.tokens()
    await store.write(tokens(7), { mode: 'set', replacing: undefined })
    const events: string[] = []
    session.on('adopted', () => events.push('adopted'))
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect([refresh.redeemed, events]).toEqual([[], ['adopted']])
  })

  it('has rotated the token meanwhile: invalid_grant leads to their set, not to signing out', async () => {
    const store = memoryStore(tokens(1, 10))
    const session = start(store, async () => {
      await store.write(tokens(7), { mode: 'set', replacing: undefined })
      throw { error: 'invalid_grant' }
    })
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(session.getSnapshot().status).toBe('signed_in')
    expect(await store.read()).toMatchObject({ access_token: 'a7' })
  })

  it('has stored a newer set while ours was fetched: it is not overwritten', async () => {
    const store = memoryStore(tokens(1, 10))
    const session = start(store, async () => {
      await store.write(tokens(7), { mode: 'set', replacing: undefined })
      return tokens(2)
    })
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(await store.read()).toMatchObject({ access_token: 'a7' })
  })

  it('has signed out: so are we', async () => {
    const store = memoryStore(tokens(1, 10))
    const refresh = issuer()
    const session = start(store, refresh)
    await session.tokens()
    await store.write(undefined, { mode: 'set', replacing: undefined })
    const events: unknown[] = []
    session.on('signed_out', (event) => events.push(event))
    await environment.pass(11_000)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect([refresh.redeemed, events]).toEqual([[], [{ reason: 'elsewhere' }]])
  })

  it('has signed in after we were signed out: the next request sees it', async () => {
    const store = memoryStore(tokens(1, 10))
    const session = start(store, () => Promise.reject({ error: 'invalid_grant' }))
    await environment.pass(11_000)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(await session.getToken()).toBeUndefined()
    await store.write(tokens(7), { mode: 'set', replacing: undefined })
    expect((await session.getToken())?.accessToken).toBe('a7')
  })

  it('tells through the store: changes are taken over at once', async () => {
    const store = memoryStore(tokens(1))
    let tell = (): void => undefined
    let watching = true
    const session = start({ ...store, subscribe: (listener) => ((tell = listener), () => void (watching = false)) }, issuer())
    const first = session.watchStore()
    const second = session.watchStore()
    await session.tokens()
    await store.write(tokens(7), { mode: 'set', replacing: undefined })
    tell()
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a7')
    first()
    expect(watching).toBe(true)
    second()
    expect(watching).toBe(false)
  })

  it('tells while the lock is being released: a sign-out is seen all the same', async () => {
    const kept = memoryStore(tokens(1))
    const released = deferred()
    let tell = (): void => undefined
    const store: TokenStore = {
      ...kept,
      lock: async (run) => run().finally(() => released.promise),
      subscribe: (listener) => ((tell = listener), () => undefined),
    }
    const session = start(store, issuer())
    session.watchStore()
    const refreshed = session.refresh()
    await settle()
    await kept.write(undefined, { mode: 'set', replacing: undefined })
    tell()
    await settle()
    released.resolve()
    expect((await refreshed).access_token).toBe('a2')
    await settle()
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})

describe('the lock of a store', () => {
  it('is held around reading, refreshing and saving, and free when listeners are told', async () => {
    const kept = memoryStore(tokens(1, 10))
    const order: string[] = []
    const store: TokenStore = {
      read: () => (order.push('read'), kept.read()),
      write: (next, context) => (order.push('write'), kept.write(next, context)),
      async lock(run) {
        order.push('lock')
        try {
          return await run()
        } finally {
          order.push('unlock')
        }
      },
    }
    const session = start(store, async () => (order.push('refresh'), tokens(2)))
    session.on('refreshed', () => order.push('told'))
    await session.refresh()
    expect(order).toEqual(['read', 'lock', 'read', 'refresh', 'read', 'write', 'unlock', 'told'])
  })

  it('that is never granted gives the typed error at its time limit, and leaves no timer', async () => {
    const store: SharedStoreDefinition = { ...memoryStore(tokens(1)), lock: () => new Promise(() => undefined) }
    const session = start(store, issuer())
    const failed = rejection(session.refresh())
    await environment.pass(75_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(environment.timers).toBe(0)
  })

  it('whose release hangs does not keep the waiting requests', async () => {
    const store: SharedStoreDefinition = { ...memoryStore(tokens(1)), lock: async (run) => (await run(), new Promise(() => undefined)) }
    const session = start(store, issuer())
    const refreshed = session.refresh()
    await environment.pass(10_000)
    expect((await refreshed).access_token).toBe('a2')
    expect(environment.timers).toBe(0)
  })

  it.each<[string, SharedStoreDefinition['lock']]>([
    ['returns nothing', (async (run: () => Promise<unknown>) => void (await run())) as never],
    ['does not wait for what it runs', (async (run: () => Promise<unknown>) => void run()) as never],
    ['runs it a second time', async (run) => (await run(), run())],
    ['runs it twice at once', async (run) => (await Promise.all([run(), run()]))[0]],
  ])('that %s does no harm: one refresh, and its answer', async (_name, lock) => {
    const refresh = issuer()
    const session = start({ ...memoryStore(tokens(1)), ...(lock && { lock }) }, refresh)
    const [one, two] = await Promise.all([session.refresh(), session.refresh()])
    expect([one.access_token, two.access_token]).toEqual(['a2', 'a2'])
    await environment.pass(10_000)
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('that ends without a turn gives the typed error, and a turn that comes later starts nothing', async () => {
    const refresh = issuer()
    let late: (() => Promise<unknown>) | undefined
    const lock = (async (run: () => Promise<unknown>) => void (late = run)) as never
    const session = start({ ...memoryStore(tokens(1)), lock }, refresh)
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    await expect(late?.()).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(refresh.redeemed).toEqual([])
  })

  describe('under which a new set could not be stored', () => {
    /** A store that takes the writing of a new set the time after so many, and what happens in which order. */
    function failing(times: number): { store: TokenStore; order: string[]; lost: AbortController } {
      const kept = memoryStore(tokens(1))
      const order: string[] = []
      const lost = new AbortController()
      const store: TokenStore = {
        read: () => kept.read(),
        write(next, context) {
          if (times-- > 0) throw new Error('made up')
          order.push('stored')
          return kept.write(next, context)
        },
        lock: (run) => run(lost.signal).finally(() => order.push('free')),
      }
      return { store, order, lost }
    }

    it('is kept until it is stored, so that nobody reads the refresh token that is used up; the requests go on', async () => {
      const { store, order } = failing(3)
      const session = start(store, issuer())
      session.on('unpersisted', () => order.push('unpersisted'))
      session.on('saved', () => order.push('saved'))
      expect((await session.refresh()).access_token).toBe('a2')
      order.push('answered')
      await environment.pass(1000)
      expect(order).toEqual(['unpersisted', 'answered', 'stored', 'free', 'saved'])
      expect(await store.read()).toMatchObject({ refresh_token: 'r2' })
      expect(session.getSnapshot()).toMatchObject({ persisted: true })
      expect(environment.timers).toBe(0)
    })

    it('is free after as long again as a step of the store may take', async () => {
      const { store, order } = failing(Infinity)
      const session = start(store, issuer())
      await session.refresh()
      await environment.pass(9_900)
      expect(order).toEqual([])
      await environment.pass(200)
      expect(order).toEqual(['free'])
      expect(environment.timers).toBe(0)
    })

    it('is tried once more when the lock was lost, and not longer', async () => {
      const { store, order, lost } = failing(2)
      const session = start(store, issuer())
      await session.refresh()
      lost.abort()
      await environment.pass(100)
      expect(order).toEqual(['free'])
    })

    it('is free at once where the refresh token stays the same', async () => {
      const { store, order } = failing(1)
      const session = start(store, async () => ({ access_token: 'a2', expires_in: 3600 }))
      await session.refresh()
      expect(order).toEqual(['free'])
    })
  })
})

describe('a store that refuses each write although nobody was faster', () => {
  const refusing = (): TokenStore => ({ ...memoryStore(tokens(1)), write: () => false })

  it('has failed to save: the new set lives on in memory', async () => {
    const refresh = issuer()
    const session = start(refusing(), refresh)
    const unpersisted: unknown[] = []
    session.on('unpersisted', ({ error }) => unpersisted.push(error.code))
    expect((await session.refresh()).access_token).toBe('a2')
    expect((await session.refresh()).access_token).toBe('a3')
    expect(refresh.redeemed).toEqual(['r1', 'r2'])
    expect(unpersisted).toEqual(['OAUTH_STORE_FAILED', 'OAUTH_STORE_FAILED'])
  })

  it('does not have the token endpoint asked without end when that says invalid_grant', async () => {
    let asked = 0
    const session = start(refusing(), async () => {
      // Whoever asks on and on is stopped here.
      if (++asked > 5) return new Promise(() => undefined)
      throw Object.assign(new Error('made up'), { error: 'invalid_grant' })
    })
    const failed = rejection(session.refresh())
    await environment.pass(60_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(asked).toBe(1)
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})

describe('signing in and out', () => {
  it('discards and revokes what a flight brings home too late', async () => {
    const answer = deferred()
    const revoked: unknown[] = []
    const store = memoryStore(tokens(1))
    const session = start(store, async () => (await answer.promise, tokens(2)), {
      revoke: ({ access_token }) => void revoked.push(access_token),
    })
    const waiting = rejection(session.refresh())
    await settle()
    await session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    answer.resolve()
    await settle()
    expect([revoked, await store.read(), session.peekToken()]).toEqual([['a2'], undefined, undefined])
  })

  it('is final while a new set is being saved: what was written is deleted again, and revoked', async () => {
    const writing = deferred()
    const started = deferred()
    const kept = memoryStore(tokens(1))
    const store: TokenStore = {
      read: () => kept.read(),
      async write(next, context) {
        if (next) {
          started.resolve()
          await writing.promise
        }
        kept.write(next, context)
      },
    }
    const revoked: unknown[] = []
    const session = start(store, issuer(), { revoke: ({ access_token }) => void revoked.push(access_token) })
    const waiting = rejection(session.refresh())
    await started.promise
    const signedOut = session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    writing.resolve()
    await signedOut
    await settle()
    expect([await kept.read(), revoked, session.peekToken()]).toEqual([undefined, ['a2'], undefined])
  })

  it('a sign-in while a new set is being fetched is not overwritten by it', async () => {
    const answer = deferred()
    const store = memoryStore(tokens(1))
    const session = start(store, async () => (await answer.promise, tokens(2)))
    void rejection(session.refresh())
    await settle()
    await session.signIn(tokens(9))
    answer.resolve()
    await settle()
    expect([(await store.read())?.access_token, session.peekToken()?.accessToken]).toEqual(['a9', 'a9'])
  })

  it('a revocation that fails still signs out here, and says so', async () => {
    const failure = new Error('made up')
    const store = memoryStore(tokens(1))
    const session = start(store, issuer(), { revoke: () => Promise.reject(failure) })
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: false, error: failure })
    expect([await store.read(), session.getSnapshot().status]).toEqual([undefined, 'signed_out'])
  })

  it('requests can be made to reject while nobody is signed in', async () => {
    const session = start(memoryStore(), issuer(), { rejectSignedOut: true })
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(await start(memoryStore(), issuer()).getToken()).toBeUndefined()
  })

  it('a set that can not be used changes nothing', async () => {
    const session = start(memoryStore(tokens(1)), issuer())
    expect(await rejection(session.signIn({ access_token: 'a\nb' }))).toMatchObject({ code: 'OAUTH_TOKEN_INVALID' })
    expect((await session.tokens())?.access_token).toBe('a1')
  })
})

describe('after a failure', () => {
  it('the same refresh token is left alone for 10, 20, 40 and then 60 s, and a new one is not', async () => {
    let calls = 0
    const session = start(memoryStore(tokens(1, 10)), async () => {
      calls++
      throw { status: 500 }
    })
    await environment.pass(11_000)
    for (const seconds of [10, 20, 40, 60, 60]) {
      const before = calls
      await rejection(session.getToken())
      expect(calls).toBe(before + 1)
      await environment.pass(seconds * 1000 - 1)
      await rejection(session.getToken())
      expect(calls).toBe(before + 1)
      await environment.pass(1)
    }
    await rejection(session.getToken())
    await session.signIn(tokens(9, 10))
    await environment.pass(11_000)
    const before = calls
    await rejection(session.getToken())
    expect(calls).toBe(before + 1)
  })

  /** A session whose refreshes fail, and how often the token endpoint was asked. */
  function inTrouble(store: TokenStore, failure: unknown): { session: Session; calls: () => number } {
    let calls = 0
    const session = start(store, async () => {
      calls++
      throw failure
    })
    return { session, calls: () => calls }
  }

  it('requests in the cool-down fail at once, with the cause; the application may ask all the same', async () => {
    const failure = { status: 500 }
    const { session, calls } = inTrouble(memoryStore(tokens(1, 10)), failure)
    await environment.pass(11_000)
    await rejection(session.getToken())
    for (let i = 0; i < 3; i++)
      expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', cause: failure })
    expect([calls(), environment.timers]).toEqual([1, 0])
    await rejection(session.refresh())
    expect(calls()).toBe(2)
  })

  it('a set that somebody else has stored meanwhile ends the cool-down', async () => {
    const store = memoryStore(tokens(1, 10))
    const { session, calls } = inTrouble(store, { status: 500 })
    await environment.pass(11_000)
    await rejection(session.getToken())
    await store.write(tokens(7), { mode: 'set', replacing: undefined })
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(calls()).toBe(1)
  })

  it('a refresh token that somebody else has stored meanwhile is tried', async () => {
    const store = memoryStore(tokens(1, 10))
    const { session, calls } = inTrouble(store, { status: 500 })
    await environment.pass(11_000)
    await rejection(session.getToken())
    await store.write(tokens(7, 0), { mode: 'set', replacing: undefined })
    await rejection(session.getToken())
    expect(calls()).toBe(2)
  })

  it('where there was no refresh token, a set that somebody else has stored meanwhile is used', async () => {
    const store = memoryStore({ ...tokens(1, 10), refresh_token: undefined })
    const session = start(store, issuer())
    await environment.pass(11_000)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_NO_REFRESH_TOKEN' })
    await store.write(tokens(7), { mode: 'set', replacing: undefined })
    expect((await session.getToken())?.accessToken).toBe('a7')
  })

  it('a set that could not be saved is saved with the next request that comes a second later', async () => {
    const kept = memoryStore(tokens(1))
    let fail = true
    const events: string[] = []
    const write: TokenStore['write'] = (next, context) => {
      if (fail) throw new Error('made up')
      return kept.write(next, context)
    }
    const session = start({ ...kept, write }, issuer())
    for (const name of ['unpersisted', 'saved'] as const) session.on(name, () => events.push(name))
    await session.refresh()
    fail = false
    session.peekToken()
    await settle()
    expect((await kept.read())?.access_token).toBe('a1')
    await environment.pass(1000)
    session.peekToken()
    await settle()
    expect([events, (await kept.read())?.access_token]).toEqual([['unpersisted', 'saved'], 'a2'])
    expect(session.getSnapshot()).toBe(false)
  })

  it('only what was not processed is tried again, three times at most, and no timer stays', async () => {
    environment.randomness = 1
    let calls = 0
    const session = start(memoryStore(tokens(1)), async () => {
      calls++
      throw { status: 503 }
    })
    const failed = rejection(session.refresh())
    await environment.pass(1000)
    expect(calls).toBe(2)
    await environment.pass(2000)
    expect(calls).toBe(3)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect(environment.timers).toBe(0)
  })
})

describe('watching', () => {
  it('the snapshot is the same object until something changes, and holds no token', async () => {
    const session = start(memoryStore(tokens(1)), issuer())
    let changes = 0
    const undo = session.subscribe(() => changes++)
    const before = session.getSnapshot()
    expect(session.getSnapshot()).toBe(before)
    await session.tokens()
    const after = session.getSnapshot()
    expect(after).not.toBe(before)
    expect(after).toMatchObject({ status: 'signed_in', refreshing: false })
    expect(JSON.stringify(after)).not.toMatch(/a1|r1/)
    expect(session.getSnapshot()).toBe(after)
    undo()
    const seen = changes
    await session.refresh()
    expect(changes).toBe(seen)
  })

  it('a listener that throws changes nothing', async () => {
    const session = start(memoryStore(tokens(1)), issuer())
    const fail = (): never => {
      throw new Error('made up')
    }
    for (const name of ['refresh_started', 'refreshed', 'saved'] as const) session.on(name, fail)
    session.subscribe(fail)
    expect((await session.refresh()).access_token).toBe('a2')
  })
})
