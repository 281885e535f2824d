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

/** Refuses some refresh tokens, after `meanwhile`. */
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

describe('a set that another process stored before a refresh', () => {
  it('is refreshed itself when it has expired', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7, 0))
    expect((await session.refresh()).access_token).toBe('a2')
    expect(refresh.redeemed).toEqual(['r7'])
  })

  it('with the rejected access token and another refresh token is refreshed', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    const rejected = (await session.getToken())!
    await storeElsewhere(store, { ...a(1), refresh_token: 'r7' })
    expect((await session.getTokenAfter401(rejected)).accessToken).toBe('a2')
    expect(refresh.redeemed).toEqual(['r7'])
  })

  it('is adopted by a session that was signed out', async () => {
    const store = memoryStore()
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7))
    expect((await session.refresh()).access_token).toBe('a7')
    expect(refresh.redeemed).toEqual([])
  })

  it('does not take the place of a step-up', async () => {
    const store = memoryStore(a(1))
    const refresh = issuer()
    const session = startSession(environment, store, refresh)
    await session.tokens()
    await storeElsewhere(store, a(7))
    expect((await session.runStepUp(async () => a(9))).accessToken).toBe('a9')
    expect([refresh.redeemed, await store.read()]).toEqual([[], expect.objectContaining({ access_token: 'a9' })])
  })

  it('does not matter when it is a deletion, after a sign-out that could not delete: a new token can be requested', async () => {
    let isBroken = true
    const store = storeWith(a(1), (kept) => ({
      write(tokens, context) {
        if (isBroken) throw new Error('made up')
        return kept.write(tokens, context)
      },
    }))
    const session = startSession(environment, store, Object.assign(issuer(), { needsRefreshToken: false }))
    await session.tokens()
    await rejection(session.signOut())
    isBroken = false
    await storeElsewhere(store, undefined)
    expect((await session.refresh()).access_token).toBe('a2')
    expect(session.getSnapshot().status).toBe('signed_in')
  })
})

describe('a refresh without what it needs', () => {
  it('rejects with the name of the store when there is no refresh function', async () => {
    const session = startSession(environment, { ...memoryStore(a(1)), name: 'made-up store' }, false)
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      message: expect.stringMatching(/no refresh function.*made-up store/) as string,
    })
  })

  it.each([
    ['there is no refresh token in the set', (): TokenJSON => without(a(1)), 'OAUTH_NO_REFRESH_TOKEN', 'offline_access'],
    ['the session is signed out', () => undefined, 'OAUTH_SIGNED_OUT', 'signIn(tokens)'],
  ])('asks no token endpoint when %s, and says what helps', async (_why, tokens, code, hint) => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(tokens()), refresh)
    expect(await rejection(session.refresh())).toMatchObject({ code, message: expect.stringContaining(hint) as string })
    expect(refresh.redeemed).toEqual([])
  })

  it('does not stop a step-up, which brings its own token', async () => {
    const session = startSession(environment, memoryStore(without(a(1))), issuer())
    await session.tokens()
    expect((await session.runStepUp(async () => a(9))).accessToken).toBe('a9')
  })
})

describe('a refresh function', () => {
  it('may change the tokens that it gets: they are a copy', async () => {
    const session = startSession(environment, memoryStore(a(1)), async (tokens) => {
      tokens!.access_token = 'changed'
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
})

describe('while a refresh runs', () => {
  /** The status, the token and what was revoked, when something happens during the refresh. */
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
      'another process signs out: the new set is revoked',
      (store: TokenStore) => storeElsewhere(store, undefined),
      ['signed_out', undefined, ['a2']],
    ],
    [
      'another process stores a set: that is used, and the new one is not revoked',
      (store: TokenStore) => storeElsewhere(store, a(7)),
      ['signed_in', 'a7', []],
    ],
    ['nothing happens: the new set is used', async () => undefined, ['signed_in', 'a2', []]],
  ])('%s', async (_name, meanwhile, expected) => {
    expect(await after(meanwhile)).toEqual(expected)
  })
})

describe('a refresh token that is refused', () => {
  it('is replaced by the one that another process has stored meanwhile, even if its access token has expired', async () => {
    const store = memoryStore(a(1))
    const refresh = refusing(['r1'], () => storeElsewhere(store, a(7, 0)))
    const session = startSession(environment, store, refresh)
    expect((await session.refresh()).access_token).toBe('a22')
    expect(refresh.redeemed).toEqual(['r1', 'r7'])
  })

  it('ends the session also when the stored set can not be deleted', async () => {
    const store = storeWith(a(1), () => ({ write: () => Promise.reject(new Error('made up')) }))
    const session = startSession(
      environment,
      store,
      refusing(['r1'], () => undefined),
    )
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })

  it('does not end a sign-in that comes while the stored set is being deleted', async () => {
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
