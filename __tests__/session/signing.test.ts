import { memoryStore } from '../../src/stores/memory.js'
import type { TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { counted, heldRefresh, listenTo, startSession, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const broken = (): never => {
  throw new Error('made up')
}

/** A session that is signed in, with its refresh function in the hand. */
async function signedIn(store: TokenStore = memoryStore(tokensFor(environment, 1)), options = {}) {
  const refresh = heldRefresh()
  const session = startSession(environment, store, refresh, options)
  await session.tokens()
  return { session, calls: refresh.calls, store }
}

describe('signing in', () => {
  it('answers those who wait for a first token', async () => {
    const refresh = heldRefresh()
    const session = startSession(environment, memoryStore(), heldRefresh(), { refresh })
    const waiting = [session.getToken(), session.getToken(true)]
    await settle()
    await session.signIn(tokensFor(environment, 9))
    expect((await Promise.all(waiting)).map((held) => held?.accessToken)).toEqual(['a9', 'a9'])
    expect(refresh.calls).toHaveLength(1)
  })

  it('tells those who wait under another sign-in to send again', async () => {
    const { session } = await signedIn()
    const waiting = rejection(session.refresh())
    await settle()
    await session.signIn(tokensFor(environment, 9))
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/send it again/i) })
  })

  it.each([
    ['lives on in memory', false],
    ['rejects all the same where saving is strict', true],
  ])('with a set that can not be stored: it %s', async (_what, strictSaving) => {
    const session = startSession(environment, { ...memoryStore(), write: broken }, heldRefresh(), { strictSaving })
    const told = listenTo(session, 'signed_in', 'saved', 'unpersisted')
    const outcome = await session.signIn(tokensFor(environment, 1)).catch((error: unknown) => error)
    const error = expect.objectContaining({ code: 'OAUTH_STORE_FAILED' })
    expect(outcome).toEqual(strictSaving ? error : undefined)
    expect(told).toEqual([
      ['signed_in', { generation: 1 }],
      ['unpersisted', { error }],
    ])
    expect(session.peekToken()?.accessToken).toBe('a1')
  })

  it('once more, before the first set could not be stored, leaves the second one as it is', async () => {
    const writing = deferred()
    const kept = memoryStore()
    let writes = 0
    const write: TokenStore['write'] = (next, context) => (++writes === 1 ? writing.promise : kept.write(next, context))
    const { session } = await signedIn({ ...kept, write })
    const first = session.signIn(tokensFor(environment, 1))
    const second = session.signIn(tokensFor(environment, 2))
    await settle()
    writing.reject(new Error('made up'))
    await Promise.all([first, second])
    expect(session.peekToken()?.accessToken).toBe('a2')
    expect(session.getSnapshot()).toMatchObject({ generation: 2, persisted: true })
  })
})

describe('signing out', () => {
  it('is told once, also when nothing was read from the store before', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), heldRefresh())
    const told = listenTo(session, 'signed_out')
    expect([await session.signOut(), await session.signOut({})]).toEqual([{ revoked: false }, { revoked: false }])
    expect(told).toEqual([['signed_out', { reason: 'requested' }]])
    expect(await session.tokens()).toBeUndefined()
  })

  it('tells those who wait what has happened', async () => {
    const { session } = await signedIn()
    const waiting = rejection(session.refresh())
    await settle()
    await session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed out/i) })
  })

  it('elsewhere tells those who wait here to sign in again', async () => {
    const { session, store } = await signedIn()
    await store.write(undefined, { mode: 'set', replacing: undefined })
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringMatching(/sign in again/i),
    })
  })

  it('ends the cool-down: who signs in with the same refresh token may use it', async () => {
    const { session, calls } = await signedIn()
    const failed = rejection(session.refresh())
    await settle()
    calls[0]!.fail({ status: 500 })
    await failed
    await session.signOut()
    await session.signIn(tokensFor(environment, 1, 0))
    void session.getToken()
    await settle()
    expect(calls).toHaveLength(2)
  })
})

describe('revoking', () => {
  it.each([
    ['what is held', true, ['a1']],
    ['what is stored, when nothing was read yet', false, ['a1']],
  ])('tells the server of %s', async (_what, read, expected) => {
    const revoked: unknown[] = []
    const store = memoryStore(tokensFor(environment, 1))
    const revoke = ({ access_token }: { access_token: string }): void => void revoked.push(access_token)
    const session = startSession(environment, store, heldRefresh(), { revoke })
    if (read) await session.tokens()
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: true })
    expect(revoked).toEqual(expected)
  })

  it('only happens when it is asked for', async () => {
    let calls = 0
    const { session } = await signedIn(undefined, { revoke: () => void calls++ })
    await session.signOut()
    expect(calls).toBe(0)
  })

  it('is not possible without a way to do it, or without tokens', async () => {
    const { session } = await signedIn()
    const told = listenTo(session, 'revocation_failed')
    expect(await session.signOut({ revoke: true })).toEqual({ revoked: false })
    const empty = await signedIn(memoryStore(), { revoke: broken })
    expect(await empty.session.signOut({ revoke: true })).toEqual({ revoked: false })
    expect(told).toEqual([])
  })

  it('ends at the time limit of a refresh, and the server is not waited for any longer', async () => {
    let signal: AbortSignal | undefined
    const revoke = (_tokens: unknown, context: { signal: AbortSignal }): Promise<void> =>
      new Promise(() => (signal = context.signal))
    const { session } = await signedIn(undefined, { revoke })
    const told = listenTo(session, 'revocation_failed')
    const signedOut = session.signOut({ revoke: true })
    await environment.pass(59_999)
    expect([signal?.aborted, told]).toEqual([false, []])
    await environment.pass(1)
    const error = expect.objectContaining({ message: expect.stringContaining('60000 ms') })
    expect(await signedOut).toEqual({ revoked: false, error })
    expect([signal?.reason, told]).toEqual([error, [['revocation_failed', { error }]]])
  })
})

describe('a refresh that signing in has overtaken', () => {
  it.each([
    ['fails', { status: 500 }],
    ['finds that its grant has ended', { error: 'invalid_grant' }],
  ])('and that %s is no matter to those who are signed in now', async (_how, failure) => {
    const { session, calls } = await signedIn()
    void rejection(session.refresh())
    await settle()
    await session.signIn(tokensFor(environment, 9))
    const told = listenTo(session, 'refresh_failed', 'signed_out')
    calls[0]!.fail(failure)
    await settle()
    expect([session.peekToken()?.accessToken, told]).toEqual(['a9', []])
  })

  it('does not end the one that is under way now', async () => {
    const { session, calls } = await signedIn()
    void rejection(session.refresh())
    await settle()
    await session.signIn(tokensFor(environment, 9))
    const [second] = [session.refresh()]
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    expect(session.getSnapshot().refreshing).toBe(true)
    const third = session.refresh()
    await settle()
    calls[1]!.answer(tokensFor(environment, 10))
    expect((await Promise.all([second, third])).map(({ access_token }) => access_token)).toEqual(['a10', 'a10'])
    expect(calls).toHaveLength(2)
  })
})

describe('the 401 of a request', () => {
  it.each<[string, (session: Awaited<ReturnType<typeof signedIn>>['session']) => Promise<unknown>]>([
    ['signed out', (session) => session.signOut()],
    ['signed in', (session) => session.signIn(tokensFor(environment, 9))],
  ])('that was sent before somebody %s is not recovered', async (_what, change) => {
    const { session, calls } = await signedIn()
    const held = session.peekToken()!
    await change(session)
    expect(await rejection(session.getTokenAfter401(held))).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringMatching(/signed in or out/),
    })
    expect(calls).toHaveLength(0)
  })

  it('that was sent with an older token is not answered with one that was refused as well', async () => {
    const { session, calls } = await signedIn()
    const old = session.peekToken()!
    void session.refresh()
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    const refused = rejection(session.getTokenAfter401(session.peekToken()!))
    await settle()
    calls[1]!.fail({ error: 'invalid_client' })
    expect(await refused).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED' })
    expect(await rejection(session.getTokenAfter401(old))).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED' })
    expect(session.peekToken()).toBeUndefined()
  })

  it('whose token was refused is not answered with that one, when the refresh fails', async () => {
    const { session, calls } = await signedIn()
    void rejection(session.getTokenAfter401(session.peekToken()!))
    const waiting = rejection(session.getToken())
    await settle()
    calls[0]!.fail({ status: 500 })
    expect(await waiting).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })
})

describe('a stronger sign-in of the same user', () => {
  it('is adopted and stored like a refresh', async () => {
    const { session, store, calls } = await signedIn()
    const told = listenTo(session, 'refresh_started', 'saved')
    const held = await session.runStepUp(async () => ({ access_token: 'strong' }))
    expect(held.accessToken).toBe('strong')
    expect(await store.read()).toMatchObject({ access_token: 'strong', refresh_token: 'r1' })
    expect(told).toEqual([
      ['refresh_started', { reason: 'step_up' }],
      ['saved', { generation: 2 }],
    ])
    expect(calls).toHaveLength(0)
  })

  it('that comes during a refresh waits for it, and is what stays', async () => {
    const { session, calls } = await signedIn()
    void session.refresh()
    await settle()
    const obtained = session.runStepUp(async () => ({ access_token: 'strong' }))
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a1')
    calls[0]!.answer(tokensFor(environment, 2))
    expect((await obtained).credentials.tokens).toMatchObject({ access_token: 'strong', refresh_token: 'r2' })
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['in the middle of it', false],
    ['while it waits for a refresh', true],
  ])('is discarded and revoked when somebody signs out %s', async (_when, refreshing) => {
    const revoked: unknown[] = []
    const revoke = ({ access_token }: { access_token: string }): void => void revoked.push(access_token)
    const { session } = await signedIn(undefined, { revoke })
    const handler = deferred()
    if (refreshing) void rejection(session.refresh())
    const obtained = rejection(session.runStepUp(() => handler.promise.then(() => ({ access_token: 'strong' }))))
    if (refreshing) handler.resolve()
    await settle()
    await session.signOut()
    handler.resolve()
    expect(await obtained).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed in or out/) })
    expect([revoked, session.peekToken()]).toEqual([['strong'], undefined])
  })

  it('with an answer of no use starts no cool-down', async () => {
    const { session, calls } = await signedIn(counted(memoryStore(tokensFor(environment, 1))))
    expect(await rejection(session.runStepUp(async () => ({}) as never))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    void session.getTokenAfter401(session.peekToken()!)
    await settle()
    expect(calls).toHaveLength(1)
  })
})
