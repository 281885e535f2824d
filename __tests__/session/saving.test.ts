import { memoryStore } from '../../src/stores/memory.js'
import type { SessionEventName, Session } from '../../src/index.js'
import type { TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { issuer, shareable, startSession, storeElsewhere, storeWith, tokensFor, type TestSession } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

/** A store whose next so many writes fail, and which counts the writes. */
function failing(times: number, tokens = a(1)): { store: TokenStore; kept: TokenStore; tries: () => number } {
  const kept = memoryStore(tokens)
  let tries = 0
  const store: TokenStore = {
    ...kept,
    async write(next, context) {
      tries++
      if (times-- > 0) throw new Error('made up')
      return kept.write(next, context)
    },
  }
  return { store, kept, tries: () => tries }
}

function namesOf(session: TestSession, ...names: SessionEventName[]): string[] {
  const seen: string[] = []
  for (const name of names) session.on(name, () => seen.push(name))
  return seen
}

const isPersisted = (session: Session): unknown => (session.getSnapshot() as { persisted?: boolean }).persisted

/** The next request, and all that it starts. */
async function request(session: TestSession): Promise<void> {
  session.peekToken()
  await settle()
}

describe('a set that could not be saved', () => {
  it('is saved again a second after each failure, with the next request, until it is stored', async () => {
    const { store, kept, tries } = failing(3)
    const session = startSession(environment, store, issuer())
    const events = namesOf(session, 'unpersisted', 'saved')
    await session.refresh()
    for (const expected of [2, 3, 4]) {
      await environment.pass(999)
      await request(session)
      expect(tries()).toBe(expected - 1)
      await environment.pass(1)
      await request(session)
      expect(tries()).toBe(expected)
    }
    expect(events).toEqual(['unpersisted', 'saved'])
    expect(await kept.read()).toMatchObject({ access_token: 'a2' })
  })

  it('is stored once, and a stored set is not written again', async () => {
    const { store, tries } = failing(1)
    const session = startSession(environment, store, issuer())
    const events = namesOf(session, 'saved')
    await session.refresh()
    for (let i = 0; i < 5; i++) {
      await environment.pass(1000)
      await request(session)
    }
    expect([tries(), events, isPersisted(session)]).toEqual([2, ['saved'], true])
  })

  it('is reported to listeners and subscribers when it is stored, with its generation', async () => {
    const session = startSession(environment, failing(1).store, issuer())
    const saved: unknown[] = []
    session.on('saved', ({ generation }) => saved.push(generation))
    await session.refresh()
    const snapshots = [isPersisted(session)]
    session.subscribe(() => snapshots.push(isPersisted(session)))
    await environment.pass(1000)
    await request(session)
    expect([saved, snapshots]).toEqual([[2], [false, true]])
  })

  it('is saved once at a time, under the lock of a shared store', async () => {
    const writing = deferred()
    const { store, tries } = failing(1)
    const slow: TokenStore = {
      ...store,
      write: async (...args) => (tries() > 0 && (await writing.promise), store.write(...args)),
    }
    let locked = 0
    const session = startSession(environment, shareable({ ...slow, lock: (run) => (locked++, run()) }), async () => ({
      access_token: 'a2',
      expires_in: 3600,
    }))
    await session.refresh()
    await environment.pass(1000)
    for (let i = 0; i < 3; i++) await request(session)
    expect(locked).toBe(2)
    await environment.pass(2000)
    await request(session)
    expect(locked).toBe(2)
    writing.resolve()
    await settle()
    expect(isPersisted(session)).toBe(true)
  })

  it('is left alone while a refresh is under way', async () => {
    const answer = deferred()
    const { store, tries } = failing(1, a(1, 1000))
    let isFirst = true
    const session = startSession(environment, store, async () => {
      if (!isFirst) await answer.promise
      isFirst = false
      return a(tries() + 2, 1000)
    })
    await session.refresh()
    await environment.pass(500_000)
    const refreshed = session.refresh()
    await settle()
    await request(session)
    expect(tries()).toBe(1)
    answer.resolve()
    await refreshed
    expect(tries()).toBe(2)
  })

  it('and is saved again while a refresh has begun counts as stored', async () => {
    const writing = deferred()
    const { store, tries } = failing(1)
    const slow: TokenStore = {
      ...store,
      write: async (...args) => (tries() === 1 && (await writing.promise), store.write(...args)),
    }
    let calls = 0
    const never = new Promise<never>(() => undefined)
    const session = startSession(environment, slow, async () => (++calls > 1 ? never : a(2)))
    const events = namesOf(session, 'saved')
    await session.refresh()
    await environment.pass(1000)
    await request(session)
    void session.refresh().catch(() => undefined)
    writing.resolve()
    await settle()
    expect([isPersisted(session), events]).toEqual([true, ['saved']])
  })

  it('whose place another set has taken is given up once, by the refresh that has begun meanwhile', async () => {
    const reading = deferred()
    let isSlow = false
    const { store, kept } = failing(1)
    const slow: TokenStore = { ...store, read: async () => (isSlow && (await reading.promise), store.read()) }
    const session = startSession(environment, slow, issuer())
    const events = namesOf(session, 'adopted')
    await session.refresh()
    await storeElsewhere(kept, a(7))
    await environment.pass(1000)
    isSlow = true
    await request(session)
    const refreshed = session.refresh()
    reading.resolve()
    expect([(await refreshed).access_token, events]).toEqual(['a7', ['adopted']])
  })

  it('gives way to a set that another process has stored meanwhile', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, store, issuer())
    const events = namesOf(session, 'adopted', 'saved')
    await session.refresh()
    await storeElsewhere(kept, a(7))
    await environment.pass(1000)
    await request(session)
    expect([session.peekToken()?.accessToken, events]).toEqual(['a7', ['adopted']])
    expect(await kept.read()).toMatchObject({ access_token: 'a7' })
  })

  it('is not stored over a sign-in that comes while it is saved again', async () => {
    const reading = deferred()
    const { store, kept } = failing(1)
    let isSlow = false
    const read = async (): Promise<unknown> => {
      if (isSlow) await reading.promise
      return kept.read()
    }
    const session = startSession(environment, { ...store, read: read as TokenStore['read'] }, issuer())
    const events = namesOf(session, 'adopted', 'saved', 'signed_out')
    await session.refresh()
    await environment.pass(1000)
    isSlow = true
    await request(session)
    const signedIn = session.signIn(a(9))
    reading.resolve()
    await signedIn
    await settle()
    expect([events, session.peekToken()?.accessToken]).toEqual([['saved'], 'a9'])
    expect(await kept.read()).toMatchObject({ access_token: 'a9' })
  })

  it('is not stored again over a sign-out by another process', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, store, issuer())
    await session.refresh()
    await storeElsewhere(kept, undefined)
    await environment.pass(1000)
    await request(session)
    expect([session.getSnapshot(), await kept.read()]).toEqual([
      expect.objectContaining({ status: 'signed_out', reason: 'elsewhere' }),
      undefined,
    ])
  })

  it('and that has arrived after its time limit is known to be stored, and is not adopted as another set', async () => {
    const late = deferred()
    const store = storeWith(a(1), (kept) => ({
      write: (tokens, context) => late.promise.then(() => kept.write(tokens, context)),
    }))
    const session = startSession(environment, store, issuer())
    const events = namesOf(session, 'unpersisted', 'adopted')
    const refreshed = session.refresh()
    await environment.pass(10_000)
    await refreshed
    expect(isPersisted(session)).toBe(false)
    late.resolve()
    await environment.pass(1000)
    await request(session)
    expect([events, isPersisted(session), session.getSnapshot()]).toEqual([
      ['unpersisted'],
      true,
      expect.objectContaining({ generation: 2 }),
    ])
  })

  it('in a sign-in lives on in memory and is saved with the next request', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, store, issuer())
    await session.tokens()
    await session.signIn(a(9))
    expect(isPersisted(session)).toBe(false)
    await environment.pass(1000)
    await request(session)
    expect([isPersisted(session), await kept.read()]).toEqual([true, expect.objectContaining({ access_token: 'a9' })])
  })

  it('does not start a refresh of the new token', async () => {
    const refresh = issuer()
    const { store } = failing(1)
    const session = startSession(environment, store, refresh)
    await session.signIn(a(2))
    await environment.pass(999)
    expect(session.peekToken(true)?.accessToken).toBe('a2')
    await settle()
    expect([refresh.redeemed, isPersisted(session)]).toEqual([[], false])
  })
})

describe('under the lock of a shared store, a set that could not be saved', () => {
  it('is tried for 10 s and once more, and not after that', async () => {
    const { store, tries } = failing(Infinity)
    const session = startSession(environment, shareable({ ...store, lock: (run) => run() }), issuer())
    await session.refresh()
    await environment.pass(10_000)
    const last = tries()
    expect(last).toBe(101)
    await environment.pass(60_000)
    expect([tries(), environment.timers]).toEqual([last, 0])
  })

  it('is not tried again after a sign-out', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, shareable({ ...store, lock: (run) => run() }), issuer())
    const events = namesOf(session, 'saved', 'adopted', 'signed_out')
    await session.refresh()
    await session.signOut()
    await environment.pass(1000)
    expect([events, await kept.read(), environment.timers]).toEqual([['signed_out'], undefined, 0])
  })
})

describe('strictSaving', () => {
  it('rejects waiting requests with the error that names the store, and keeps the set', async () => {
    const store = { ...failing(1).store, name: 'made-up store' }
    const session = startSession(environment, store, issuer(), { strictSaving: true })
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining('made-up store') as string,
    })
    expect(session.peekToken()?.accessToken).toBe('a2')
  })
})
