import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  controlledRefresh,
  counted,
  listenTo,
  startSession,
  storeElsewhere,
  tokensFor,
  type TestSession,
} from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

/** A refresh function that needs no refresh token. */
const free = (): RefreshFunction => async () => ({ access_token: 'a1' })
const needing = (): RefreshFunction => Object.assign(free(), { needsRefreshToken: true })

describe('a first token', () => {
  it.each([
    ['is requested when the refresh function needs no refresh token', free(), 'a1', ['missing']],
    ['is not requested when the refresh function needs a refresh token', needing(), undefined, []],
    ['is not requested when there is no refresh function', false, undefined, []],
  ] as const)('%s', async (_what, refresh, accessToken, reasons) => {
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh })
    const events = listenTo(session, 'refresh_started')
    expect((await session.getToken())?.accessToken).toBe(accessToken)
    expect(events).toEqual(reasons.map((reason) => ['refresh_started', { reason }]))
  })

  it('is requested once for a hundred requests', async () => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh })
    const waiting = Array.from({ length: 100 }, () => session.getToken())
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a1' })
    expect(new Set((await Promise.all(waiting)).map((token) => token?.accessToken))).toEqual(new Set(['a1']))
    expect(refresh.calls).toHaveLength(1)
  })

  it.each([
    ['the application has signed out', (session: TestSession) => session.signOut()],
    ['the token endpoint has ended the session', (session: TestSession) => rejection(session.refresh())],
  ])('is not requested after %s', async (_what, end) => {
    let calls = 0
    const refresh = (): never => {
      calls++
      throw { error: 'invalid_grant' }
    }
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), controlledRefresh(), { refresh })
    await end(session)
    const before = calls
    expect([await session.getToken(), await session.tokens(), calls]).toEqual([undefined, undefined, before])
  })

  it('that can not be had rejects the request with the error of the refresh', async () => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh })
    const failed = rejection(session.getToken())
    await settle()
    refresh.calls[0]!.fail({ status: 500 })
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })

  it('that could not be had is replaced by one that another process has stored meanwhile', async () => {
    const refresh = controlledRefresh()
    const store = memoryStore()
    const session = startSession(environment, store, controlledRefresh(), { refresh })
    const failed = rejection(session.getToken())
    await settle()
    refresh.calls[0]!.fail({ status: 500 })
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    await storeElsewhere(store, tokensFor(environment, 7))
    expect((await session.getToken())?.accessToken).toBe('a7')
    expect(refresh.calls).toHaveLength(1)
  })

  it.each([
    ['the token endpoint is down', { status: 500 }, 'OAUTH_REFRESH_UNAVAILABLE'],
    ['the token endpoint refuses the refresh token', { error: 'invalid_grant' }, 'OAUTH_INVALID_GRANT'],
  ])('of a stored set that has only a refresh token rejects the request when %s', async (_how, failure, code) => {
    const session = startSession(environment, memoryStore({ refresh_token: 'r1' }), () => Promise.reject(failure))
    expect(await rejection(session.getToken())).toMatchObject({ code })
  })

  it('of a stored set that has only a refresh token is requested by the first request', async () => {
    const session = startSession(environment, memoryStore({ refresh_token: 'r1' }), async () => ({ access_token: 'a2' }))
    expect((await session.getToken())?.accessToken).toBe('a2')
  })
})

describe('while the session is signed out', () => {
  it('a request goes out without a token', async () => {
    expect(await startSession(environment, memoryStore(), controlledRefresh()).getToken()).toBeUndefined()
  })

  it('a request rejects with the name of the function to call when rejectSignedOut is set', async () => {
    const session = startSession(environment, memoryStore(), controlledRefresh(), { rejectSignedOut: true })
    expect(await rejection(session.getToken())).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringContaining('signIn(tokens)'),
    })
  })

  it('a sign-in by another process is found by the next request', async () => {
    const store = memoryStore(tokensFor(environment, 1, 10))
    const session = startSession(environment, store, () => Promise.reject({ error: 'invalid_grant' }))
    await environment.pass(11_000)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(await session.getToken()).toBeUndefined()
    await storeElsewhere(store, tokensFor(environment, 7))
    expect((await session.getToken())?.accessToken).toBe('a7')
  })
})

describe('requests that arrive while the store is read', () => {
  it('share one promise, except those whose body can not be sent twice', async () => {
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh: controlledRefresh() })
    const [first, second, oneShot] = [session.getToken(), session.getToken(), session.getToken(true)]
    expect([second === first, oneShot === first]).toEqual([true, false])
    await settle()
    expect(session.getToken()).toBe(first)
  })

  it('cause one read', async () => {
    const store = counted(memoryStore(tokensFor(environment, 1)))
    expect((await startSession(environment, store, controlledRefresh()).getToken())?.accessToken).toBe('a1')
    expect(store.reads).toBe(1)
  })

  it('reject when the application signs out, and later requests go out without a token', async () => {
    const reading = deferred()
    const store = { ...memoryStore(), read: () => reading.promise.then(() => tokensFor(environment, 1)) }
    const session = startSession(environment, store, controlledRefresh())
    const waiting = rejection(session.getToken())
    const signedOut = session.signOut()
    const after = session.getToken()
    reading.resolve()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed in or out/) })
    await signedOut
    expect(await after).toBeUndefined()
  })

  it('share nothing with requests that arrive after a sign-out, which share a promise again', async () => {
    const kept = memoryStore()
    let reading = Promise.resolve()
    const store = { ...kept, read: () => reading.then(() => kept.read()) }
    const session = startSession(environment, store, controlledRefresh(), { refresh: controlledRefresh() })
    const before = rejection(session.getToken())
    await settle()
    const read = deferred()
    reading = read.promise
    const signedOut = session.signOut()
    const after = session.getToken()
    expect(await before).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect(session.getToken()).toBe(after)
    read.resolve()
    expect(await after).toBeUndefined()
    await signedOut
  })
})
