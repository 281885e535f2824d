import { classifyFailure, defaultPolicy } from '../../src/policy.js'
import { sharedStore } from '../../src/shared.js'
import { requestTokens } from '../../src/session/token-request.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenResponse, TokenSet, TokenStore } from '../../src/types.js'
import { deferred, rejection, type Deferred } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { listenTo, shareable, startSession, storeElsewhere, tokensFor, type TestSession } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const busy = { status: 503 }
const busyFor10s = (): object => ({ status: 503, retryAfter: new Date(environment.now() + 10_000).toUTCString() })

/** One token request. */
function request(
  send: () => unknown,
  isUnwanted = () => false,
): { result: Promise<{ response: unknown; sentAt: number }>; abort: () => void; aborted: unknown[] } {
  const controller = new AbortController()
  const aborted: unknown[] = []
  const result = requestTokens(environment, 60_000, {
    send: async () => send(),
    classify: (error) => classifyFailure(error, environment.now()),
    retry: defaultPolicy.retry,
    run: { signal: controller.signal, abort: (reason) => aborted.push(reason) },
    isUnwanted,
  })
  return { result, abort: () => controller.abort(new Error('made up')), aborted }
}

describe('a token request', () => {
  it.each([null, undefined, 'text', 0, true, {}, [], { access_token: 'a2', error: '' }])(
    'resolves with the answer as it is (%p) and the time at which it was sent',
    async (answer) => {
      const sentAt = environment.wall
      expect(await request(() => answer).result).toEqual({ response: answer, sentAt })
    },
  )

  it('tells the time at which the last try was sent', async () => {
    environment.randomness = 1
    let calls = 0
    const { result } = request(() => {
      if (++calls > 1) return 'answer'
      throw busy
    })
    await environment.pass(1000)
    expect(await result).toEqual({ response: 'answer', sentAt: environment.wall })
  })

  it.each([
    ['429', { status: 429 }, 3],
    ['503', busy, 3],
    ['a connection that was never made', { code: 'ECONNREFUSED', syscall: 'connect' }, 3],
    ['a connection that broke', { code: 'ECONNRESET', syscall: 'read' }, 1],
    ['500', { status: 500 }, 1],
    ['invalid_grant', { status: 400, error: 'invalid_grant' }, 1],
  ])('that fails with %s is sent again only when it was not processed', async (_what, failure, tries) => {
    let calls = 0
    const { result } = request(() => {
      calls++
      throw failure
    })
    const failed = rejection<unknown>(result)
    await environment.pass(60_000)
    expect([await failed, calls, environment.timers]).toEqual([failure, tries, 0])
  })
})

describe('the pause before another try', () => {
  it('ends when the signal is aborted, and leaves no timer', async () => {
    let calls = 0
    const { result, abort } = request(() => {
      calls++
      throw busyFor10s()
    })
    const failed = rejection(result)
    await settle()
    // The time limit of the request, and the pause.
    expect(environment.timers).toBe(2)
    abort()
    expect(await failed).toMatchObject({ status: 503 })
    expect([calls, environment.timers]).toEqual([1, 0])
  })

  it('is not followed by a try that is not wanted any more', async () => {
    let calls = 0
    const { result } = request(
      () => {
        calls++
        throw busyFor10s()
      },
      () => true,
    )
    const failed = rejection(result)
    await environment.pass(20_000)
    expect([calls, await failed]).toEqual([1, expect.objectContaining({ status: 503 })])
  })

  it('for a Retry-After that is a date counts from the date of the answer, by the server’s clock', async () => {
    let calls = 0
    const { result } = request(() => {
      if (++calls > 1) return 'answer'
      const date = new Date(environment.now() + 3_600_000).toUTCString()
      throw { status: 503, headers: { date, 'retry-after': new Date(environment.now() + 3_610_000).toUTCString() } }
    })
    await environment.pass(9_999)
    expect(calls).toBe(1)
    await environment.pass(1)
    expect([calls, (await result).response]).toEqual([2, 'answer'])
  })

  it('is not followed by another try after a sign-out', async () => {
    let calls = 0
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async () => {
      calls++
      throw busyFor10s()
    })
    const failed = rejection(session.refresh())
    await settle()
    await session.signOut()
    await environment.pass(20_000)
    expect([calls, await failed]).toEqual([1, expect.objectContaining({ code: 'OAUTH_SIGNED_OUT' })])
  })

  it('is not followed by another try when the lock of the store was lost meanwhile', async () => {
    let calls = 0
    const lost = new AbortController()
    const store = shareable({ ...memoryStore(tokensFor(environment, 1)), lock: (run) => run(lost.signal) })
    const session = startSession(environment, store, async () => {
      calls++
      throw busyFor10s()
    })
    const failed = rejection(session.refresh())
    await settle()
    lost.abort()
    await environment.pass(20_000)
    expect([calls, await failed]).toEqual([
      1,
      expect.objectContaining({ code: expect.stringMatching(/UNAVAILABLE|STORE_FAILED/) }),
    ])
  })
})

describe('the answer of a token endpoint', () => {
  it('that holds no usable token set keeps the session, and the cause says why', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async () => ({ access_token: 'a\n2' }))
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      message: expect.stringMatching(
        /non-ASCII character\. The tokens were kept\. See docs\/errors\.md#oauth_refresh_unavailable$/,
      ) as string,
      cause: { code: 'OAUTH_TOKEN_INVALID' },
    })
    expect((await session.tokens())?.access_token).toBe('a1')
  })

  it('that holds a new refresh token beside an unusable access token: the refresh token is stored, and the cool-down is its', async () => {
    const store = memoryStore(tokensFor(environment, 1))
    const redeemed: unknown[] = []
    const session = startSession(environment, store, async (tokens) => {
      redeemed.push(tokens?.refresh_token)
      return { access_token: 'a\n2', refresh_token: 'r2' }
    })
    const token = (await session.getToken())!
    expect(await rejection(session.getTokenAfter401(token))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect(await store.read()).toMatchObject({ access_token: 'a1', refresh_token: 'r2' })
    expect((await session.getToken())?.accessToken).toBe('a1')
    await rejection(session.getTokenAfter401((await session.getToken())!))
    expect(redeemed).toEqual(['r1'])
    await rejection(session.refresh())
    expect(redeemed).toEqual(['r1', 'r2'])
  })

  it('that holds only a new refresh token leaves the access token what it was: a late 401 to it is refused as well', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async () => ({
      access_token: 'a\n2',
      refresh_token: 'r2',
    }))
    const events = listenTo(session, 'adopted', 'saved')
    const token = (await session.getToken())!
    const { generation } = token
    await rejection(session.getTokenAfter401(token))
    expect((await session.getToken())?.generation).toBe(generation)
    expect(events).toEqual([['saved', { generation }]])
    expect(await rejection(session.getTokenAfter401(token))).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      cause: { code: 'OAUTH_TOKEN_INVALID' },
    })
  })

  it.each(['a plain store', 'a shared store'])(
    'that holds only a new refresh token, which can not be saved: it is kept in memory and saved later, in %s',
    async (kind) => {
      const plain = memoryStore(tokensFor(environment, 1))
      let isFull = false
      const full = {
        ...plain,
        async write(...given: Parameters<TokenStore['write']>) {
          if (isFull) throw new Error('disk full')
          return plain.write(...given)
        },
      }
      const store = kind === 'a plain store' ? full : shareable({ ...full, lock: (run) => run() })
      const session = startSession(environment, store, async () => {
        isFull = true
        return { access_token: 'a\n2', refresh_token: 'r2' }
      })
      const events = listenTo(session, 'unpersisted', 'saved')
      const failed = rejection(session.refresh())
      await environment.pass(11_000)
      await failed
      expect(events).toEqual([['unpersisted', { error: expect.anything() as unknown }]])
      expect(session.getSnapshot()).toMatchObject({ persisted: false })
      isFull = false
      expect(await session.close()).toEqual({ persisted: true })
      expect(await plain.read()).toMatchObject({ access_token: 'a1', refresh_token: 'r2' })
    },
  )
})

describe('a refresh that takes too long', () => {
  it('fails with its time limit in the cause, aborts its signal with it, and is not tried again', async () => {
    const never = deferred()
    const signals: AbortSignal[] = []
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async (_tokens, { signal }) => {
      signals.push(signal)
      signal.addEventListener('abort', () => never.reject(busy))
      return (await never.promise) as never
    })
    const failed = rejection<Error>(session.refresh())
    await environment.pass(70_000)
    const { cause } = await failed
    expect((cause as Error).message).toMatch(/60000 ms.*context\.signal/)
    expect(signals.map(({ reason }) => reason as unknown)).toEqual([cause])
  })

  describe('and whose function answers after the limit', () => {
    const late = { access_token: 'a2', refresh_token: 'r2', expires_in: 3600 }

    /** A session whose first refresh has reached its time limit, and the answer to it. */
    async function overdue(options: object = {}): Promise<{
      session: TestSession
      store: TokenStore
      answer: Deferred<TokenResponse | null>
      redeemed: unknown[]
      /** The answer to the second token request. */
      second: Deferred<TokenResponse>
      events: unknown[]
    }> {
      const answer = deferred<TokenResponse | null>()
      const second = deferred<TokenResponse>()
      const redeemed: unknown[] = []
      const store = memoryStore(tokensFor(environment, 1))
      const session = startSession(
        environment,
        store,
        (tokens) => {
          redeemed.push(tokens?.refresh_token)
          return redeemed.length === 1 ? answer.promise : second.promise
        },
        options,
      )
      const failed = rejection(session.refresh())
      await environment.pass(60_000)
      expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
      const events = listenTo(session, 'refreshed', 'saved', 'signed_out')
      return { session, store, answer, redeemed, second, events }
    }

    it('uses and saves the answer, whose lifetime counts from the request', async () => {
      const { session, store, answer, redeemed, events } = await overdue()
      const requestedAt = environment.wall - 60_000
      await environment.pass(5000)
      answer.resolve(late)
      await settle()
      expect((await session.getToken())?.accessToken).toBe('a2')
      expect(await store.read()).toMatchObject({ access_token: 'a2', refresh_token: 'r2' })
      expect(session.getSnapshot()).toMatchObject({ expiresAt: requestedAt + 3_600_000, persisted: true })
      expect(events.map((event) => (event as unknown[])[0])).toEqual(['refreshed', 'saved'])
      expect(redeemed).toEqual(['r1'])
    })

    it('leaves a newer set that another session has stored meanwhile, and adopts it', async () => {
      const { session, store, answer } = await overdue()
      await storeElsewhere(store, { ...tokensFor(environment, 3), refresh_token: 'r3' })
      answer.resolve(late)
      await settle()
      expect(await store.read()).toMatchObject({ access_token: 'a3', refresh_token: 'r3' })
      expect((await session.getToken())?.accessToken).toBe('a3')
    })

    it('waits for a refresh that has begun meanwhile, and then uses the answer', async () => {
      const { session, answer, redeemed, second } = await overdue()
      const refreshed = rejection(session.refresh())
      await settle()
      answer.resolve(late)
      await settle()
      second.reject({ status: 500 })
      await refreshed
      await settle()
      expect((await session.getToken())?.accessToken).toBe('a2')
      expect(redeemed).toEqual(['r1', 'r1'])
    })

    it.each<[string, (session: TestSession) => Promise<unknown>, string | undefined]>([
      ['a sign-out', (session) => session.signOut(), undefined],
      ['a sign-in', (session) => session.signIn(tokensFor(environment, 9)), 'a9'],
    ])('ignores the answer after %s', async (_what, change, expected) => {
      const { session, store, answer } = await overdue()
      await change(session)
      answer.resolve(late)
      await settle()
      expect((await store.read())?.access_token).toBe(expected)
    })

    it('saves the answer after the end of the session, which says that the set was not saved yet', async () => {
      const { session, store, answer } = await overdue()
      expect(await session.close()).toEqual({ persisted: false })
      answer.resolve(late)
      await settle()
      expect(await store.read()).toMatchObject({ access_token: 'a2', refresh_token: 'r2' })
    })

    it('uses the answer after a sign-in with the set in use', async () => {
      const { session, store, answer } = await overdue()
      await session.signIn((await session.tokens()) as TokenSet & { access_token: string })
      answer.resolve(late)
      await settle()
      expect((await store.read())?.access_token).toBe('a2')
    })

    it('revokes an answer that comes after a sign-out during the refresh and after its time limit', async () => {
      const answer = deferred<TokenResponse>()
      const revoked: unknown[] = []
      const session = startSession(environment, memoryStore(tokensFor(environment, 1)), () => answer.promise, {
        revoke: async (tokens) => void revoked.push(tokens.refresh_token),
      })
      const refreshed = rejection(session.refresh())
      await settle()
      await session.signOut()
      await environment.pass(60_000)
      await refreshed
      answer.resolve(late)
      await settle()
      expect(revoked).toEqual(['r2'])
    })

    it('uses the answer when a later refresh finds the refresh token spent', async () => {
      const { session, store, answer, redeemed, second, events } = await overdue()
      await environment.pass(10_000)
      const refreshed = session.refresh()
      await settle()
      expect(redeemed).toEqual(['r1', 'r1'])
      answer.resolve(late)
      await settle()
      second.reject({ error: 'invalid_grant' })
      expect((await refreshed).access_token).toBe('a2')
      expect(await store.read()).toMatchObject({ refresh_token: 'r2' })
      expect(events.map((event) => (event as unknown[])[0])).toEqual(['refreshed', 'saved'])
    })

    it('waits for the answer when a later refresh finds the refresh token spent before it arrives', async () => {
      const { session, answer, second, events } = await overdue()
      await environment.pass(10_000)
      const refreshed = session.refresh()
      await settle()
      second.reject({ error: 'invalid_grant' })
      await environment.pass(20_000)
      expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', refreshing: true })
      answer.resolve(late)
      expect((await refreshed).access_token).toBe('a2')
      expect(events.map((event) => (event as unknown[])[0])).toEqual(['refreshed', 'saved'])
    })

    it('waits no longer for the answer once a sign-in has superseded the later refresh, and releases the lock', async () => {
      const { session, second } = await overdue()
      await environment.pass(10_000)
      const refreshed = rejection(session.refresh())
      await settle()
      second.reject({ error: 'invalid_grant' })
      await settle()
      await session.signIn(tokensFor(environment, 9))
      await refreshed
      await session.close()
      expect((await session.tokens())?.access_token).toBe('a9')
    })

    it.each<[string, null | undefined]>([
      ['does not come within the time limit of the later refresh', undefined],
      ['says that the session is over', null],
    ])('ends the session when the refresh token is spent and the answer %s', async (_what, response) => {
      const { session, answer, second } = await overdue()
      await environment.pass(10_000)
      const refreshed = rejection(session.refresh())
      await settle()
      second.reject({ error: 'invalid_grant' })
      if (response === null) answer.resolve(response)
      await environment.pass(60_000)
      expect(await refreshed).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
      expect([session.getSnapshot().status, environment.timers]).toEqual(['signed_out', 0])
    })

    it('uses the answer although an earlier request with the refresh token is never answered', async () => {
      const answers = [new Promise<never>(() => undefined), deferred<TokenResponse>(), deferred<TokenResponse>()] as const
      let calls = 0
      const refresh = (): Promise<TokenResponse> => [answers[0], answers[1].promise, answers[2].promise][calls++]!
      const session = startSession(environment, memoryStore(tokensFor(environment, 1)), refresh)
      for (let i = 0; i < 2; i++) {
        const failed = rejection(session.refresh())
        await environment.pass(60_000)
        await failed
        await environment.pass(20_000)
      }
      const refreshed = session.refresh()
      await settle()
      answers[2].reject({ error: 'invalid_grant' })
      await environment.pass(1000)
      answers[1].resolve(late)
      expect((await refreshed).access_token).toBe('a2')
    })

    it('keeps the answer in memory when the store can not be read, and saves it later', async () => {
      let isBroken = false
      const plain = memoryStore(tokensFor(environment, 1))
      const answer = deferred<TokenResponse>()
      const store: TokenStore = {
        read: () => (isBroken ? Promise.reject(new Error('made up')) : plain.read()),
        write: (tokens, context) => (isBroken ? Promise.reject(new Error('made up')) : plain.write(tokens, context)),
      }
      const session = startSession(environment, store, () => answer.promise)
      const failed = rejection(session.refresh())
      await environment.pass(60_000)
      await failed
      isBroken = true
      answer.resolve(late)
      await settle()
      expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', persisted: false })
      isBroken = false
      await environment.pass(2000)
      expect((await session.getToken())?.accessToken).toBe('a2')
      await settle()
      expect(await plain.read()).toMatchObject({ refresh_token: 'r2' })
    })

    it('revokes the answer that a sign-out has overtaken while it waited for the lock', async () => {
      const revoked: unknown[] = []
      const locked = deferred()
      let locks = 0
      const plain = memoryStore(tokensFor(environment, 1))
      const store = sharedStore({
        read: () => plain.read(),
        write: (tokens, context) => plain.write(tokens, context),
        lock: async (run) => {
          if (++locks > 1) await locked.promise
          return run()
        },
      })
      const answer = deferred<TokenResponse>()
      const session = startSession(environment, store, () => answer.promise, {
        revoke: async (tokens: TokenSet) => void revoked.push(tokens.refresh_token),
      })
      const failed = rejection(session.refresh())
      await environment.pass(60_000)
      await failed
      answer.resolve(late)
      await settle()
      await session.signOut()
      locked.resolve()
      await settle()
      expect(revoked).toEqual(['r2'])
    })

    it('revokes the answer after a sign-out', async () => {
      const revoked: unknown[] = []
      const { session, answer } = await overdue({ revoke: async (tokens: TokenSet) => void revoked.push(tokens.refresh_token) })
      await session.signOut()
      answer.resolve(late)
      await settle()
      expect(revoked).toEqual(['r2'])
    })

    it('keeps the tokens when the function fails', async () => {
      const { session, answer, events } = await overdue()
      answer.reject({ error: 'invalid_grant' })
      await settle()
      expect((await session.getToken())?.accessToken).toBe('a1')
      expect(events).toEqual([])
    })
  })

  it('fails only after the answers that arrived while the process was suspended have been read', async () => {
    const answer = deferred<TokenResponse>()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), () => answer.promise)
    const refreshed = session.refresh()
    await settle()
    environment.mono += 8 * 3_600_000
    await environment.pass(500)
    answer.resolve({ access_token: 'a2' })
    await refreshed
    expect((await session.getToken())?.accessToken).toBe('a2')
    expect(environment.timers).toBe(0)
  })

  it('fails a second after a suspension without an answer', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), () => new Promise(() => undefined))
    const failed = rejection(session.refresh())
    await settle()
    environment.mono += 8 * 3_600_000
    await environment.pass(1000)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })
})
