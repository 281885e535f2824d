import { memoryStore } from '../../src/stores/memory.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  controlledRefresh,
  counted,
  issuer,
  listenTo,
  startSession,
  tokensFor,
  type RefreshCall,
  type TestSession,
} from '../helpers/session.js'

/** Of a token that lives 1000 s: when its windows begin and when it ends, in milliseconds. */
const REFRESH_FROM = 800_000
const BLOCK_FROM = 970_000
const END = 1_000_000

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

/** A session that has loaded a token of 1000 s, after `age` milliseconds. */
async function aged(age: number): Promise<{ session: TestSession; calls: RefreshCall[]; store: ReturnType<typeof counted> }> {
  const refresh = controlledRefresh()
  const store = counted(memoryStore(tokensFor(environment, 1, 1000)))
  const session = startSession(environment, store, refresh)
  await session.tokens()
  await environment.pass(age)
  return { session, calls: refresh.calls, store }
}

describe('the windows of a token, to the millisecond', () => {
  it.each([
    ['before the refresh window no request starts a refresh', REFRESH_FROM - 1, 'a1', 'a1', 0],
    ['where the refresh window begins, requests go on and a refresh runs', REFRESH_FROM, 'a1', undefined, 1],
    ['before the blocking window requests go on', BLOCK_FROM - 1, 'a1', undefined, 1],
    ['where the blocking window begins, requests wait', BLOCK_FROM, undefined, undefined, 0],
  ])('%s', async (_when, age, usual, oneShot, refreshes) => {
    const { session, calls } = await aged(age)
    expect([session.peekToken()?.accessToken, session.peekToken(true)?.accessToken]).toEqual([usual, oneShot])
    await settle()
    expect(calls).toHaveLength(refreshes)
  })

  it.each([
    ['before the blocking window the present token answers the 401 of an older one', BLOCK_FROM - 1, 0],
    ['inside the blocking window the present token is refreshed first', BLOCK_FROM, 1],
  ])('%s', async (_when, age, refreshes) => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), refresh)
    const old = (await session.getToken())!
    void session.refresh()
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2', refresh_token: 'r2', expires_in: 1000 })
    await environment.pass(age)
    const recovered = session.getTokenAfter401(old)
    await settle()
    expect(refresh.calls).toHaveLength(1 + refreshes)
    refresh.calls[1]?.answer({ access_token: 'a3', refresh_token: 'r3', expires_in: 1000 })
    expect((await recovered).accessToken).toBe(`a${2 + refreshes}`)
  })

  it('the start of the refresh window is jittered over its first half', async () => {
    environment.randomness = 1
    const { session, calls } = await aged(899_999)
    session.peekToken()
    await settle()
    expect(calls).toHaveLength(0)
    await environment.pass(1)
    session.peekToken()
    await settle()
    expect(calls).toHaveLength(1)
  })

  it('the start of the refresh window is drawn once for each token', async () => {
    environment.randomness = 1
    const { session, calls } = await aged(0)
    environment.randomness = 0
    for (let i = 0; i < 10; i++) {
      await environment.pass(85_000)
      session.peekToken()
    }
    expect(calls).toHaveLength(0)
  })

  it.each([
    ['at most 300 s and 30 s', 100_000, 99_700, 99_970],
    ['20 % and 5 % of a short life', 100, 80, 95],
  ])('the windows are %s', async (_what, lifetime, refreshFrom, blockFrom) => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, lifetime)), issuer())
    const token = (await session.getToken())!
    const start = environment.wall / 1000
    expect([token.refreshFrom / 1000 - start, token.blockFrom / 1000 - start]).toEqual([refreshFrom, blockFrom])
  })
})

describe('in the refresh window', () => {
  it('a request gets the present token while a refresh runs in the background', async () => {
    const { session, calls } = await aged(900_000)
    const events = listenTo(session, 'refresh_started')
    expect((await session.getToken())?.accessToken).toBe('a1')
    expect(events).toEqual([['refresh_started', { reason: 'expired' }]])
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a1')
    expect(calls).toHaveLength(1)
    calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a2')
  })

  it('a request whose body can not be sent twice waits for the refresh', async () => {
    const { session, calls } = await aged(850_000)
    expect(session.peekToken(true)).toBeUndefined()
    const waiting = session.getToken(true)
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    expect((await waiting)?.accessToken).toBe('a2')
  })

  it('of a token that has just been loaded, only a request whose body can not be sent twice waits', async () => {
    const refresh = controlledRefresh()
    const store = memoryStore(tokensFor(environment, 1, 1000))
    await environment.pass(900_000)
    const session = startSession(environment, store, refresh)
    const [usual, oneShot] = [session.getToken(), session.getToken(true)]
    expect((await usual)?.accessToken).toBe('a1')
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    expect((await oneShot)?.accessToken).toBe('a2')
  })

  it('every request gets the present token during a cool-down, without a store read', async () => {
    const { session, calls, store } = await aged(900_000)
    session.peekToken()
    await settle()
    calls[0]!.fail({ status: 500 })
    await settle()
    const { reads } = store
    expect([session.peekToken()?.accessToken, session.peekToken(true)?.accessToken]).toEqual(['a1', 'a1'])
    await settle()
    expect([calls.length, store.reads]).toEqual([1, reads])
  })

  it('a refresh without a waiting request is finished, and its set is stored', async () => {
    const { session, calls, store } = await aged(850_000)
    session.peekToken()
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    expect([session.peekToken()?.accessToken, (await store.read())?.access_token]).toEqual(['a2', 'a2'])
  })

  it('a refresh without a waiting request that fails causes no unhandled rejection', async () => {
    const { session, calls } = await aged(850_000)
    session.peekToken()
    await settle()
    calls[0]!.fail({ status: 500 })
    // The platform reports unhandled rejections when it is idle.
    await new Promise((resolve) => setImmediate(resolve))
    expect(session.peekToken()?.accessToken).toBe('a1')
  })
})

describe('a request that asks for its token twice', () => {
  it.each([
    ['goes on with the first answer when the blocking window begins a moment later', 999, 'a1'],
    ['waits when the blocking window has begun more than a second ago', 1000, undefined],
  ])('%s', async (_how, between, outcome) => {
    const { session } = await aged(BLOCK_FROM - 1)
    expect(session.peekToken()).toBeDefined()
    environment.wall += between
    expect(session.peekToken(false, true)?.accessToken).toBe(outcome)
  })

  it('differs from another request that asks a moment later', async () => {
    const { session } = await aged(BLOCK_FROM - 1)
    expect(session.peekToken()).toBeDefined()
    environment.wall += 2
    expect(session.peekToken()).toBeUndefined()
  })

  it('goes on although its body can not be sent twice, and the refresh of the window that begins in between starts', async () => {
    const { session, calls } = await aged(REFRESH_FROM - 1)
    expect(session.peekToken(true)).toBeDefined()
    environment.wall += 2
    expect(session.peekToken(true, true)?.accessToken).toBe('a1')
    await settle()
    expect(calls).toHaveLength(1)
  })
})

describe('an expired token', () => {
  it('starts a refresh in the first request after a sleep: no timer runs until the expiry', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), refresh)
    await session.tokens()
    expect(environment.timers).toBe(0)
    // A monotonic clock may stand still in a computer that sleeps.
    environment.wall += 8 * 3_600_000
    expect(session.peekToken()).toBeUndefined()
    expect((await session.getToken())?.accessToken).toBe('a2')
    expect([refresh.redeemed, environment.timers]).toEqual([['r1'], 0])
  })

  it.each([
    ['before its end', END - 1],
    ['at its end', END],
  ])('or one about to expire is sent when no newer one can be had: %s', async (_when, age) => {
    const { session, calls } = await aged(age)
    const waiting = session.getToken()
    await settle()
    calls[0]!.fail({ status: 500 })
    expect((await waiting)?.accessToken).toBe('a1')
  })

  it('is not the answer to the late 401 of an older one', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 100)), issuer(100))
    await session.tokens()
    const old = session.peekToken()!
    await session.refresh()
    await environment.pass(99_000)
    expect((await session.getTokenAfter401(old)).accessToken).toBe('a3')
  })

  it('that lives one second works for a minute, with one refresh for each expiry', async () => {
    const refresh = issuer(1)
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1)), refresh)
    for (let i = 0; i < 600; i++) {
      expect(await session.getToken()).toBeDefined()
      await environment.pass(100)
    }
    expect(refresh.redeemed.length).toBeGreaterThan(55)
    expect(refresh.redeemed.length).toBeLessThan(80)
    expect(new Set(refresh.redeemed).size).toBe(refresh.redeemed.length)
  })
})

describe('the expiry of a token', () => {
  it('counts from when the token request was sent, not from when the response came in', async () => {
    const store = memoryStore(tokensFor(environment, 1, 10))
    const arrival = deferred()
    const sentAt = environment.wall
    const session = startSession(environment, store, async () => {
      await arrival.promise
      return { access_token: 'a2', refresh_token: 'r2', expires_in: 600 }
    })
    const refreshed = session.refresh()
    await environment.pass(30_000)
    arrival.resolve()
    await refreshed
    expect(session.getSnapshot()).toMatchObject({ expiresAt: sentAt + 600_000 })
    expect(await store.read()).toMatchObject({ expires_at: sentAt / 1000 + 600 })
  })

  it('that is unknown: the token is used until a server rejects it', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore({ access_token: 'a1', refresh_token: 'r1', expires_in: 60 }), refresh)
    await session.tokens()
    await environment.pass(365 * 86_400_000)
    const token = session.peekToken()!
    expect([token.accessToken, refresh.redeemed]).toEqual(['a1', []])
    expect((await session.getTokenAfter401(token)).accessToken).toBe('a2')
  })

  it('is not read from the access token: one that looks like a JWT of the past is used like any other', async () => {
    const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString('base64url')
    const jwt = `${part({ alg: 'none' })}.${part({ exp: 1, iat: 0, nbf: 4e9 })}.x`
    const session = startSession(environment, memoryStore({ access_token: jwt, refresh_token: 'r1' }), issuer())
    await session.tokens()
    expect(session.peekToken()?.accessToken).toBe(jwt)
    expect(session.getSnapshot()).not.toHaveProperty('expiresAt')
  })
})

describe('a token that can not be refreshed', () => {
  const withoutRefreshToken = { access_token: 'a1', expires_in: 1000 }

  it('is used to its end and beyond, and no refresh is tried', async () => {
    const session = startSession(environment, memoryStore(), controlledRefresh())
    await session.signIn(withoutRefreshToken)
    const events = listenTo(session, 'refresh_started', 'refresh_failed')
    await environment.pass(END - 1)
    expect([session.peekToken()?.accessToken, session.peekToken(true)?.accessToken]).toEqual(['a1', 'a1'])
    await environment.pass(1)
    expect((await session.getToken())?.accessToken).toBe('a1')
    expect(await rejection(session.getTokenAfter401(session.peekToken()!))).toMatchObject({ code: 'OAUTH_NO_REFRESH_TOKEN' })
    expect(events).toEqual([])
  })

  it('is another case than a refresh function that needs no refresh token: that token is refreshed ahead', async () => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh })
    await session.signIn(withoutRefreshToken)
    await environment.pass(REFRESH_FROM)
    expect(session.peekToken()?.accessToken).toBe('a1')
    await settle()
    expect(refresh.calls).toHaveLength(1)
  })

  it('gives way, once it has expired, to one that another process stores: the store is read once a second', async () => {
    const store = counted(memoryStore({ access_token: 'a1', expires_in: 10, expires_at: environment.wall / 1000 + 10 }))
    const session = startSession(environment, store, controlledRefresh())
    await session.tokens()
    await environment.pass(11_000)
    const { reads } = store
    for (let i = 0; i < 10; i++) expect((await session.getToken())?.accessToken).toBe('a1')
    expect(store.reads).toBe(reads + 1)
    await store.write(tokensFor(environment, 7), { mode: 'set', replacing: undefined })
    await environment.pass(999)
    expect((await session.getToken())?.accessToken).toBe('a1')
    await environment.pass(1)
    expect((await session.getToken())?.accessToken).toBe('a7')
  })
})
