import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  controlledRefresh,
  counted,
  issuer,
  listenTo,
  shareable,
  startSession,
  tokensFor,
  type RefreshCall,
  type TestSession,
} from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

/** A session whose token of 1000 s has `left` milliseconds to live. */
async function ageing(left: number): Promise<{ session: TestSession; calls: RefreshCall[] }> {
  const refresh = controlledRefresh()
  const session = startSession(environment, memoryStore(a(1, 1000)), refresh)
  await session.tokens()
  await environment.pass(1_000_000 - left)
  return { session, calls: refresh.calls }
}

describe('the refresh', () => {
  it('is shared as one promise by all requests that wait for it', async () => {
    const { session, calls } = await ageing(10_000)
    const waiting = [session.getToken(), session.getToken(), session.getToken()]
    expect(new Set(waiting).size).toBe(1)
    await settle()
    calls[0]!.answer(a(2))
    expect((await waiting[0])?.accessToken).toBe('a2')
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['is released with the new token, though the set could not be stored', false, 'a2'],
    ['rejects with strictSaving when the set could not be stored, though the present token is valid', true, 'OAUTH_STORE_FAILED'],
  ])('a request that waits for it %s', async (_what, strictSaving, outcome) => {
    const refresh = controlledRefresh()
    const write = (): never => {
      throw new Error('made up')
    }
    const session = startSession(environment, { ...memoryStore(a(1, 1000)), write }, refresh, { strictSaving })
    await session.tokens()
    await environment.pass(980_000)
    const waiting = session.getToken().then(
      (token) => token?.accessToken,
      ({ code }: { code: string }) => code,
    )
    await settle()
    refresh.calls[0]!.answer(a(2))
    expect([await waiting, session.peekToken()?.accessToken]).toEqual([outcome, 'a2'])
  })

  it('has a time limit of its own of 60 s, at which the signal of the refresh function is aborted', async () => {
    let signal: AbortSignal | undefined
    const refresh: RefreshFunction = (_tokens, context) => {
      signal = context.signal
      return new Promise(() => undefined)
    }
    const session = startSession(environment, memoryStore(a(1)), refresh)
    const failed = rejection(session.refresh())
    await environment.pass(59_999)
    expect(signal?.aborted).toBe(false)
    await environment.pass(1)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect([signal?.aborted, environment.timers]).toEqual([true, 0])
  })

  it('whose refresh function waits for the session ends at the time limit', async () => {
    const session: TestSession = startSession(environment, memoryStore(a(1)), () => session.refresh() as never)
    const failed = rejection(session.refresh())
    await environment.pass(60_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })

  it('is not started for a 401 to an older token', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(a(1)), refresh)
    const old = (await session.getToken())!
    const first = await session.getTokenAfter401(old)
    expect([await session.getTokenAfter401(old), await session.getTokenAfter401(old)]).toEqual([first, first])
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('that fails leaves the newer token to a 401 to an older one, also when the newer one looks expired', async () => {
    let isDown = false
    const session = startSession(environment, memoryStore(a(1)), async () => {
      if (isDown) throw { status: 500 }
      return { access_token: 'a2', refresh_token: 'r2', expires_in: 1 }
    })
    const old = (await session.getToken())!
    await session.getTokenAfter401(old)
    isDown = true
    await environment.pass(5000)
    const failed = listenTo(session, 'refresh_failed')
    expect((await session.getTokenAfter401(old)).accessToken).toBe('a2')
    expect((await session.getTokenAfter401(old)).accessToken).toBe('a2')
    expect(failed.length).toBe(1)
  })

  it('that may not start leaves a newer stored token to a 401 to an older one', async () => {
    let stored: TokenJSON = a(1)
    const session = startSession(environment, { read: () => stored, write: () => undefined }, false)
    const old = (await session.getToken())!
    stored = { access_token: 'a2', refresh_token: 'r2', expires_at: 1000 }
    expect((await session.getTokenAfter401(old)).accessToken).toBe('a2')
  })

  it('that may not start has the store read once a second at most', async () => {
    const store = counted(memoryStore(a(1)))
    const session = startSession(environment, store, () => Promise.reject({ status: 500 }))
    const token = (await session.getToken())!
    await rejection(session.getTokenAfter401(token))
    const before = store.reads
    await Promise.all(Array.from({ length: 50 }, () => rejection(session.getTokenAfter401(token))))
    for (let i = 0; i < 50; i++) await rejection(session.getTokenAfter401(token))
    expect(store.reads - before).toBe(1)
    await environment.pass(1000)
    await rejection(session.getTokenAfter401(token))
    expect(store.reads - before).toBe(2)
  })

  it('that the application asks for is reported by events, also when there is no refresh token', async () => {
    const session = startSession(environment, memoryStore({ access_token: 'a1' }), controlledRefresh())
    const events = listenTo(session, 'refresh_started', 'refresh_failed')
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_NO_REFRESH_TOKEN' })
    expect(events).toEqual([
      ['refresh_started', { reason: 'requested' }],
      ['refresh_failed', { reason: 'requested', error: expect.objectContaining({ code: 'OAUTH_NO_REFRESH_TOKEN' }) }],
    ])
  })

  it('does not save the unsaved set that it is about to replace', async () => {
    const refresh = controlledRefresh()
    const kept = memoryStore(a(1))
    let isBroken = true
    const written: unknown[] = []
    const write: TokenStore['write'] = (next, context) => {
      if (isBroken) throw new Error('made up')
      written.push(next?.access_token)
      return kept.write(next, context)
    }
    const session = startSession(environment, { ...kept, write }, refresh)
    await session.signIn(a(2))
    isBroken = false
    await environment.pass(1000)
    const refreshed = session.refresh()
    await settle()
    session.peekToken()
    await settle()
    refresh.calls[0]!.answer(a(3))
    await refreshed
    expect(written).toEqual(['a3'])
  })

  it('under the lock of a shared store neither locks nor writes again for a set that is stored', async () => {
    const refresh = controlledRefresh()
    const kept = counted(memoryStore(a(1, 1000)))
    let locks = 0
    const session = startSession(environment, { ...kept, lock: (run) => (locks++, run()) }, refresh)
    await session.tokens()
    await environment.pass(900_000)
    expect(session.peekToken()?.accessToken).toBe('a1')
    await settle()
    expect([locks, kept.written, refresh.calls.length]).toEqual([1, [], 1])
  })
})

describe('while a refresh for a rejected token runs', () => {
  it('other requests wait for it', async () => {
    const { session, calls } = await ageing(1_000_000)
    const recovered = session.getTokenAfter401(session.peekToken()!)
    expect(session.peekToken()).toBeUndefined()
    const waiting = session.getToken()
    await settle()
    calls[0]!.answer(a(2))
    expect([(await recovered).accessToken, (await waiting)?.accessToken]).toEqual(['a2', 'a2'])
  })

  it('and when it fails, the rejected request gets the error and the others the present token', async () => {
    const { session, calls } = await ageing(1_000_000)
    const recovered = rejection(session.getTokenAfter401(session.peekToken()!))
    const waiting = session.getToken()
    await settle()
    calls[0]!.fail({ status: 500 })
    expect(await recovered).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect((await waiting)?.accessToken).toBe('a1')
    expect(session.peekToken()?.accessToken).toBe('a1')
  })

  it('a background refresh that a 401 joins lets no request go on with the rejected token', async () => {
    const { session, calls } = await ageing(100_000)
    const token = session.peekToken()!
    const recovered = session.getTokenAfter401(token)
    expect(session.peekToken()).toBeUndefined()
    await settle()
    calls[0]!.answer(a(2))
    expect((await recovered).accessToken).toBe('a2')
    expect(calls).toHaveLength(1)
  })

  it('the 401 of a still older token joins it', async () => {
    const { session, calls } = await ageing(1_000_000)
    const old = session.peekToken()!
    void session.refresh()
    await settle()
    calls[0]!.answer(a(2))
    await settle()
    const rejected = rejection(session.getTokenAfter401(session.peekToken()!))
    const older = rejection(session.getTokenAfter401(old))
    await settle()
    calls[1]!.fail({ error: 'invalid_client' })
    expect([await rejected, await older]).toEqual(Array(2).fill(expect.objectContaining({ code: 'OAUTH_CLIENT_REFUSED' })))
    expect(calls).toHaveLength(2)
  })
})

describe('a request of the refresh function', () => {
  it('is not expected while the refresh waits for the lock of the store', async () => {
    const lock = (): Promise<never> => new Promise(() => undefined)
    const session = startSession(environment, shareable({ ...memoryStore(a(1)), lock }), controlledRefresh())
    void rejection(session.refresh())
    await settle()
    expect([session.getSnapshot().refreshing, session.isRefreshRequest({})]).toEqual([true, false])
  })

  it('is recognized by the signal of the refresh, and no other request is', async () => {
    const { session, calls } = await ageing(100_000)
    expect(session.isRefreshRequest({})).toBe(false)
    void session.refresh()
    await settle()
    const { signal } = calls[0]!.context
    const requests = [{ signal }, {}, { signal: new AbortController().signal }]
    expect(requests.map((request) => session.isRefreshRequest(request))).toEqual([true, false, false])
    calls[0]!.answer(a(2))
    await settle()
    expect(session.isRefreshRequest({ signal })).toBe(false)
  })

  it('is recognized until the refresh function settles, also after a sign-in has superseded the refresh', async () => {
    const { session, calls } = await ageing(100_000)
    void rejection(session.refresh())
    await settle()
    await session.signIn(a(9))
    void session.refresh()
    await settle()
    const signals = calls.map(({ context }) => context.signal)
    expect(signals.map((signal) => session.isRefreshRequest({ signal }))).toEqual([true, true])
  })

  it('is recognized during the synchronous part of each call, also of one that throws', async () => {
    const seen: boolean[] = []
    const session = startSession(environment, memoryStore(a(1)), () => {
      seen.push(session.isRefreshRequest({}))
      throw { status: 503 }
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
  /** How many of ten tokens of `seconds`, each rejected after `age` milliseconds, are replaced before the limit ends that. */
  async function replaced(seconds: number, age: number): Promise<number> {
    let n = 1
    const issue = async (): Promise<TokenJSON & { access_token: string }> => {
      n++
      return { access_token: `a${n}`, refresh_token: `r${n}`, expires_in: seconds }
    }
    const session = startSession(environment, memoryStore(), issue)
    await session.signIn({ access_token: 'a1', refresh_token: 'r1', expires_in: seconds })
    for (let i = 0; i < 10; i++) {
      environment.mono += age
      environment.wall += age
      const token = await session.getTokenAfter401(session.peekToken() ?? (await session.getToken())!).catch(() => undefined)
      if (!token) return i
    }
    return 10
  }

  it('counts a refresh that a sign-in has superseded while the token endpoint had not answered', async () => {
    let n = 0
    const issue = (): Promise<TokenJSON & { access_token: string }> =>
      ++n === 1 ? new Promise(() => undefined) : Promise.resolve({ access_token: `b${n}`, refresh_token: `r${n}` })
    const session = startSession(environment, memoryStore(), issue)
    await session.signIn({ access_token: 'a1', refresh_token: 'r1' })
    void session.refresh().catch(() => undefined)
    await settle()
    await session.signIn({ access_token: 'b1', refresh_token: 'q1' })
    let replaced = 0
    while (await session.getTokenAfter401((await session.getToken())!).catch(() => undefined)) replaced++
    expect([n, replaced]).toEqual([5, 4])
  })

  it.each([
    ['counts a token that is rejected in the first half of its life', 4, 1999, 5],
    ['does not count a token that has lived longer', 4, 2000, 10],
  ])('%s', async (_what, seconds, age, count) => {
    expect(await replaced(seconds, age)).toBe(count)
  })

  it('is five in 30 s for rejected tokens, on a clock that can not be put forward', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(a(1)), refresh)
    let token = (await session.getToken())!
    for (let i = 0; i < 5; i++) token = await session.getTokenAfter401(token)
    environment.wall += 3000
    expect(await rejection(session.getTokenAfter401(token))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
    environment.wall += 60_000
    expect(await rejection(session.getTokenAfter401(token))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
    expect(refresh.redeemed).toHaveLength(5)
    environment.mono += 30_000
    expect((await session.getTokenAfter401(token)).accessToken).toBe('a7')
  })

  it('counts tokens that never had a life; past it, requests go out with the present token', async () => {
    const redeemed: unknown[] = []
    const session = startSession(environment, memoryStore(a(1, 0)), async (tokens) => {
      redeemed.push(tokens?.refresh_token)
      return { access_token: 'a', refresh_token: `r${redeemed.length}`, expires_in: 0 }
    })
    for (let i = 0; i < 8; i++) expect(await session.getToken()).toBeDefined()
    expect(redeemed).toHaveLength(5)
    expect(await rejection(session.getTokenAfter401((await session.getToken())!))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
  })

  it('does not count step-ups', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    let token = (await session.getToken())!
    for (let n = 11; n < 17; n++) token = await session.runStepUp(async () => a(n))
    expect((await session.getTokenAfter401(token)).accessToken).toBe('a2')
  })

  it('counts the age of a stored token from when it was issued', async () => {
    const outcomes: unknown[] = []
    for (const age of [500, 499]) {
      const store = memoryStore(a(1, 1000))
      await environment.pass(age * 1000)
      const session = startSession(environment, store, issuer(), { refreshLimit: { count: 1, interval: 30_000 } })
      const second = await session.getTokenAfter401((await session.getToken())!)
      outcomes.push(
        await session.getTokenAfter401(second).then(
          ({ accessToken }) => accessToken,
          ({ code }) => code as string,
        ),
      )
    }
    expect(outcomes).toEqual(['a3', 'OAUTH_REFRESH_LIMIT'])
  })
})

describe('where no refresh may start, the store decides about a 401', () => {
  /** A token that can't be refreshed is rejected, and the store or the session changes meanwhile. */
  async function reject(change: (session: TestSession, store: TokenStore) => unknown): Promise<unknown> {
    const store = memoryStore({ access_token: 'a1' })
    const session = startSession(environment, store, async () => ({ access_token: 'a5' }))
    await session.tokens()
    const recovered = session.getTokenAfter401(session.peekToken()!)
    await change(session, store)
    return recovered.then(
      ({ accessToken }) => accessToken,
      ({ code }: { code: string }) => code,
    )
  }
  const put = (store: TokenStore, tokens?: TokenJSON): unknown => store.write(tokens, { mode: 'set', replacing: undefined })

  it.each<[string, (session: TestSession, store: TokenStore) => unknown, string]>([
    ['with the same content, the request rejects with the reason', () => undefined, 'OAUTH_NO_REFRESH_TOKEN'],
    ['with another token, that is sent', (_session, store) => put(store, { access_token: 'a2' }), 'a2'],
    [
      'with another scope and the same token, the request rejects with the reason',
      (_session, store) => put(store, { access_token: 'a1', scope: 'b' }),
      'OAUTH_NO_REFRESH_TOKEN',
    ],
    ['with a refresh token, that is used', (_session, store) => put(store, { access_token: 'a1', refresh_token: 'r1' }), 'a5'],
    ['with nothing, the request rejects as signed out', (_session, store) => put(store), 'OAUTH_SIGNED_OUT'],
  ])('%s', async (_what, change, outcome) => {
    expect(await reject(change)).toBe(outcome)
  })

  it.each<[string, (session: TestSession) => unknown]>([
    ['sign-in', (session) => session.signIn(a(9))],
    ['sign-out', (session) => session.signOut()],
  ])('but a %s here meanwhile rejects the request', async (_what, change) => {
    expect(await reject(change)).toBe('OAUTH_SIGNED_OUT')
  })
})

it('a refresh is finished after its callers have left, and its set is stored', async () => {
  const answer = deferred()
  const store = memoryStore(a(1, 10))
  const session = startSession(environment, store, async () => (await answer.promise, a(2)))
  const controller = new AbortController()
  await environment.pass(11_000)
  const waiting = rejection(session.getAccessToken({ signal: controller.signal }))
  await settle()
  controller.abort(new Error('left'))
  expect(await waiting).toMatchObject({ message: 'left' })
  answer.resolve()
  await settle()
  expect((await store.read())?.access_token).toBe('a2')
})

describe('a background refresh', () => {
  it('that another request needs as well keeps no request from being sent with the present token', async () => {
    const { session, calls } = await ageing(150_000)
    expect(session.peekToken()?.accessToken).toBe('a1')
    void session.getToken(true)
    await settle()
    expect([session.peekToken()?.accessToken, calls.length]).toEqual(['a1', 1])
  })

  it('that a 401 joins is one for a rejected token: an end that is inferred signs out', async () => {
    const { session, calls } = await ageing(150_000)
    const token = session.peekToken()!
    await settle()
    const failed = rejection(session.getTokenAfter401(token))
    expect(session.peekToken()).toBeUndefined()
    calls[0]!.fail({ status: 401 })
    expect(await failed).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})

it('a refresh has an id of its own in its events', async () => {
  const session = startSession(environment, memoryStore(a(1)), issuer())
  const ids: number[] = []
  session.on('refresh_started', ({ refreshId }) => ids.push(refreshId))
  session.on('refreshed', ({ refreshId }) => ids.push(refreshId))
  await session.refresh()
  await session.refresh()
  expect(ids).toEqual([1, 1, 2, 2])
})

it('a superseded refresh that ends causes no event', async () => {
  const refresh = controlledRefresh()
  const session = startSession(environment, memoryStore(a(1)), refresh)
  const failed = rejection(session.refresh())
  await settle()
  await session.signOut()
  const events: string[] = []
  session.on('*', ({ type }) => events.push(type))
  refresh.calls[0]!.answer(a(2))
  await failed
  await settle()
  expect(events).toEqual([])
})

describe('the events of a refresh', () => {
  it.each([
    ['with the new token', (call: RefreshCall) => call.answer(a(2)), 'refreshed'],
    ['with the present one', (call: RefreshCall) => call.fail({ status: 500 }), 'refresh_failed'],
  ] as const)('tell how many requests waited for it, and go on %s', async (_how, end, name) => {
    const { session, calls } = await ageing(10_000)
    const counts: number[] = []
    session.on(name, ({ waiting }) => counts.push(waiting))
    const requests = [session.getToken(), session.getToken(), session.getToken(true)]
    await settle()
    end(calls[0]!)
    await Promise.all(requests)
    await settle()
    expect(counts).toEqual([3])
  })

  it('say that it is due to an expired token when the 401 was for an older one', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer(10))
    const old = (await session.getToken())!
    await session.refresh()
    await environment.pass(11_000)
    const reasons: string[] = []
    session.on('refresh_started', ({ reason }) => reasons.push(reason))
    await session.getTokenAfter401(old)
    expect(reasons).toEqual(['expired'])
  })
})

describe('a request that has waited', () => {
  const latestOf = async (change: (session: TestSession) => Promise<unknown>): Promise<unknown> => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    const token = (await session.getToken())!
    const { epoch, latest } = session.open.provider
    await change(session)
    return latest.call(session.open.provider, token, epoch).accessToken
  }

  it.each<[string, (session: TestSession) => Promise<unknown>, string]>([
    ['the newer token of the same sign-in', (session) => session.refresh(), 'a2'],
    ['no token of another sign-in', (session) => session.signIn(a(9)), 'a1'],
    ['no token after a sign-out', (session) => session.signOut(), 'a1'],
  ])('takes %s', async (_what, change, expected) => {
    expect(await latestOf(change)).toBe(expected)
  })
})

it('a refresh that a sign-in supersedes counts once against the limit', async () => {
  const refresh = controlledRefresh()
  const session = startSession(environment, memoryStore(a(1)), refresh, { refreshLimit: { count: 2 } })
  void rejection(session.refresh())
  await settle()
  await session.signIn(a(9))
  refresh.calls[0]!.answer(a(2))
  await settle()
  const renewed = session.getTokenAfter401((await session.getToken())!)
  await settle()
  refresh.calls[1]!.answer(a(3))
  expect((await renewed).accessToken).toBe('a3')
  expect(await rejection(session.getTokenAfter401(await renewed))).toMatchObject({ code: 'OAUTH_REFRESH_LIMIT' })
})

it('a request that waits for a refresh is told to be sent again when the store holds another user by then', async () => {
  const marked = (n: number, user: string): TokenJSON => ({ ...a(n), 'axios-attach-oauth': { user } })
  const store = memoryStore(marked(1, 'ann'))
  const session = startSession(environment, store, issuer())
  await session.tokens()
  await store.write(marked(7, 'ben'), { mode: 'set', replacing: undefined })
  expect(await rejection(session.refresh())).toMatchObject({
    code: 'OAUTH_SIGNED_OUT',
    message: expect.stringMatching(/Send it again as a new request/),
  })
})
