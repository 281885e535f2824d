import { memoryStore } from '../../src/stores/memory.js'
import type { TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  controlledRefresh,
  counted,
  issuer,
  listenTo,
  shareable,
  startSession,
  storeElsewhere,
  storeWith,
  tokensFor,
} from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

describe('the first content of the store', () => {
  it('is read once for concurrent callers and causes no event', async () => {
    const store = counted(memoryStore(a(1)))
    const session = startSession(environment, store, issuer())
    const events = listenTo(session, 'adopted', 'user_changed', 'signed_in')
    await Promise.all([session.tokens(), session.tokens(), session.getToken()])
    expect([store.reads, events]).toEqual([1, []])
  })

  it.each([
    ['a set', () => a(1), { status: 'signed_in' }],
    ['nothing', () => undefined, { status: 'signed_out', reason: 'empty' }],
  ])('is reported to subscribers when it is %s', async (_what, tokens, expected) => {
    const session = startSession(environment, memoryStore(tokens()), issuer())
    const seen: unknown[] = []
    session.subscribe(() => seen.push(session.getSnapshot()))
    await session.tokens()
    expect(seen).toEqual([expect.objectContaining(expected)])
  })

  it('is left as it is when it can not be used: the error names the store and says why', async () => {
    const rubbish = { access_token: 'a\n1', refresh_token: 'r1' }
    const store = { ...memoryStore(rubbish), name: 'made-up store' }
    const session = startSession(environment, store, issuer())
    const error = await rejection(session.getToken())
    expect(error).toMatchObject({ code: 'OAUTH_TOKEN_INVALID' })
    expect(error.message).toMatch(/made-up store.*no usable token set.*line break/)
    expect(await store.read()).toEqual(rubbish)
    expect(session.getSnapshot()).toMatchObject({ status: 'unavailable', error: { code: 'OAUTH_TOKEN_INVALID' } })
  })

  it('that can not be read rejects the call and is read again at the next one, without a refresh', async () => {
    let isBroken = true
    const refresh = issuer()
    const read = storeWith(a(1), (kept) => ({
      read: () => {
        if (isBroken) throw new Error('made up')
        return kept.read()
      },
    }))
    const session = startSession(environment, read, refresh)
    expect(await rejection(session.tokens())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    isBroken = false
    expect((await session.tokens())?.access_token).toBe('a1')
    expect(refresh.redeemed).toEqual([])
  })

  it('that can not be read once rejects the request that needs it, though another read would succeed', async () => {
    let reads = 0
    const refresh = issuer()
    const store = storeWith(a(1, 0), (kept) => ({
      read: () => {
        if (++reads === 1) throw new Error('made up')
        return kept.read()
      },
    }))
    const session = startSession(environment, store, refresh)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect([reads, refresh.redeemed]).toEqual([1, []])
  })

  it('gives way to what happens here while it is read', async () => {
    const reading = deferred()
    const store = storeWith(a(1), (kept) => ({
      async read() {
        const stored = await kept.read()
        await reading.promise
        return stored
      },
    }))
    const session = startSession(environment, store, issuer())
    const loaded = session.tokens()
    const signedIn = session.signIn(a(9))
    reading.resolve()
    await Promise.all([loaded, signedIn])
    expect(session.peekToken()?.accessToken).toBe('a9')
  })
})

describe('a set that another process has stored', () => {
  it('is adopted in place of a refresh: no refresh token is redeemed', async () => {
    const store = memoryStore(a(1, 10))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7))
    const events = listenTo(session, 'adopted')
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect([refresh.redeemed, events]).toEqual([[], [['adopted', { generation: 2 }]]])
  })

  it('is adopted after invalid_grant: the other process has rotated the refresh token', async () => {
    const store = memoryStore(a(1, 10))
    const session = startSession(environment, store, async () => {
      await storeElsewhere(store, a(7))
      throw { error: 'invalid_grant' }
    })
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(session.getSnapshot().status).toBe('signed_in')
    expect(await store.read()).toMatchObject({ access_token: 'a7' })
  })

  it('during a refresh is not overwritten by its result', async () => {
    const store = memoryStore(a(1, 10))
    const session = startSession(environment, store, async () => {
      await storeElsewhere(store, a(7))
      return a(2)
    })
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(await store.read()).toMatchObject({ access_token: 'a7' })
  })

  it('after a sign-out is another session: a step-up that began before is discarded and revoked', async () => {
    const stronger = deferred()
    const store = memoryStore()
    const revoked: unknown[] = []
    const session = startSession(environment, store, issuer(), { revoke: ({ access_token }) => void revoked.push(access_token) })
    await session.tokens()
    await session.signIn(a(6), { user: 'ann' })
    const result = rejection(session.runStepUp(async () => (await stronger.promise, a(8))))
    await session.signOut()
    await storeElsewhere(store, { ...a(7), 'axios-attach-oauth': { user: 'ben' } })
    expect((await session.getToken())?.accessToken).toBe('a7')
    stronger.resolve()
    expect(await result).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(session.peekToken()?.accessToken).toBe('a7')
    // Whose tokens a8 are is unknown: they are not revoked, since the user of a7 might use them.
    expect(revoked).toEqual([])
  })

  it('while nothing was stored here is another session, too', async () => {
    const stronger = deferred()
    const store = memoryStore()
    const session = startSession(environment, store, issuer())
    await session.tokens()
    const result = rejection(session.runStepUp(async () => (await stronger.promise, a(8))))
    await storeElsewhere(store, a(7))
    expect((await session.getToken())?.accessToken).toBe('a7')
    stronger.resolve()
    expect(await result).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(session.peekToken()?.accessToken).toBe('a7')
  })

  it('whose issue time lies ahead of this machine’s clock counts as new', async () => {
    const store = memoryStore(a(1, 1000))
    environment.wall -= 60_000
    const session = startSession(environment, store, issuer(), { refreshLimit: { count: 1, interval: 30_000 } })
    const second = await session.getTokenAfter401((await session.getToken())!)
    expect(await rejection(session.getTokenAfter401(second))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
  })
})

describe('a sign-out by another process', () => {
  it('is found instead of a refresh: waiting requests reject', async () => {
    const store = memoryStore(a(1, 10))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, undefined)
    const events = listenTo(session, 'signed_out')
    await environment.pass(11_000)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect([refresh.redeemed, events]).toEqual([[], [['signed_out', { reason: 'elsewhere' }]]])
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'elsewhere', at: environment.wall })
  })

  it('that is notified while the lock is being released is seen all the same', async () => {
    const kept = memoryStore(a(1))
    const released = deferred()
    let notify = (): void => undefined
    const store = shareable({
      ...kept,
      lock: async (run) => run().finally(() => released.promise),
      subscribe: (listener) => ((notify = listener), () => undefined),
    })
    const session = startSession(environment, store, issuer())
    session.watchStore()
    const refreshed = session.refresh()
    await settle()
    await storeElsewhere(kept, undefined)
    notify()
    await settle()
    released.resolve()
    await refreshed.catch(() => undefined)
    await settle()
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})

describe('a store that notifies of changes', () => {
  function notifying(kept: TokenStore): {
    store: ReturnType<typeof counted>
    notify: () => Promise<void>
    isWatched: () => boolean
  } {
    let listener: (() => void) | undefined
    const store = counted({
      ...kept,
      subscribe(given) {
        listener = given
        return () => void (listener = undefined)
      },
    })
    return { store, notify: async () => (listener?.(), settle()), isWatched: () => listener !== undefined }
  }

  it('is read after a notice, and listeners and subscribers get what is new', async () => {
    const { store, notify } = notifying(memoryStore(a(1)))
    const session = startSession(environment, store, issuer())
    session.watchStore()
    await session.tokens()
    const seen: unknown[] = []
    session.on('adopted', ({ generation }) => seen.push({ generation }))
    session.subscribe(() => seen.push(session.getSnapshot().status))
    await notify()
    expect(seen).toEqual([])
    await storeElsewhere(store, a(7))
    await notify()
    expect([seen, session.peekToken()?.accessToken]).toEqual([['signed_in', { generation: 2 }], 'a7'])
    await storeElsewhere(store, undefined)
    await notify()
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'elsewhere' })
  })

  it('is not read for a notice before the first need of a token', async () => {
    const { store, notify } = notifying(memoryStore(a(1)))
    const session = startSession(environment, store, controlledRefresh())
    session.watchStore()
    await notify()
    expect([store.reads, session.getSnapshot().status]).toEqual([0, 'unknown'])
    await session.tokens()
    await notify()
    expect(store.reads).toBe(2)
  })

  it('is read once for a notice while a refresh runs, which goes on', async () => {
    const { store, notify } = notifying(memoryStore(a(1)))
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    const refreshed = session.refresh()
    await settle()
    const { reads } = store
    await notify()
    expect(store.reads).toBe(reads + 1)
    refresh.calls[0]!.answer(a(2))
    expect((await refreshed).access_token).toBe('a2')
  })

  it.each<[string, () => TokenJSON | undefined, string, string | undefined]>([
    ['a sign-out', () => undefined, 'signed_out', undefined],
    ["another user's sign-in", () => ({ ...a(7), 'axios-attach-oauth': { user: 'ben' } }), 'signed_in', 'a7'],
  ])('ends the refresh under way at once when it tells of %s', async (_what, stored, status, accessToken) => {
    const { store, notify } = notifying(memoryStore({ ...a(1), 'axios-attach-oauth': { user: 'ann' } }))
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    const refreshed = rejection(session.refresh())
    await settle()
    await storeElsewhere(store, stored())
    await notify()
    expect([session.getSnapshot().status, session.peekToken()?.accessToken]).toEqual([status, accessToken])
    expect(await refreshed).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    refresh.calls[0]!.answer(a(2))
    await settle()
    expect((await store.read())?.access_token).toBe(accessToken)
  })

  it('is read for each notice during a refresh, because a later one may tell of another user', async () => {
    const { store, notify } = notifying(memoryStore({ ...a(1), 'axios-attach-oauth': { user: 'ann' } }))
    const session = startSession(environment, store, controlledRefresh())
    session.watchStore()
    const refreshed = rejection(session.refresh())
    await settle()
    await notify()
    await storeElsewhere(store, { ...a(7), 'axios-attach-oauth': { user: 'ben' } })
    await notify()
    expect(await refreshed).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(session.peekToken()?.accessToken).toBe('a7')
  })

  it('is read once more after a refresh during which notices came', async () => {
    const { store, notify } = notifying(memoryStore(a(1)))
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    const refreshed = session.refresh()
    await settle()
    for (let i = 0; i < 10; i++) await notify()
    refresh.calls[0]!.answer(a(2))
    await refreshed
    const { reads } = store
    await settle()
    expect(store.reads - reads).toBeLessThanOrEqual(1)
    expect(session.peekToken()?.accessToken).toBe('a2')
  })

  it('leaves what a read finds to a refresh that starts meanwhile', async () => {
    const kept = memoryStore(a(1))
    let reading = Promise.resolve()
    const { store, notify } = notifying({ ...kept, read: () => reading.then(() => kept.read()) })
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    await session.tokens()
    const read = deferred()
    reading = read.promise
    await storeElsewhere(kept, a(7))
    await notify()
    const refreshed = session.refresh()
    read.resolve()
    expect((await refreshed).access_token).toBe('a7')
    expect(refresh.calls).toHaveLength(0)
  })

  it('is watched until the last watcher has gone', async () => {
    const { store, isWatched } = notifying(memoryStore(a(1)))
    const session = startSession(environment, store, issuer())
    const [first, second] = [session.watchStore(), session.watchStore()]
    first()
    expect(isWatched()).toBe(true)
    second()
    expect(isWatched()).toBe(false)
    session.watchStore()
    expect(isWatched()).toBe(true)
  })

  it('stays watched when one of two watchers goes twice', async () => {
    const { store, isWatched } = notifying(memoryStore(a(1)))
    const session = startSession(environment, store, controlledRefresh())
    const [first] = [session.watchStore(), session.watchStore()]
    first()
    first()
    expect(isWatched()).toBe(true)
  })

  it('that can not be read after a notice keeps the token in use', async () => {
    let isBroken = false
    const kept = memoryStore(a(1))
    const { store, notify } = notifying({
      ...kept,
      read: () => {
        if (isBroken) throw new Error('made up')
        return kept.read()
      },
    })
    const session = startSession(environment, store, issuer())
    session.watchStore()
    await session.tokens()
    isBroken = true
    await notify()
    expect([session.peekToken()?.accessToken, session.getSnapshot().status]).toEqual(['a1', 'signed_in'])
  })
})

describe('a store that can not be read', () => {
  it('rejects requests with an error that names it, and is read again at the next need', async () => {
    let isBroken = true
    const kept = memoryStore(a(1))
    const read = (): ReturnType<TokenStore['read']> => {
      if (isBroken) throw new Error('made up')
      return kept.read()
    }
    const session = startSession(environment, { ...kept, name: 'made-up store', read }, issuer())
    expect(await rejection(session.getToken())).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining('made-up store'),
    })
    expect(session.getSnapshot()).toMatchObject({ status: 'unavailable', error: { code: 'OAUTH_STORE_FAILED' } })
    isBroken = false
    expect((await session.getToken())?.accessToken).toBe('a1')
    expect(session.getSnapshot().status).toBe('signed_in')
  })
})
