import { getEventListeners } from 'node:events'
import { memoryStore } from '../../src/stores/memory.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { controlledRefresh, counted, issuer, startSession, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)
const down = (): Promise<never> => Promise.reject({ status: 500 })

describe('getAccessToken()', () => {
  it('gives the valid token in memory, and reads the store once', async () => {
    const store = counted(memoryStore(a(1)))
    const session = startSession(environment, store, issuer())
    expect([await session.getAccessToken(), await session.getAccessToken(), store.reads]).toEqual(['a1', 'a1', 1])
  })

  it('refreshes an expired token, once for all callers', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(a(1, 10)), refresh)
    await environment.pass(11_000)
    expect(await Promise.all([session.getAccessToken(), session.getAccessToken()])).toEqual(['a2', 'a2'])
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('gives the present token while the token endpoint is down, as long as it is valid', async () => {
    const session = startSession(environment, memoryStore(a(1, 1000)), down)
    await session.tokens()
    await environment.pass(980_000)
    expect(await session.getAccessToken()).toBe('a1')
    await environment.pass(21_000)
    expect(await rejection(session.getAccessToken())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })

  it('rejects while the session is signed out, and after its end', async () => {
    expect(await rejection(startSession(environment, memoryStore(), issuer()).getAccessToken())).toMatchObject({
      code: 'OAUTH_SIGNED_OUT',
    })
    const session = startSession(environment, memoryStore(a(1)), issuer())
    await session.signOut()
    expect(await rejection(session.getAccessToken())).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })

  it('is not given at the instant at which it expires', async () => {
    const session = startSession(environment, memoryStore(a(1, 1000)), down)
    await session.tokens()
    await environment.pass(1_000_000)
    expect(await rejection(session.getAccessToken())).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })

  it('rejects with the error that ends the session', async () => {
    const session = startSession(environment, memoryStore(a(1, 10)), () => Promise.reject({ error: 'invalid_grant' }))
    await environment.pass(11_000)
    expect(await rejection(session.getAccessToken())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
  })

  it('rejects with the error of a store that can not be read', async () => {
    const read = (): never => {
      throw new Error('made up')
    }
    const session = startSession(environment, { ...memoryStore(), read }, issuer())
    expect(await rejection(session.getAccessToken())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
  })
})

describe('getAccessToken({ rejected })', () => {
  it('counts as a 401 for that token', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    expect(await session.getAccessToken({ rejected: 'a1' })).toBe('a2')
  })

  it('gives the present token when the rejected one is older', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(a(1)), refresh)
    await session.refresh()
    expect([await session.getAccessToken({ rejected: 'a1' }), refresh.redeemed]).toEqual(['a2', ['r1']])
  })

  it('never gives the rejected token', async () => {
    const session = startSession(environment, memoryStore(a(1)), down)
    expect(await rejection(session.getAccessToken({ rejected: 'a1' }))).toMatchObject({ code: 'OAUTH_REFRESH_UNAVAILABLE' })
  })
})

describe('getAccessToken({ rejected }) in other states', () => {
  it('never gives the rejected token, though a refresh brings it again', async () => {
    const session = startSession(environment, memoryStore(a(1)), async () => ({ ...a(2), access_token: 'a1' }))
    expect(await rejection(session.getAccessToken({ rejected: 'a1' }))).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
    })
  })

  it('rejects while the session is signed out', async () => {
    const session = startSession(environment, memoryStore(), issuer())
    expect(await rejection(session.getAccessToken({ rejected: 'a1' }))).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
  })
})

describe('getAccessToken({ validFor })', () => {
  it('of 0 gives the present token', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    expect(await session.getAccessToken({ validFor: 0 })).toBe('a1')
  })

  it('renews a token that ends sooner, and no other', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(a(1, 1000)), refresh)
    expect(await session.getAccessToken({ validFor: 999_000 })).toBe('a1')
    expect(refresh.redeemed).toEqual([])
    expect(await session.getAccessToken({ validFor: 1_001_000 })).toBe('a2')
  })

  it.each([-1, NaN, '60'])('of %p is a TypeError', async (validFor) => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    expect(await rejection(session.getAccessToken({ validFor: validFor as number }))).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/^getAccessToken: validFor/),
    })
  })
})

describe('getAccessToken({ signal })', () => {
  it('rejects with the reason of the signal, and the refresh goes on', async () => {
    const refresh = controlledRefresh()
    const store = memoryStore(a(1, 0))
    const session = startSession(environment, store, refresh)
    const controller = new AbortController()
    const waiting = rejection(session.getAccessToken({ signal: controller.signal }))
    await settle()
    const reason = new Error('left')
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    refresh.calls[0]!.answer(a(2))
    await settle()
    expect((await store.read())?.access_token).toBe('a2')
  })

  it('leaves no listener on the signal', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    const { signal } = new AbortController()
    await session.getAccessToken({ signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('that is aborted before rejects', async () => {
    const session = startSession(environment, memoryStore(a(1)), issuer())
    expect(await rejection(session.getAccessToken({ signal: AbortSignal.abort() }))).toMatchObject({ name: 'AbortError' })
  })
})

describe('a demand for more time than a new token has', () => {
  it('is met by a token in the first half of its lifetime, so that five requests need one refresh', async () => {
    const refresh = issuer(300)
    const session = startSession(environment, memoryStore(a(1, 300)), refresh)
    for (let i = 0; i < 5; i++) expect(await session.getAccessToken({ validFor: 600_000 })).toBe('a2')
    await environment.pass(149_000)
    expect(await session.getAccessToken({ validFor: 600_000 })).toBe('a2')
    await environment.pass(2000)
    expect(await session.getAccessToken({ validFor: 600_000 })).toBe('a3')
  })
})
