import { jest } from '@jest/globals'
import { OAuthError, originalCause } from '../../src/errors.js'
import { clientCredentials, refreshToken } from '../../src/grants/index.js'
import type { FailureKind } from '../../src/policy.js'
import { refreshToken as smallRefreshToken } from '../../src/refresh-token.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import {
  counted,
  issuer,
  listenTo,
  shareable,
  startSession,
  storeElsewhere,
  tokensFor,
  type TestSession,
} from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

/** A session whose refreshes fail, and how often the token endpoint was asked. */
function failing(store: TokenStore, failure: unknown): { session: TestSession; calls: () => number } {
  let calls = 0
  const session = startSession(environment, store, async () => {
    calls++
    throw failure
  })
  return { session, calls: () => calls }
}

const down = { status: 500 }

describe('a refresh that fails', () => {
  it.each([
    ['while the token endpoint is down', down, 'OAUTH_REFRESH_UNAVAILABLE', /HTTP 500.*Try again later/, 'a1'],
    ['since the client is refused', { error: 'invalid_client' }, 'OAUTH_CLIENT_REFUSED', /invalid_client.*client settings/, 'a1'],
    ['since the grant has ended', { error: 'invalid_grant' }, 'OAUTH_INVALID_GRANT', /invalid_grant.*Sign in again/, undefined],
  ])('%s says what to do, and deletes only a set that has ended', async (_why, failure, code, advice, left) => {
    const store = memoryStore(a(1))
    const session = startSession(environment, store, () => Promise.reject(failure))
    const error = await rejection(session.refresh())
    expect(error).toMatchObject({ code, message: expect.stringMatching(advice), cause: failure })
    expect(originalCause(error)).toBe(failure)
    expect([(await session.tokens())?.access_token, (await store.read())?.access_token]).toEqual([left, left])
  })

  it.each<[string, unknown, string]>([
    ['with its cause where that is known', { status: 500 }, 'The token endpoint gave no usable answer (HTTP 500). The tokens'],
    ['without one where that is unknown', new Error('made up'), 'The token endpoint gave no usable answer. The tokens'],
  ])('has a message %s', async (_which, failure, message) => {
    const { session } = failing(memoryStore(a(1)), failure)
    expect(await rejection(session.refresh())).toMatchObject({
      message: expect.stringMatching(new RegExp(`^${message.replace(/[().]/g, '\\$&')}`)),
    })
  })

  it('is seen in the snapshot until one succeeds', async () => {
    let failure: unknown = down
    const session = startSession(environment, memoryStore(a(1)), async () => {
      if (failure) throw failure
      return a(2)
    })
    const error = await rejection(session.refresh())
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_in', lastError: error })
    failure = undefined
    await session.refresh()
    expect(session.getSnapshot()).not.toHaveProperty('lastError')
  })

  it('is tried again only when it was not processed, three times in all, and leaves no timer', async () => {
    environment.randomness = 1
    const { session, calls } = failing(memoryStore(a(1)), { status: 503 })
    const failed = rejection(session.refresh())
    await environment.pass(1000)
    expect(calls()).toBe(2)
    await environment.pass(2000)
    expect(calls()).toBe(3)
    expect(await failed).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
    expect(environment.timers).toBe(0)
  })

  it.each<[string, unknown]>([
    ['an object with other names', { accessToken: 'a2', refreshToken: 'r2' }],
    ['a whole response', { status: 200, headers: {}, data: { access_token: 'a2' } }],
    ['a Response', new Response('{}')],
    ['nested tokens', { status: 'success', payload: { accessToken: 'a2' } }],
    ['the names of Simple JWT', { access: 'a2', refresh: 'r2' }],
    ['a token as text', 'eyJhbGciOiJub25lIn0.e30.made-up'],
    ['true', true],
  ])(
    'a refresh function that resolves with %s: the error says what to resolve with, and that no retry helps',
    async (_what, answer) => {
      const session = startSession(environment, memoryStore(a(1)), async () => answer as never)
      expect(await rejection(session.refresh())).toMatchObject({
        code: 'OAUTH_REFRESH_UNAVAILABLE',
        message: expect.stringMatching(/resolved without an access_token.*response\.data.*mapTokens/) as string,
        retryable: false,
      })
      expect((await session.tokens())?.access_token).toBe('a1')
    },
  )

  it.each<[string, unknown]>([
    ['the page of a proxy', '<html>Maintenance</html>'],
    ['a status', { status: 503, error: 'made_up' }],
    ['an overload in an answer with status 200', { ok: false, error: 'ratelimited', data: null }],
    ['an empty object', {}],
    ['a text of its own', { success: false, message: 'made up' }],
    ['undefined', undefined],
    ['a text beside a token of another kind', { message: 'made up', csrfToken: 'made-up' }],
    ['a token type beside a text', { token_type: 'bearer', message: 'made up' }],
    [
      'an object whose members throw',
      Object.defineProperty({}, 'accessToken', {
        enumerable: true,
        get() {
          throw new Error('made up')
        },
      }),
    ],
    ['a word', 'unavailable'],
    ['empty tokens', { access_token: null, refresh_token: '' }],
  ])('a refresh function that resolves with %s: a retry can help', async (_what, answer) => {
    const session = startSession(environment, memoryStore(a(1)), async () => answer as never, { retry: { limit: 1 } })
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable: true })
  })

  it('a refresh function that takes too long: the error names context.signal', async () => {
    const session = startSession(environment, memoryStore(a(1)), () => new Promise(() => undefined))
    const failed = rejection<Error>(session.refresh())
    await environment.pass(60_000)
    expect((await failed).message).toMatch(/longer than 60000 ms.*context\.signal.*The tokens were kept/)
  })

  it.each<[unknown]>([[null], [undefined], [false], [5], ['text'], [{}]])(
    'a refresh function that rejects with %p ends no session: it says nothing about the refresh token',
    async (reason) => {
      const { session } = failing(memoryStore(a(1)), reason as never)
      expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', retryable: true })
      expect((await session.tokens())?.access_token).toBe('a1')
    },
  )

  it.each<[FailureKind, string]>([
    ['transient', 'OAUTH_REFRESH_UNAVAILABLE'],
    ['misconfigured', 'OAUTH_CLIENT_REFUSED'],
    ['ended', 'OAUTH_INVALID_GRANT'],
  ])('classify may call a refresh function that resolves with null %s', async (kind, code) => {
    const session = startSession(environment, memoryStore(a(1)), async () => null, { classify: () => kind })
    expect(await rejection(session.refresh())).toMatchObject({ code })
    expect((await session.tokens())?.access_token).toBe(kind === 'ended' ? undefined : 'a1')
  })

  it.each([
    ['a refresh function that resolves with null ends the session', null],
    ['an error in an answer with status 200 ends the session', { error: 'invalid_grant' }],
    ['an error beside empty tokens ends the session', { access_token: null, refresh_token: null, error: 'invalid_grant' }],
  ])('%s', async (_what, answer) => {
    const session = startSession(environment, memoryStore(a(1)), async () => answer as never)
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_INVALID_GRANT',
      message: expect.stringMatching(/ Sign in again\. See docs\/errors\.md#oauth_invalid_grant$/),
    })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })

  it.each(['text', 5, undefined, {}, [], { access_token: 5 }])(
    'that resolves with %j keeps the tokens and says so',
    async (answer) => {
      const session = startSession(environment, memoryStore(a(1)), async () => answer as never)
      expect(await rejection(session.refresh())).toMatchObject({
        code: 'OAUTH_REFRESH_UNAVAILABLE',
        message: expect.stringContaining('The tokens were kept.'),
      })
      expect((await session.getToken())?.accessToken).toBe('a1')
    },
  )

  it('ends the session when classify says so of an error of this package too', async () => {
    const failure = new OAuthError('OAUTH_CLIENT_REFUSED', 'made up')
    const session = startSession(environment, memoryStore(a(1)), () => Promise.reject(failure), { classify: () => 'ended' })
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT', cause: failure })
    expect(session.getSnapshot().status).toBe('signed_out')
  })

  it.each([
    ['ended', 'OAUTH_INVALID_GRANT', 'signed_out'],
    ['misconfigured', 'OAUTH_CLIENT_REFUSED', 'signed_in'],
    ['transient', 'OAUTH_REFRESH_UNAVAILABLE', 'signed_in'],
  ] as const)('means what classify says: %s', async (kind, code, status) => {
    const session = startSession(environment, memoryStore(a(1)), () => Promise.reject({ status: 418 }), { classify: () => kind })
    expect(await rejection(session.refresh())).toMatchObject({ code })
    expect(session.getSnapshot().status).toBe(status)
  })

  it('never ends the session when the refresh function says that it never ends', async () => {
    const refresh = jest.fn(() => Promise.reject({ error: 'invalid_grant' }))
    const session = startSession(environment, memoryStore(a(1)), Object.assign(refresh, { neverEnds: true }) as never)
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED', oauthError: 'invalid_grant' })
    expect(session.getSnapshot().status).toBe('signed_in')
    // The cool-down keeps the next need from asking again.
    expect(await rejection(session.getTokenAfter401((await session.getToken())!))).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED' })
    expect(refresh).toHaveBeenCalledTimes(1)
  })

  it('is no end when there were no tokens: a page that has just been loaded has had no session', async () => {
    const refresh = Object.assign(async () => null, { needsRefreshToken: false })
    const session = startSession(environment, memoryStore(), refresh)
    const events = listenTo(session, 'signed_out')
    await rejection(session.refresh())
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
    expect(events).toEqual([])
  })
})

describe('an end that is inferred', () => {
  const unauthorized = { status: 401 }

  it('counts as a transient failure while the access token is accepted', async () => {
    const { session } = failing(memoryStore(a(1)), unauthorized)
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      cause: expect.objectContaining({ code: 'OAUTH_INVALID_GRANT' }),
    })
    expect((await session.getToken())?.accessToken).toBe('a1')
  })

  it.each<[string, (session: TestSession) => Promise<unknown>]>([
    ['was rejected', async (session) => session.getTokenAfter401((await session.getToken())!)],
    ['has expired', async (session) => (await session.tokens(), await environment.pass(3_601_000), session.getToken())],
  ])('signs out once the access token %s, and the stored set stays', async (_what, request) => {
    const store = memoryStore(a(1))
    const { session } = failing(store, unauthorized)
    expect(await rejection(request(session))).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
    expect(await store.read()).toMatchObject({ access_token: 'a1' })
  })

  it('signs out where there is no access token', async () => {
    const { session } = failing(memoryStore({ refresh_token: 'r1' }), unauthorized)
    expect(await rejection(session.getToken())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot().status).toBe('signed_out')
  })

  it('is tried again by refresh(), with the set that stayed', async () => {
    let failure: unknown = unauthorized
    const redeemed: unknown[] = []
    const session = startSession(environment, memoryStore(a(1)), async (tokens) => {
      redeemed.push(tokens?.refresh_token)
      if (failure) throw failure
      return a(2)
    })
    await rejection(session.getTokenAfter401((await session.getToken())!))
    failure = undefined
    expect((await session.refresh()).access_token).toBe('a2')
    expect([redeemed, session.getSnapshot().status]).toEqual([['r1', 'r1'], 'signed_in'])
  })

  it('is tried again after a change of the store', async () => {
    const store = memoryStore(a(1))
    const { session } = failing(store, unauthorized)
    await rejection(session.getTokenAfter401((await session.getToken())!))
    await storeElsewhere(store, a(7))
    expect((await session.getToken())?.accessToken).toBe('a7')
  })

  it('leaves a set that signOut() deletes, also while signed out', async () => {
    const store = memoryStore(a(1))
    const { session } = failing(store, unauthorized)
    await rejection(session.getTokenAfter401((await session.getToken())!))
    await session.signOut()
    expect(await store.read()).toBeUndefined()
  })
})

describe('the cool-down', () => {
  it.each([
    ['the token endpoint is down', down],
    ['the client is refused', { error: 'invalid_client' }],
  ])('begins when %s', async (_what, failure) => {
    const { session, calls } = failing(memoryStore(a(1, 1000)), failure)
    await session.tokens()
    await environment.pass(900_000)
    for (let i = 0; i < 3; i++) {
      session.peekToken()
      await settle()
    }
    expect(calls()).toBe(1)
  })

  it('does not begin when the lock of the store fails: requests go out with the present token', async () => {
    let locks = 0
    const lock = (): never => {
      locks++
      throw new Error('made up')
    }
    const session = startSession(environment, shareable({ ...memoryStore(a(1, 10)), lock }), issuer())
    const events = listenTo(session, 'refresh_failed')
    await environment.pass(11_000)
    for (let i = 0; i < 3; i++) expect((await session.getToken())?.accessToken).toBe('a1')
    expect(locks).toBe(3)
    expect(events).toEqual(
      Array(3).fill(['refresh_failed', { reason: 'expired', error: expect.objectContaining({ code: 'OAUTH_STORE_FAILED' }) }]),
    )
  })

  it('begins also when the refresh function rejects with an error of another session', async () => {
    const cause = new OAuthError('OAUTH_TOKEN_INVALID', 'made up')
    const { session, calls } = failing(memoryStore(a(1, 10)), cause)
    const events = listenTo(session, 'refresh_failed')
    await environment.pass(11_000)
    for (let i = 0; i < 3; i++) expect((await session.getToken())?.accessToken).toBe('a1')
    expect([calls(), events.length]).toEqual([1, 1])
    expect(events).toMatchObject([['refresh_failed', { error: { code: 'OAUTH_REFRESH_UNAVAILABLE', cause } }]])
  })

  it('of one refresh token lasts 10, 20, 40 and then 60 s, and a new refresh token has none', async () => {
    const { session, calls } = failing(memoryStore(a(1, 10)), down)
    await environment.pass(11_000)
    for (const seconds of [10, 20, 40, 60, 60]) {
      const before = calls()
      await session.getToken()
      expect(calls()).toBe(before + 1)
      await environment.pass(seconds * 1000 - 1)
      await session.getToken()
      expect(calls()).toBe(before + 1)
      await environment.pass(1)
    }
    await session.getToken()
    await session.signIn(a(9, 10))
    await environment.pass(11_000)
    const before = calls()
    await session.getToken()
    expect(calls()).toBe(before + 1)
  })

  it('lets requests go out with the present token, although it has expired', async () => {
    const { session, calls } = failing(memoryStore(a(1, 10)), down)
    await environment.pass(11_000)
    const sent: unknown[] = []
    for (let i = 0; i < 4; i++) sent.push((await session.getToken())?.accessToken)
    expect([sent, calls(), environment.timers]).toEqual([['a1', 'a1', 'a1', 'a1'], 1, 0])
  })

  it('rejects a 401 with the typed error and the cause of the failed refresh; the application may ask all the same', async () => {
    const { session, calls } = failing(memoryStore(a(1, 10)), down)
    await environment.pass(11_000)
    const token = (await session.getToken())!
    for (let i = 0; i < 3; i++)
      expect(await rejection(session.getTokenAfter401(token))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE', cause: down })
    expect([calls(), environment.timers]).toEqual([1, 0])
    await rejection(session.refresh())
    expect(calls()).toBe(2)
  })

  it.each([
    [true, 2],
    [false, 1],
  ])('of a request that began offline (%j) ends when the platform is online', async (wasOffline, asked) => {
    let isOffline = wasOffline
    Object.assign(environment, { isOffline: () => isOffline })
    const { session, calls } = failing(memoryStore(a(1, 10)), down)
    await environment.pass(11_000)
    for (let i = 0; i < 2; i++) await session.getToken()
    expect(calls()).toBe(1)
    isOffline = false
    await session.getToken()
    expect(calls()).toBe(asked)
  })

  it.each([
    ['refresh() of the application', async (session: TestSession) => void (await rejection(session.refresh()))],
    ['a sign-in with the refresh token', (session: TestSession) => session.signIn(a(1, 0))],
    [
      'a sign-out and a sign-in with the refresh token',
      async (session: TestSession) => (await session.signOut(), session.signIn(a(1, 0))),
    ],
  ])('is ended by %s', async (_what, end) => {
    const { session, calls } = failing(memoryStore(a(1, 10)), down)
    await environment.pass(11_000)
    await session.getToken()
    await end(session)
    if (calls() === 1) await session.getToken()
    expect(calls()).toBe(2)
  })

  it.each<[string, () => TokenJSON, string, number]>([
    ['a newer set is used', () => a(7), 'a7', 1],
    ['another refresh token is tried', () => a(7, 0), 'a7', 2],
  ])('does not hide what another process has stored: %s', async (_what, stored, accessToken, asked) => {
    const store = memoryStore(a(1, 10))
    const { session, calls } = failing(store, down)
    await environment.pass(11_000)
    await session.getToken()
    await storeElsewhere(store, stored())
    await environment.pass(1000)
    expect([(await session.getToken())?.accessToken, calls()]).toEqual([accessToken, asked])
  })
})

describe('a set without a refresh token', () => {
  it('gives way to one that another process stores', async () => {
    const store = memoryStore({ ...a(1, 10), refresh_token: undefined })
    const session = startSession(environment, store, issuer())
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('a1')
    await storeElsewhere(store, a(7))
    await environment.pass(1000)
    expect((await session.getToken())?.accessToken).toBe('a7')
  })
})

describe('a store that can tell that it can not be written', () => {
  const unwritable = (tokens: TokenJSON): TokenStore & { written: unknown[] } =>
    counted({
      ...memoryStore(tokens),
      checkWritable: () => {
        throw new Error('read-only')
      },
      write: () => Promise.reject(new Error('read-only')),
    })

  it('keeps the refresh token from being spent while the access token is accepted', async () => {
    const refresh = issuer()
    const session = startSession(environment, unwritable(a(1)), refresh)
    const error = await rejection(session.refresh())
    expect(error).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(error.message).not.toContain('refreshWhenUnwritable')
    expect([refresh.redeemed, (await session.getToken())?.accessToken]).toEqual([[], 'a1'])
  })

  it.each<[string, (session: TestSession) => Promise<unknown>]>([
    ['was rejected', async (session) => session.getTokenAfter401((await session.getToken())!)],
    ['has expired', async (session) => (await session.tokens(), await environment.pass(3_601_000), session.refresh())],
  ])('and after the access token %s: the error names the option', async (_what, request) => {
    const refresh = issuer()
    const session = startSession(environment, unwritable(a(1)), refresh)
    expect(await rejection(request(session))).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining('refreshWhenUnwritable'),
      cause: expect.objectContaining({ code: 'OAUTH_STORE_FAILED' }),
    })
    expect(refresh.redeemed).toEqual([])
  })

  it('with refreshWhenUnwritable the refresh token is used', async () => {
    const refresh: RefreshFunction = issuer()
    const session = startSession(environment, unwritable(a(1)), refresh, { refreshWhenUnwritable: true })
    expect((await session.refresh()).access_token).toBe('a2')
    expect(session.getSnapshot()).toMatchObject({ persisted: false })
  })

  it('where the server rotates, the refresh token is not used once the access token has expired', async () => {
    let isBroken = false
    const store: TokenStore = {
      ...memoryStore(a(1, 10)),
      checkWritable: () => {
        if (isBroken) throw new Error('read-only')
      },
    }
    const refresh = issuer(10)
    const session = startSession(environment, store, refresh)
    await session.refresh()
    isBroken = true
    await environment.pass(11_000)
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('where the server is known not to rotate, the refresh token is used once the access token has expired', async () => {
    let isBroken = false
    const store: TokenStore = {
      ...memoryStore(a(1, 10)),
      checkWritable: () => {
        if (isBroken) throw new Error('read-only')
      },
    }
    let calls = 0
    const session = startSession(environment, store, async () => ({ access_token: `b${++calls}`, expires_in: 10 }))
    await session.refresh()
    isBroken = true
    await environment.pass(11_000)
    expect((await session.getToken())?.accessToken).toBe('b2')
  })
})

it.each<[string, RefreshFunction]>([
  ['the small refreshToken itself', smallRefreshToken as never],
  ['refreshToken of the grants itself', refreshToken as never],
  ['clientCredentials itself', clientCredentials as never],
  [
    'a refresh function whose settings are loaded too late',
    (tokens, context) => smallRefreshToken({ tokenEndpoint: undefined as never, clientId: 'app' })(tokens, context),
  ],
])('%s as the option refresh is a wrong setting, which the message names, and the session stays', async (_what, refresh) => {
  const session = startSession(environment, memoryStore(a(1, 0)), (tokens, context) => refresh(tokens, context))
  expect(await rejection(session.refresh())).toMatchObject({
    code: 'OAUTH_CLIENT_REFUSED',
    retryable: false,
    message: expect.stringMatching(/A setting is wrong: (refreshToken|clientCredentials): .*option/) as string,
  })
  expect(session.getSnapshot().status).toBe('signed_in')
})
