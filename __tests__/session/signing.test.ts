import { memoryStore } from '../../src/stores/memory.js'
import type { TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  controlledRefresh,
  issuer,
  listenTo,
  startSession,
  storeElsewhere,
  tokensFor,
  type RefreshCall,
  type TestSession,
} from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

const broken = (): never => {
  throw new Error('made up')
}

/** A session that is signed in, and the calls of its refresh function. */
async function signedIn(
  store: TokenStore = memoryStore(a(1)),
  options = {},
): Promise<{ session: TestSession; calls: RefreshCall[]; store: TokenStore }> {
  const refresh = controlledRefresh()
  const session = startSession(environment, store, refresh, options)
  await session.tokens()
  return { session, calls: refresh.calls, store }
}

describe('signIn()', () => {
  it('answers the requests that wait for a first token', async () => {
    const refresh = controlledRefresh()
    const session = startSession(environment, memoryStore(), controlledRefresh(), { refresh })
    const waiting = [session.getToken(), session.getToken(true)]
    await settle()
    await session.signIn(a(9))
    expect((await Promise.all(waiting)).map((token) => token?.accessToken)).toEqual(['a9', 'a9'])
    expect(refresh.calls).toHaveLength(1)
  })

  it('rejects requests that wait for the refresh of another sign-in, and says to send them again', async () => {
    const { session } = await signedIn()
    const waiting = rejection(session.refresh())
    await settle()
    await session.signIn(a(9))
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/send it again/i) })
  })

  it('of a user who is known to be another one rejects waiting requests, though the new set is still being written', async () => {
    const idToken = (sub: string): string => `e30.${btoa(JSON.stringify({ iss: 'https://login.test', sub }))}.`
    const store = { ...memoryStore({ ...a(1), id_token: idToken('ann') }), write: () => new Promise<never>(() => undefined) }
    const { session } = await signedIn(store)
    const waiting = rejection(session.refresh())
    await settle()
    void session.signIn({ ...a(9), id_token: idToken('ben') }).catch(() => undefined)
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })

  it('during a refresh is not overwritten by its result', async () => {
    const { session, calls, store } = await signedIn()
    void rejection(session.refresh())
    await settle()
    await session.signIn(a(9))
    calls[0]!.answer(a(2))
    await settle()
    expect([(await store.read())?.access_token, session.peekToken()?.accessToken]).toEqual(['a9', 'a9'])
  })

  it.each([
    ['lives on in memory', false],
    ['lives on in memory, and signIn() rejects, with strictSaving', true],
  ])('with a set that can not be stored: it %s', async (_what, strictSaving) => {
    const session = startSession(environment, { ...memoryStore(), write: broken }, controlledRefresh(), { strictSaving })
    const events = listenTo(session, 'signed_in', 'saved', 'unpersisted')
    const outcome = await session.signIn(a(1)).catch((error: unknown) => error)
    const error = expect.objectContaining({ code: 'OAUTH_STORE_FAILED' })
    expect(outcome).toEqual(strictSaving ? error : undefined)
    expect(events).toEqual([
      ['signed_in', { generation: 1 }],
      ['unpersisted', { error }],
    ])
    expect(session.peekToken()?.accessToken).toBe('a1')
  })

  it('called a second time before the first set could not be stored leaves the second set as it is', async () => {
    const writing = deferred()
    const kept = memoryStore()
    let writes = 0
    const write: TokenStore['write'] = (next, context) => (++writes === 1 ? writing.promise : kept.write(next, context))
    const { session } = await signedIn({ ...kept, write })
    const first = session.signIn(a(1))
    const second = session.signIn(a(2))
    await settle()
    writing.reject(new Error('made up'))
    await Promise.all([first, second])
    expect(session.peekToken()?.accessToken).toBe('a2')
    expect(session.getSnapshot()).toMatchObject({ generation: 2, persisted: true })
  })

  it('called a second time before the first set is stored says once, of the second set, that it is saved', async () => {
    const { session } = await signedIn()
    const events = listenTo(session, 'saved')
    await Promise.all([session.signIn(a(2)), session.signIn(a(3))])
    expect(events).toEqual([['saved', { generation: 3 }]])
  })

  it('rejects a request that waits for a refresh when that refresh fails, though the new set is still being written', async () => {
    const { session, calls } = await signedIn({ ...memoryStore(a(1)), write: () => new Promise<never>(() => undefined) })
    const waiting = rejection(session.refresh())
    await settle()
    void session.signIn(a(9)).catch(() => undefined)
    await settle()
    calls[0]!.fail(new Error('made up'))
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/send it again/i) })
  })

  it.each([{ access_token: 'a\nb' }, {}, undefined, 'text', { access_token: '' }])(
    'with an unusable set (%j) changes nothing',
    async (set) => {
      const { session } = await signedIn()
      expect(await rejection(session.signIn(set as never))).toMatchObject({ code: 'OAUTH_TOKEN_INVALID' })
      expect((await session.tokens())?.access_token).toBe('a1')
    },
  )

  it.each([1, '', null])('with a user that is no text (%j) is a TypeError', async (user) => {
    const { session } = await signedIn()
    expect(await rejection(session.signIn(a(2), { user: user as never }))).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/^signIn: user/),
    })
  })

  it('takes a set with only a refresh token: the first request refreshes', async () => {
    const session = startSession(environment, memoryStore(), issuer())
    await session.signIn({ refresh_token: 'r1' })
    expect((await session.getToken())?.accessToken).toBe('a2')
  })
})

describe('signOut()', () => {
  it('is reported once, also when nothing was read from the store before', async () => {
    const session = startSession(environment, memoryStore(a(1)), controlledRefresh())
    const events = listenTo(session, 'signed_out')
    expect([await session.signOut(), await session.signOut({})]).toEqual([{ revoked: false }, { revoked: false }])
    expect(events).toEqual([['signed_out', { reason: 'requested' }]])
    expect(await session.tokens()).toBeUndefined()
  })

  it('rejects the requests that wait', async () => {
    const { session } = await signedIn()
    const waiting = rejection(session.refresh())
    await settle()
    await session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed out/i) })
  })

  it('rejects when the stored set can not be deleted, and the session is signed out here', async () => {
    const { session } = await signedIn({ ...memoryStore(a(1)), write: broken })
    expect(await rejection(session.signOut())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'requested' })
    expect(await session.getToken()).toBeUndefined()
  })

  it('while a new set is being saved deletes that set again', async () => {
    const writing = deferred()
    const started = deferred()
    const kept = memoryStore(a(1))
    const store: TokenStore = {
      read: () => kept.read(),
      async write(next, context) {
        if (next) {
          started.resolve()
          await writing.promise
        }
        return kept.write(next, context)
      },
    }
    const revoked: unknown[] = []
    const revoke = ({ access_token }: { access_token?: string }): void => void revoked.push(access_token)
    const session = startSession(environment, store, issuer(), { revoke })
    const waiting = rejection(session.refresh())
    await started.promise
    const signedOut = session.signOut()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    writing.resolve()
    await signedOut
    await settle()
    expect([await kept.read(), revoked, session.peekToken()]).toEqual([undefined, ['a2'], undefined])
  })

  it('by another process rejects the requests that wait here, and says to sign in again', async () => {
    const { session, store } = await signedIn()
    await storeElsewhere(store, undefined)
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringMatching(/sign in again/i),
    })
  })
})

describe('a refresh that a sign-in has superseded', () => {
  it.each([
    ['fails', { status: 500 }],
    ['finds that its grant has ended', { error: 'invalid_grant' }],
  ])('and that %s does not change the new session', async (_how, failure) => {
    const { session, calls } = await signedIn()
    void rejection(session.refresh())
    await settle()
    await session.signIn(a(9))
    const events = listenTo(session, 'refresh_failed', 'signed_out')
    calls[0]!.fail(failure)
    await settle()
    expect([session.peekToken()?.accessToken, events]).toEqual(['a9', []])
  })

  it('does not end the refresh that is under way now', async () => {
    const { session, calls } = await signedIn()
    void rejection(session.refresh())
    await settle()
    await session.signIn(a(9))
    const second = session.refresh()
    await settle()
    calls[0]!.answer(a(2))
    await settle()
    expect(session.getSnapshot().refreshing).toBe(true)
    const third = session.refresh()
    await settle()
    calls[1]!.answer(a(10))
    expect((await Promise.all([second, third])).map(({ access_token }) => access_token)).toEqual(['a10', 'a10'])
    expect(calls).toHaveLength(2)
  })
})

describe('a 401 to a request', () => {
  it.each<[string, (session: TestSession) => Promise<unknown>]>([
    ['sign-out', (session) => session.signOut()],
    ['sign-in', (session) => session.signIn(a(9))],
  ])('that was sent before a %s is not recovered', async (_what, change) => {
    const { session, calls } = await signedIn()
    const token = session.peekToken()!
    await change(session)
    expect(await rejection(session.getTokenAfter401(token))).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringMatching(/signed in or out/),
    })
    expect(calls).toHaveLength(0)
  })

  it('that was sent before a second sign-in of the same user gets the token of that sign-in', async () => {
    const session = startSession(environment, memoryStore(), controlledRefresh())
    await session.signIn(a(1), { user: 'ann' })
    const token = session.peekToken()!
    await session.signIn(a(9), { user: 'ann' })
    expect((await session.getTokenAfter401(token)).accessToken).toBe('a9')
  })
})

describe('a step-up', () => {
  it('is adopted and stored like a refresh', async () => {
    const { session, store, calls } = await signedIn()
    const events = listenTo(session, 'refresh_started', 'saved')
    const token = await session.runStepUp(async () => ({ access_token: 'strong' }))
    expect(token.accessToken).toBe('strong')
    expect(await store.read()).toMatchObject({ access_token: 'strong', refresh_token: 'r1' })
    expect(events).toEqual([
      ['refresh_started', { reason: 'step_up' }],
      ['saved', { generation: 2 }],
    ])
    expect(calls).toHaveLength(0)
  })

  it('whose tokens come during a refresh waits for it, and its token is used', async () => {
    const { session, calls } = await signedIn()
    void session.refresh()
    await settle()
    const result = session.runStepUp(async () => ({ access_token: 'strong' }))
    await settle()
    expect(session.peekToken()?.accessToken).toBe('a1')
    calls[0]!.answer(a(2))
    expect((await result).record.parsed.tokens).toMatchObject({ access_token: 'strong', refresh_token: 'r2' })
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['runs', false],
    ['waits for a refresh', true],
  ])('is discarded and revoked when the application signs out while it %s', async (_when, refreshing) => {
    const revoked: unknown[] = []
    const revoke = ({ access_token }: { access_token: string }): void => void revoked.push(access_token)
    const { session } = await signedIn(undefined, { revoke })
    const handler = deferred()
    if (refreshing) void rejection(session.refresh())
    const result = rejection(session.runStepUp(() => handler.promise.then(() => ({ access_token: 'strong' }))))
    if (refreshing) handler.resolve()
    await settle()
    await session.signOut()
    handler.resolve()
    expect(await result).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed in or out/) })
    await settle()
    expect([revoked, session.peekToken()]).toEqual([['strong'], undefined])
  })

  it('whose handler signs in with the tokens that it returns begins no epoch', async () => {
    const { session } = await signedIn()
    const before = session.peekToken()!
    const token = await session.runStepUp(async () => {
      await session.signIn({ access_token: 'strong' })
      return { access_token: 'strong' }
    })
    expect(token.accessToken).toBe('strong')
    expect((await session.getTokenAfter401(before)).accessToken).toBe('strong')
  })

  it('with an unusable answer starts no cool-down', async () => {
    const { session, calls } = await signedIn()
    expect(await rejection(session.runStepUp(async () => ({}) as never))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    void session.getTokenAfter401(session.peekToken()!)
    await settle()
    expect(calls).toHaveLength(1)
  })
})

it.each<[string, (session: TestSession) => Promise<unknown>]>([
  ['signs out', (session) => session.signOut()],
  ['signs in', (session) => session.signIn(a(9))],
])('refresh() rejects when a listener of its refresh %s', async (_what, act) => {
  const session = startSession(environment, memoryStore(a(1)), issuer())
  session.on('refreshed', () => void act(session))
  expect(await rejection(session.refresh())).toMatchObject({
    code: 'OAUTH_SIGNED_OUT',
    message: expect.stringMatching(/^Signed out while this request was waiting\. /),
  })
})
