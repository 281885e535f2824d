import type { TestSession as Session } from '../helpers/session.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { counted, heldRefresh, listenTo, startSession, tokensFor, type HeldCall } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

/** A session that has loaded a token of 1000 s, in the first window, where a refresh would run in the background. */
async function ageing(): Promise<{ session: Session; calls: HeldCall[]; store: ReturnType<typeof counted> }> {
  const refresh = heldRefresh()
  const store = counted(memoryStore(tokensFor(environment, 1, 1000)))
  const session = startSession(environment, store, refresh)
  await session.tokens()
  await environment.pass(900_000)
  return { session, calls: refresh.calls, store }
}

describe('while nobody is signed in', () => {
  const free = (): RefreshFunction => async () => ({ access_token: 'a1' })
  const needing = (): RefreshFunction => Object.assign(free(), { needsRefreshToken: true })

  it.each([
    ['is got where that needs no refresh token', free(), 'a1', ['missing']],
    ['is not got where that needs one', needing(), undefined, []],
    ['is not got where nobody can get one', false, undefined, []],
  ] as const)('a first token %s', async (_what, refresh, authorization, reasons) => {
    const session = startSession(environment, memoryStore(), heldRefresh(), { refresh })
    const told = listenTo(session, 'refresh_started')
    expect((await session.getToken())?.accessToken).toBe(authorization)
    expect(told).toEqual(reasons.map((reason) => ['refresh_started', { reason }]))
  })

  it.each([
    ['signed out', (session: Session) => session.signOut()],
    ['lost the grant', (session: Session) => rejection(session.refresh())],
  ])('since somebody %s, none is got without signing in', async (_what, end) => {
    let calls = 0
    const refresh = (): never => {
      calls++
      throw { error: 'invalid_grant' }
    }
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), heldRefresh(), { refresh })
    await end(session)
    const before = calls
    expect([await session.getToken(), await session.tokens(), calls]).toEqual([undefined, undefined, before])
  })

  it('a request that rejects for it says what to call', async () => {
    const session = startSession(environment, memoryStore(), heldRefresh(), { rejectSignedOut: true })
    expect(await rejection(session.getToken())).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
      message: expect.stringContaining('signIn(tokens)'),
    })
  })

  it('a request waits for the store no longer than until somebody signs out, and is not sent', async () => {
    const reading = deferred()
    const store = { ...memoryStore(), read: () => reading.promise.then(() => tokensFor(environment, 1)) }
    const session = startSession(environment, store, heldRefresh())
    const waiting = rejection(session.getToken())
    const signedOut = session.signOut()
    const after = session.getToken()
    reading.resolve()
    expect(await waiting).toMatchObject({ code: 'OAUTH_SIGNED_OUT', message: expect.stringMatching(/signed in or out/) })
    await signedOut
    expect(await after).toBeUndefined()
  })

  it('all who come share one promise, but for those that can not be sent twice', async () => {
    const session = startSession(environment, memoryStore(), heldRefresh(), { refresh: heldRefresh() })
    const [first, second, careful] = [session.getToken(), session.getToken(), session.getToken(true)]
    expect([second === first, careful === first]).toEqual([true, false])
    await settle()
    expect(session.getToken()).toBe(first)
  })

  it('and who came before somebody signed out shares nothing with those who come later, who share again', async () => {
    const kept = memoryStore()
    let reading = Promise.resolve()
    const store = { ...kept, read: () => reading.then(() => kept.read()) }
    const session = startSession(environment, store, heldRefresh(), { refresh: heldRefresh() })
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

  it('the first request reads the store once', async () => {
    const store = counted(memoryStore(tokensFor(environment, 1)))
    expect((await startSession(environment, store, heldRefresh()).getToken())?.accessToken).toBe('a1')
    expect(store.reads).toBe(1)
  })
})

describe('a token in its first window', () => {
  it('is what a request gets at once, while a refresh has begun in the background', async () => {
    const { session, calls } = await ageing()
    const told = listenTo(session, 'refresh_started')
    expect((await session.getToken())?.accessToken).toBe('a1')
    expect(told).toEqual([['refresh_started', { reason: 'expired' }]])
    await settle()
    expect(calls).toHaveLength(1)
  })

  it('that was only just loaded is waited for by a request that can not be sent twice, and by no other', async () => {
    const refresh = heldRefresh()
    const store = memoryStore(tokensFor(environment, 1, 1000))
    await environment.pass(900_000)
    const session = startSession(environment, store, refresh)
    const [usual, careful] = [session.getToken(), session.getToken(true)]
    expect((await usual)?.accessToken).toBe('a1')
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    expect((await careful)?.accessToken).toBe('a2')
  })

  it('is good for every request while the token endpoint is left alone after a failure, and the store is too', async () => {
    const { session, calls, store } = await ageing()
    session.peekToken()
    await settle()
    calls[0]!.fail({ status: 500 })
    await settle()
    const { reads } = store
    expect([session.peekToken()?.accessToken, session.peekToken(true)?.accessToken]).toEqual(['a1', 'a1'])
    await settle()
    expect([calls.length, store.reads]).toEqual([1, reads])
  })

  it('that has been refreshed is not refreshed once more, though the new one could not be stored', async () => {
    const refresh = heldRefresh()
    let fail = true
    const kept = memoryStore(tokensFor(environment, 1))
    const write: TokenStore['write'] = (...args) => {
      if (fail) throw new Error('made up')
      return kept.write(...args)
    }
    const session = startSession(environment, { ...kept, write }, refresh)
    await session.signIn(tokensFor(environment, 2))
    fail = false
    await environment.pass(999)
    expect(session.peekToken(true)?.accessToken).toBe('a2')
    await settle()
    expect([refresh.calls.length, session.getSnapshot()]).toEqual([0, true])
  })
})

describe('a flight', () => {
  it('is shared as one promise by all who wait for it', async () => {
    const { session, calls } = await ageing()
    await environment.pass(90_000)
    const waiting = [session.getToken(), session.getToken(), session.getToken()]
    expect(new Set(waiting).size).toBe(1)
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    expect((await waiting[0])?.accessToken).toBe('a2')
  })

  it.each([
    ['is released with the new token, though that could not be stored', false, 'a2'],
    ['is told so where saving is strict, though the present token is still valid', true, 'OAUTH_STORE_FAILED'],
  ])('a request that waits for it %s', async (_what, strictSaving, outcome) => {
    const refresh = heldRefresh()
    const write = (): never => {
      throw new Error('made up')
    }
    const store = { ...memoryStore(tokensFor(environment, 1, 1000)), write }
    const session = startSession(environment, store, refresh, { strictSaving })
    await session.tokens()
    await environment.pass(980_000)
    const waiting = session.getToken().then(
      (held) => held?.accessToken,
      ({ code }: { code: string }) => code,
    )
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    expect([await waiting, session.peekToken()?.accessToken]).toEqual([outcome, 'a2'])
  })

  it('that the application asks for is told of, also where there is no refresh token for it', async () => {
    const session = startSession(environment, memoryStore({ access_token: 'a1' }), heldRefresh())
    const told = listenTo(session, 'refresh_started', 'refresh_failed')
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_NO_REFRESH_TOKEN' })
    expect(told).toEqual([
      ['refresh_started', { reason: 'requested' }],
      ['refresh_failed', { error: expect.objectContaining({ code: 'OAUTH_NO_REFRESH_TOKEN' }) }],
    ])
  })

  it('saves nothing of what it is about to replace', async () => {
    const refresh = heldRefresh()
    const kept = memoryStore(tokensFor(environment, 1))
    let fail = true
    const written: unknown[] = []
    const write: TokenStore['write'] = (next, context) => {
      if (fail) throw new Error('made up')
      written.push(next?.access_token)
      return kept.write(next, context)
    }
    const session = startSession(environment, { ...kept, write }, refresh)
    await session.signIn(tokensFor(environment, 2))
    fail = false
    await environment.pass(1000)
    const refreshed = session.refresh()
    await settle()
    session.peekToken()
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 3))
    await refreshed
    expect(written).toEqual(['a3'])
  })
})

describe('a request of the refresh function', () => {
  it('is none as long as that waits for the lock of the store', async () => {
    const lock = (): Promise<never> => new Promise(() => undefined)
    const session = startSession(environment, { ...memoryStore(tokensFor(environment, 1)), lock }, heldRefresh())
    void rejection(session.refresh())
    await settle()
    expect([session.getSnapshot().refreshing, session.isRefreshRequest({})]).toEqual([true, false])
  })

  it('is told by its signal, and no other request is taken for one', async () => {
    const { session, calls } = await ageing()
    expect(session.isRefreshRequest({})).toBe(false)
    void session.refresh()
    await settle()
    const { signal } = calls[0]!.context
    expect([{ signal }, {}, { signal: new AbortController().signal }].map((one) => session.isRefreshRequest(one))).toEqual([
      true,
      false,
      false,
    ])
    calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    expect(session.isRefreshRequest({ signal })).toBe(false)
  })

  it('is known as long as that runs, also when signing in has overtaken it', async () => {
    const { session, calls } = await ageing()
    void rejection(session.refresh())
    await settle()
    await session.signIn(tokensFor(environment, 9))
    void session.refresh()
    await settle()
    const signals = calls.map(({ context }) => context.signal)
    expect(signals.map((signal) => session.isRefreshRequest({ signal }))).toEqual([true, true])
  })

  it('is told by the moment in which it is called, also one that throws', async () => {
    const seen: boolean[] = []
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), () => {
      seen.push(session.isRefreshRequest({}))
      throw { status: 500, code: 'ECONNREFUSED' }
    })
    const failed = rejection(session.refresh())
    await settle()
    seen.push(session.isRefreshRequest({}))
    await environment.pass(10_000)
    await failed
    expect(seen).toEqual([true, false, true, true])
  })
})

describe('the limit of refreshes', () => {
  /** How many of ten tokens of `seconds`, each refused `after` milliseconds, are replaced before the limit stops it. */
  async function replaced(seconds: number, after: number): Promise<number> {
    let n = 1
    const issue = async (): Promise<TokenJSON & { access_token: string }> => {
      n++
      return { access_token: `a${n}`, refresh_token: `r${n}`, expires_in: seconds }
    }
    const session = startSession(environment, memoryStore(), issue)
    await session.signIn({ access_token: 'a1', refresh_token: 'r1', expires_in: seconds })
    for (let i = 0; i < 10; i++) {
      environment.mono += after
      environment.wall += after
      const held = await session.getTokenAfter401(session.peekToken() ?? (await session.getToken())!).catch(() => undefined)
      if (!held) return i
    }
    return 10
  }

  it.each([
    ['counts a token that was refused in the first half of its life', 4, 1999, 5],
    ['doesn’t count one that has lived longer', 4, 2000, 10],
  ])('%s', async (_what, seconds, after, count) => {
    expect(await replaced(seconds, after)).toBe(count)
  })

  it('counts tokens that never had a life', async () => {
    const issue = async (): Promise<TokenJSON & { access_token: string }> => ({
      access_token: 'a',
      refresh_token: 'r',
      expires_in: 0,
    })
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 0)), issue)
    for (let i = 0; i < 5; i++) expect(await session.getToken()).toBeDefined()
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
  })
})

describe('the cool-down', () => {
  it.each([
    ['the token endpoint is in trouble', { status: 500 }],
    ['the client is refused', { error: 'invalid_client' }],
  ])('begins when %s', async (_what, failure) => {
    const { session, calls } = await ageing()
    session.peekToken()
    await settle()
    calls[0]!.fail(failure)
    await settle()
    session.peekToken()
    await settle()
    expect(calls).toHaveLength(1)
  })

  it('does not begin when it is the store that is in trouble', async () => {
    let locks = 0
    const lock = (): never => {
      locks++
      throw new Error('made up')
    }
    const session = startSession(environment, { ...memoryStore(tokensFor(environment, 1, 10)), lock }, heldRefresh())
    await environment.pass(11_000)
    for (let i = 0; i < 3; i++) expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(locks).toBe(3)
  })
})

describe('where no refresh may start, what somebody else has stored meanwhile', () => {
  /** Somebody whose token can't be refreshed is refused, and the store has changed. */
  async function refused(change: (session: Session, store: TokenStore) => unknown): Promise<unknown> {
    const store = memoryStore({ access_token: 'a1' })
    const session = startSession(environment, store, async () => ({ access_token: 'a5' }))
    await session.tokens()
    const renewed = session.getTokenAfter401(session.peekToken()!)
    await change(session, store)
    return renewed.then(
      ({ authorization }) => authorization,
      ({ code }: { code: string }) => code,
    )
  }
  const put = (store: TokenStore, tokens?: TokenJSON): unknown => store.write(tokens, { mode: 'set', replacing: undefined })

  it.each<[string, (session: Session, store: TokenStore) => unknown, string]>([
    ['nothing', () => undefined, 'OAUTH_NO_REFRESH_TOKEN'],
    ['another token', (_session, store) => put(store, { access_token: 'a2' }), 'a2'],
    ['the same one again', (_session, store) => put(store, { access_token: 'a1', scope: 'b' }), 'OAUTH_NO_REFRESH_TOKEN'],
    ['a refresh token for it', (_session, store) => put(store, { access_token: 'a1', refresh_token: 'r1' }), 'a5'],
    ['that they are signed out', (_session, store) => put(store), 'OAUTH_SIGNED_OUT'],
  ])('decides: %s', async (_what, change, outcome) => {
    expect(await refused(change)).toBe(outcome)
  })

  it.each<[string, (session: Session) => unknown]>([
    ['in', (session) => session.signIn(tokensFor(environment, 9))],
    ['out', (session) => session.signOut()],
  ])('is of no use to a request that was sent before somebody signed %s here', async (_what, change) => {
    expect(await refused(change)).toBe('OAUTH_SIGNED_OUT')
  })
})

it('where a first token could not be got, one that somebody else has stored meanwhile is used', async () => {
  const refresh = heldRefresh()
  const store = memoryStore()
  const session = startSession(environment, store, heldRefresh(), { refresh })
  const failed = rejection(session.getToken())
  await settle()
  refresh.calls[0]!.fail({ status: 500 })
  expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  await store.write(tokensFor(environment, 7), { mode: 'set', replacing: undefined })
  expect((await session.getToken())?.accessToken).toBe('a7')
  expect(refresh.calls).toHaveLength(1)
})

describe('a store that tells of changes', () => {
  function telling(kept: TokenStore): { store: ReturnType<typeof counted>; tell: () => Promise<void> } {
    let listener = (): void => undefined
    const store = counted({ ...kept, subscribe: (given) => ((listener = given), () => void (listener = () => undefined)) })
    return { store, tell: async () => (listener(), settle()) }
  }

  it('is not read for it before anybody needed a token', async () => {
    const { store, tell } = telling(memoryStore(tokensFor(environment, 1)))
    const session = startSession(environment, store, heldRefresh())
    session.watchStore()
    await tell()
    expect([store.reads, session.getSnapshot().status]).toEqual([0, 'unknown'])
    await session.tokens()
    await tell()
    expect(store.reads).toBe(2)
  })

  it('is not read for it while a refresh is under way, which reads it itself', async () => {
    const { store, tell } = telling(memoryStore(tokensFor(environment, 1)))
    const refresh = heldRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    const refreshed = session.refresh()
    await settle()
    const { reads } = store
    await tell()
    expect(store.reads).toBe(reads)
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    expect((await refreshed).access_token).toBe('a2')
  })

  it('and is read when a refresh begins leaves it to that refresh to take over what is new', async () => {
    const kept = memoryStore(tokensFor(environment, 1))
    let reading = Promise.resolve()
    const { store, tell } = telling({ ...kept, read: () => reading.then(() => kept.read()) })
    const refresh = heldRefresh()
    const session = startSession(environment, store, refresh)
    session.watchStore()
    await session.tokens()
    const read = deferred()
    reading = read.promise
    await kept.write(tokensFor(environment, 7), { mode: 'set', replacing: undefined })
    await tell()
    const refreshed = session.refresh()
    read.resolve()
    expect((await refreshed).access_token).toBe('a7')
    expect(refresh.calls).toHaveLength(0)
  })

  it('is not listened to any longer once everybody has gone, however often they say so', async () => {
    const { store, tell } = telling(memoryStore(tokensFor(environment, 1)))
    const session = startSession(environment, store, heldRefresh())
    await session.tokens()
    const undo = session.watchStore()
    undo()
    undo()
    await tell()
    expect(store.reads).toBe(1)
  })
})

describe('listeners', () => {
  it('are counted: nothing is told that nobody listens to', async () => {
    const { session } = await ageing()
    const { events } = session
    const undo = [session.on('queued', () => undefined), session.on('queued', () => undefined)]
    undo[0]!()
    expect([events.has('queued'), events.has('released')]).toEqual([true, false])
    undo[1]!()
    expect(events.has('queued')).toBe(false)
  })

  it('who go twice take nobody with them', async () => {
    const { session } = await ageing()
    const undo = session.on('signed_out', () => undefined)
    undo()
    const told = listenTo(session, 'signed_out')
    undo()
    await session.signOut()
    expect(told).toHaveLength(1)
  })

  it('that throw keep nobody else from being told, and a watcher that throws neither', async () => {
    const { session } = await ageing()
    const fail = (): never => {
      throw new Error('made up')
    }
    session.on('signed_out', fail)
    session.subscribe(fail)
    const told = listenTo(session, 'signed_out')
    let changes = 0
    session.subscribe(() => changes++)
    await session.signOut()
    expect([told.length, changes]).toEqual([1, 1])
  })

  it('one watcher that watches twice is told twice, until it has gone twice', async () => {
    const { session } = await ageing()
    let changes = 0
    const watch = (): number => changes++
    const undo = [session.subscribe(watch), session.subscribe(watch)]
    await session.signOut()
    undo[0]!()
    undo[0]!()
    await session.signIn(tokensFor(environment, 2))
    expect(changes).toBe(3)
  })
})
