import { memoryStore } from '../../src/stores/memory.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { storeElsewhere, issuer, startSession, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

describe('what is in the store at first', () => {
  it('is read once for all who ask at the same time, and is not told as somebody else’s change', async () => {
    let reads = 0
    const kept = memoryStore(a(1))
    const session = startSession(environment, { ...kept, read: () => (reads++, kept.read()) }, issuer())
    const adopted: unknown[] = []
    session.on('adopted', (event) => adopted.push(event))
    await Promise.all([session.tokens(), session.tokens(), session.getToken()])
    expect([reads, adopted]).toEqual([1, []])
  })

  it.each([
    ['a set', () => a(1), { status: 'signed_in' }],
    ['nothing', () => undefined, { status: 'signed_out', reason: 'empty' }],
  ])('is told to those who watch, when it is %s', async (_what, tokens, expected) => {
    const session = startSession(environment, memoryStore(tokens()), issuer())
    const seen: unknown[] = []
    session.subscribe(() => seen.push(session.getSnapshot()))
    await session.tokens()
    expect(seen).toEqual([expect.objectContaining(expected)])
  })

  it('is left as it is when it can not be used, and the error names the store and says why', async () => {
    const rubbish = { access_token: 'a\n1', refresh_token: 'r1' }
    const store = { ...memoryStore(rubbish), name: 'made-up store' }
    const error = await rejection(startSession(environment, store, issuer()).getToken())
    expect(error).toMatchObject({ code: 'OAUTH_TOKEN_INVALID' })
    expect(error.message).toMatch(/made-up store.*no usable token set.*line break/)
    expect(await store.read()).toEqual(rubbish)
  })

  it('is forgotten over what has happened here while it was read', async () => {
    const reading = deferred()
    const store = storeWith(a(1), (kept) => ({
      async read() {
        const stored = await kept.read()
        await reading.promise
        return stored
      },
    }))
    const session = startSession(environment, store, issuer())
    const loaded = session.tokens()
    const signedIn = session.signIn(a(9))
    reading.resolve()
    await Promise.all([loaded, signedIn])
    expect(session.peekToken()?.accessToken).toBe('a9')
  })
})

describe('a set that somebody else has stored', () => {
  it('is another session after a sign-out: what was begun before does not go on in it', async () => {
    const stronger = deferred()
    const store = memoryStore()
    const revoked: unknown[] = []
    const session = startSession(environment, store, issuer(), {
      revoke: ({ access_token }) => void revoked.push(access_token),
    })
    await session.tokens()
    const obtained = rejection(session.runStepUp(async () => (await stronger.promise, a(8))))
    await storeElsewhere(store, a(7))
    expect((await session.getToken())?.accessToken).toBe('a7')
    stronger.resolve()
    expect(await obtained).toMatchObject({ code: 'OAUTH_SIGNED_OUT' })
    expect([revoked, session.peekToken()?.accessToken]).toEqual([['a8'], 'a7'])
  })

  it.each([
    ['an old one, which has lived half its life, does not', 500, 'a3'],
    ['a young one does', 499, 'OAUTH_REFRESH_LIMIT'],
  ])('counts its age from when it was issued: refreshing %s count against the limit', async (_name, age, expected) => {
    const store = memoryStore(a(1, 1000))
    await environment.pass(age * 1000)
    const session = startSession(environment, store, issuer(), { refreshLimit: { count: 1, interval: 30_000 } })
    const second = await session.getTokenAfter401((await session.getToken())!)
    const third = await session.getTokenAfter401(second).catch((error: { code: string }) => error.code)
    expect(typeof third === 'string' ? third : third.accessToken).toBe(expected)
  })

  it('is as old as it is when its clock was ahead: not younger than nothing', async () => {
    const store = memoryStore(a(1, 1000))
    environment.wall -= 60_000
    const session = startSession(environment, store, issuer())
    await session.tokens()
    session.peekToken()
    const right = environment.wall
    environment.wall -= 3_600_000
    session.peekToken()
    await session.refresh()
    expect(session.getSnapshot().expiresAt).toBe(right + 3_600_000)
  })

  it('is heard of from the store while nobody asks, and those who watch are told', async () => {
    const kept = memoryStore(a(1))
    let tell = (): void => undefined
    const session = startSession(
      environment,
      { ...kept, subscribe: (listener) => ((tell = listener), () => undefined) },
      issuer(),
    )
    session.watchStore()
    await session.tokens()
    const seen: unknown[] = []
    session.on('adopted', (event) => seen.push(event))
    session.subscribe(() => seen.push(session.getSnapshot().status))
    tell()
    await settle()
    expect(seen).toEqual([])
    await storeElsewhere(kept, a(7))
    tell()
    await settle()
    expect(seen).toEqual(['signed_in', { generation: 2 }])
    await storeElsewhere(kept, undefined)
    tell()
    await settle()
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'elsewhere' })
  })
})
