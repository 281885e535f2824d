import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction, TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { storeElsewhere, issuer, startSession, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)
const without = (tokens: TokenJSON & { access_token: string }): TokenJSON & { access_token: string } => {
  const { refresh_token: _left, ...rest } = tokens
  return rest
}

/** Refuses the refresh tokens named, after doing what it is told to. */
function refusing(tokens: string[], meanwhile: () => Promise<void> | void): RefreshFunction & { redeemed: unknown[] } {
  const { redeemed, ...rest } = issuer()
  const refresh: RefreshFunction = async (present) => {
    redeemed.push(present?.refresh_token)
    if (!tokens.includes(String(present?.refresh_token))) return a(redeemed.length + 20)
    await meanwhile()
    throw { error: 'invalid_grant' }
  }
  return Object.assign(refresh, rest, { redeemed })
}

describe('what somebody else has stored before a refresh', () => {
  it('is refreshed itself when it has expired too', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7, 0))
    expect((await session.refresh()).access_token).toBe('a2')
    expect(refresh.redeemed).toEqual(['r7'])
  })

  it('is not taken for news when only the refresh token is another: that access token was rejected', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    const rejected = (await session.getToken())!
    await storeElsewhere(store, { ...a(1), refresh_token: 'r7' })
    expect((await session.getTokenAfter401(rejected)).accessToken).toBe('a2')
    expect(refresh.redeemed).toEqual(['r7'])
  })

  it('is adopted by a session in which nobody was signed in', async () => {
    const store = memoryStore()
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7))
    expect((await session.refresh()).access_token).toBe('a7')
    expect(refresh.redeemed).toEqual([])
  })

  it('does not take the place of a stronger sign-in', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7))
    expect((await session.runStepUp(async () => a(9))).accessToken).toBe('a9')
    expect([refresh.redeemed, await store.read()]).toEqual([[], expect.objectContaining({ access_token: 'a9' })])
  })

  it('that is nothing, after a sign-out that could not delete here, does not stop a new token from being got', async () => {
    let fail = true
    const store = storeWith(a(1), (kept) => ({
      write(tokens, context) {
        if (fail) throw new Error('made up')
        return kept.write(tokens, context)
      },
    }))
    const session = startSession(environment, store, Object.assign(issuer(), { needsRefreshToken: false }))
    await session.tokens()
    await rejection(session.signOut())
    fail = false
    await storeElsewhere(store, undefined)
    expect((await session.refresh()).access_token).toBe('a2')
    expect(session.getSnapshot().status).toBe('signed_in')
  })
})

describe('a refresh that can not be made', () => {
  it('because there is no refresh function says so, and names the store', async () => {
    const session = startSession(environment, { ...memoryStore(a(1)), name: 'made-up store' }, false)
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      message: expect.stringMatching(/no refresh function.*made-up store/) as string,
    })
  })

  it.each([
    ['there is no refresh token in the set', (): TokenJSON => without(a(1)), 'OAUTH_NO_REFRESH_TOKEN', 'offline_access'],
    ['nobody is signed in', () => undefined, 'OAUTH_SIGNED_OUT', 'signIn(tokens)'],
  ])('because %s asks nobody, and says what helps', async (_why, tokens, code, hint) => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(tokens()), refresh)
    expect(await rejection(session.refresh())).toMatchObject({ code, message: expect.stringContaining(hint) as string })
    expect(refresh.redeemed).toEqual([])
  })

  it('does not stop a stronger sign-in, which brings its own token', async () => {
    const session = startSession(environment, memoryStore(without(a(1))), issuer())
    await session.tokens()
    expect((await session.runStepUp(async () => a(9))).accessToken).toBe('a9')
  })
})

describe('a refresh function', () => {
  it('may do to the tokens that it gets what it likes: the session’s own stay as they are', async () => {
    const session = startSession(environment, memoryStore(a(1)), async (tokens) => {
      tokens!.access_token = 'spoilt'
      throw { status: 500 }
    })
    await rejection(session.refresh())
    expect((await session.tokens())?.access_token).toBe('a1')
  })

  it('that works without a refresh token gets no tokens when there are none', async () => {
    const given: unknown[] = []
    const refresh: RefreshFunction = async (tokens) => (given.push(tokens), { access_token: 'a2' })
    const session = startSession(environment, memoryStore(), Object.assign(refresh, { needsRefreshToken: false }))
    expect((await session.getToken())?.accessToken).toBe('a2')
    expect(given).toEqual([undefined])
  })

  it('has nothing to do with stronger sign-ins, which do not count against its limit', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    let held = (await session.getToken())!
    for (let n = 11; n < 17; n++) held = await session.runStepUp(async () => a(n))
    expect((await session.getTokenAfter401(held)).accessToken).toBe('a2')
  })
})

describe('while a new set is on its way', () => {
  /** Whether the new set was revoked, and what the session has then, when this happens in between. */
  async function after(meanwhile: (store: TokenStore) => Promise<void>): Promise<unknown> {
    const store = memoryStore(a(1))
    const revoked: unknown[] = []
    const refresh: RefreshFunction = async () => (await meanwhile(store), a(2))
    const session = startSession(environment, store, refresh, {
      revoke: ({ access_token }) => void revoked.push(access_token),
    })
    await session.refresh().catch(() => undefined)
    await settle()
    return [session.getSnapshot().status, (await session.tokens())?.access_token, revoked]
  }

  it.each([
    [
      'somebody else signs out: it is revoked',
      (store: TokenStore) => storeElsewhere(store, undefined),
      ['signed_out', undefined, ['a2']],
    ],
    ['somebody else signs in: theirs is used', (store: TokenStore) => storeElsewhere(store, a(7)), ['signed_in', 'a7', []]],
    ['nothing happens: it is used', async () => undefined, ['signed_in', 'a2', []]],
  ])('%s', async (_name, meanwhile, expected) => {
    expect(await after(meanwhile)).toEqual(expected)
  })
})

describe('a refresh token that is refused', () => {
  it('is followed by the one that somebody else has stored meanwhile, even if its access token has expired', async () => {
    const store = memoryStore(a(1))
    const refresh = refusing(['r1'], () => storeElsewhere(store, a(7, 0)))
    const session = startSession(environment, store, refresh)
    expect((await session.refresh()).access_token).toBe('a22')
    expect(refresh.redeemed).toEqual(['r1', 'r7'])
  })

  it('signs out also where it can not be deleted', async () => {
    const store = storeWith(a(1), () => ({ write: () => Promise.reject(new Error('made up')) }))
    const session = startSession(
      environment,
      store,
      refusing(['r1'], () => undefined),
    )
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })

  it('is not the end of a sign-in that came while it was being deleted', async () => {
    const deleting = deferred()
    const began = deferred()
    const store = storeWith(a(1), (kept) => ({
      async write(tokens, context) {
        if (context.mode === 'set') return kept.write(tokens, context)
        began.resolve()
        await deleting.promise
        await storeElsewhere(kept, a(7))
        return false
      },
    }))
    const session = startSession(
      environment,
      store,
      refusing(['r1'], () => undefined),
    )
    session.refresh().catch(() => undefined)
    await began.promise
    const signedIn = session.signIn(a(9))
    deleting.resolve()
    await signedIn
    await settle()
    expect([session.peekToken()?.accessToken, (await store.read())?.access_token]).toEqual(['a9', 'a9'])
  })
})
