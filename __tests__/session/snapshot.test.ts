import { memoryStore } from '../../src/stores/memory.js'
import { OAuthError } from '../../src/errors.js'
import type { SessionSnapshot } from '../../src/index.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { controlledRefresh, issuer, startSession, tokensFor } from '../helpers/session.js'

type Started = ReturnType<typeof startSession>

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

describe('the snapshot', () => {
  it('is unknown before the store is read', () => {
    const session = startSession(environment, memoryStore(), controlledRefresh())
    expect(session.getSnapshot()).toStrictEqual({ status: 'unknown', refreshing: false })
    expect(session.getSnapshot()).toBe(session.getServerSnapshot())
  })

  it('of an empty store tells that nothing was stored', async () => {
    const session = startSession(environment, memoryStore(), controlledRefresh())
    await session.tokens()
    expect(session.getSnapshot()).toStrictEqual({
      status: 'signed_out',
      reason: 'empty',
      at: environment.wall,
      generation: 0,
      refreshing: false,
    })
  })

  it.each([
    ['of unknown expiry and scope', { access_token: 'a1' }, { canRefresh: false }],
    [
      'of known expiry and scope',
      { access_token: 'a1', refresh_token: 'r1', scope: 'read', expires_at: 2_000_000_000 },
      { canRefresh: true, scope: 'read', expiresAt: 2_000_000_000_000 },
    ],
  ])('of a token %s has no other members', async (_what, tokens, members) => {
    const session = startSession(environment, memoryStore(tokens), controlledRefresh())
    await session.tokens()
    const snapshot = { status: 'signed_in', generation: 1, refreshing: false, persisted: true, ...members }
    expect(session.getSnapshot()).toStrictEqual(snapshot)
    expect(Object.isFrozen(session.getSnapshot())).toBe(true)
  })

  it('leaves out a scope that is no text', async () => {
    const session = startSession(environment, memoryStore({ access_token: 'a1', scope: ['read'] as never }), issuer())
    await session.tokens()
    expect(session.getSnapshot()).not.toHaveProperty('scope')
  })

  it.each([
    ['another user signs in', (session: Started) => session.signIn({ access_token: 'b1' })],
    ['the user signs out', (session: Started) => session.signOut()],
  ])('tells the last error until %s', async (_when, change) => {
    const failure = new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up')
    const tokens = { access_token: 'a1', refresh_token: 'r1' }
    const session = startSession(environment, memoryStore(tokens), () => Promise.reject(failure))
    await rejection(session.refresh())
    expect(session.getSnapshot().lastError).toBe(failure)
    await change(session)
    expect(session.getSnapshot()).not.toHaveProperty('lastError')
  })

  it('tells the name that the application gave the user', async () => {
    const session = startSession(environment, memoryStore(), issuer())
    await session.signIn(tokensFor(environment, 1), { user: 'ann' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', user: 'ann' })
    await session.refresh()
    expect(session.getSnapshot()).toMatchObject({ user: 'ann' })
  })

  it('tells that a set could not be stored, and why and when the session ended', async () => {
    const write = (): never => {
      throw new Error('made up')
    }
    const session = startSession(environment, { ...memoryStore(), write }, controlledRefresh())
    await session.signIn({ access_token: 'a1' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', generation: 1, persisted: false })
    await environment.pass(5000)
    await rejection(session.signOut())
    expect(session.getSnapshot()).toStrictEqual({
      status: 'signed_out',
      reason: 'requested',
      at: environment.wall,
      generation: 2,
      refreshing: false,
    })
  })

  it('tells whether a refresh is under way', async () => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), refresh)
    await session.tokens()
    const seen = [session.getSnapshot().refreshing]
    session.subscribe(() => seen.push(session.getSnapshot().refreshing))
    const refreshed = session.refresh()
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    await refreshed
    expect(seen).toEqual([false, true, false])
  })

  it('is the same object until its content changes', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    const before = session.getSnapshot()
    expect(session.getSnapshot()).toBe(before)
    await session.tokens()
    const after = session.getSnapshot()
    expect(after).not.toBe(before)
    for (let i = 0; i < 5; i++) await session.getToken()
    expect(session.getSnapshot()).toBe(after)
  })

  it('stays the same object when a clock and a store read bring nothing new', async () => {
    const store = memoryStore(tokensFor(environment, 1))
    let notify = (): void => undefined
    const session = startSession(
      environment,
      { ...store, subscribe: (listener) => ((notify = listener), () => undefined) },
      issuer(),
    )
    session.watchStore()
    await session.tokens()
    const before = session.getSnapshot()
    await environment.pass(1000)
    notify()
    await settle()
    expect(session.getSnapshot()).toBe(before)
  })

  it('holds no token', async () => {
    const session = startSession(environment, memoryStore({ access_token: 'secret-a', refresh_token: 'secret-r' }), () =>
      Promise.reject({ status: 500, data: 'secret-a' }),
    )
    await rejection(session.refresh())
    expect(JSON.stringify(session.getSnapshot())).not.toMatch(/secret/)
    expect(session.getSnapshot().lastError).toBeInstanceOf(OAuthError)
  })

  it('narrows by its status', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session.tokens()
    const describe = (snapshot: SessionSnapshot): string => {
      switch (snapshot.status) {
        case 'signed_in':
          return `generation ${snapshot.generation}, ${snapshot.persisted}`
        case 'signed_out':
          return `${snapshot.reason} at ${snapshot.at}`
        case 'unavailable':
          return snapshot.error.code
        case 'unknown':
          return 'unknown'
      }
    }
    expect(describe(session.getSnapshot())).toBe('generation 1, true')
  })
})

describe('subscribers', () => {
  it('are called once for each content, also for one that a listener of an event sees', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session.tokens()
    const seen: SessionSnapshot[] = []
    session.subscribe(() => seen.push(session.getSnapshot()))
    await session.refresh()
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.map(({ refreshing }) => refreshing)).toEqual([true, false])
  })

  it('are not called after they unsubscribed', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    let changes = 0
    const unsubscribe = session.subscribe(() => changes++)
    await session.tokens()
    await settle()
    unsubscribe()
    const before = changes
    await session.refresh()
    expect(changes).toBe(before)
  })

  it('are called twice when subscribed twice, until both subscriptions end', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session.tokens()
    let changes = 0
    const subscriber = (): number => changes++
    const unsubscribe = [session.subscribe(subscriber), session.subscribe(subscriber)]
    await session.signOut()
    unsubscribe[0]!()
    unsubscribe[0]!()
    await session.signIn(tokensFor(environment, 2))
    expect(changes).toBe(3)
  })

  it('that throw change nothing, and the others are called', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session.tokens()
    const fail = (): never => {
      throw new Error('made up')
    }
    for (const name of ['refresh_started', 'refreshed', 'saved', 'signed_out'] as const) session.on(name, fail)
    session.subscribe(fail)
    let changes = 0
    session.subscribe(() => changes++)
    expect((await session.refresh()).access_token).toBe('a2')
    await session.signOut()
    expect(changes).toBe(3)
  })

  it('are not called while they subscribe', () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    let calls = 0
    session.subscribe(() => calls++)
    expect(calls).toBe(0)
  })
})
