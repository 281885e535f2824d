import type { SessionEvents } from '../../src/session/events.js'
import type { TestSession as Session } from '../helpers/session.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenStore } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { storeElsewhere, issuer, startSession, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)

/** A store whose next so many writes fail, and which counts what it is asked for. */
function failing(times: number, tokens = a(1)): { store: TokenStore; kept: TokenStore; limit: () => number } {
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
  return { store, kept, limit: () => tries }
}

function watch(session: Session, ...names: (keyof SessionEvents)[]): string[] {
  const seen: string[] = []
  for (const name of names) session.on(name, () => seen.push(name))
  return seen
}

/** The next request, and whatever it sets going. */
async function request(session: Session): Promise<void> {
  session.peekToken()
  await settle()
}

describe('a set that could not be stored', () => {
  it('is tried again a second after each failure, with the next request, until it is stored', async () => {
    const { store, kept, tries } = failing(3)
    const session = startSession(environment, store, issuer())
    const events = watch(session, 'unpersisted', 'saved')
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

  it('is stored once, and what is stored is not stored again', async () => {
    const { store, tries } = failing(1)
    const session = startSession(environment, store, issuer())
    const events = watch(session, 'saved')
    await session.refresh()
    for (let i = 0; i < 5; i++) {
      await environment.pass(1000)
      await request(session)
    }
    expect([tries(), events, session.getSnapshot()]).toEqual([2, ['saved'], false])
  })

  it('tells those who watch, with the number of the set that was saved', async () => {
    const session = startSession(environment, failing(1).store, issuer())
    const saved: unknown[] = []
    session.on('saved', (event) => saved.push(event))
    await session.refresh()
    const snapshots: boolean[] = []
    session.subscribe(() => snapshots.push(session.getSnapshot()))
    await environment.pass(1000)
    await request(session)
    expect([saved, snapshots]).toEqual([[{ generation: 2 }], [false]])
  })

  it('is tried once at a time', async () => {
    const writing = deferred()
    const { store, tries } = failing(1)
    const slow: TokenStore = {
      ...store,
      write: async (...args) => (tries() > 0 && (await writing.promise), store.write(...args)),
    }
    let locked = 0
    const session = startSession(environment, { ...slow, lock: (run) => (locked++, run()) }, async () => ({
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
    expect(session.getSnapshot()).toBe(false)
  })

  it('is left alone while a flight is under way', async () => {
    const answer = deferred()
    const { store, tries } = failing(1, a(1, 1000))
    let first = true
    const session = startSession(environment, store, async () => {
      if (!first) await answer.promise
      first = false
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

  it('gives way to what somebody else has stored meanwhile', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, store, issuer())
    const events = watch(session, 'adopted', 'saved')
    await session.refresh()
    await storeElsewhere(kept, a(7))
    await environment.pass(1000)
    await request(session)
    expect([session.peekToken()?.accessToken, events]).toEqual(['a7', ['adopted']])
    expect(await kept.read()).toMatchObject({ access_token: 'a7' })
  })

  it('is not stored over a sign-in that comes while it is tried again', async () => {
    const reading = deferred()
    const { store, kept } = failing(1)
    let slow = false
    const session = startSession(
      environment,
      { ...store, read: async () => (slow && (await reading.promise), kept.read()) },
      issuer(),
    )
    const events = watch(session, 'adopted', 'saved', 'signed_out')
    await session.refresh()
    await environment.pass(1000)
    slow = true
    await request(session)
    const signedIn = session.signIn(a(9))
    reading.resolve()
    await signedIn
    await settle()
    expect([events, session.peekToken()?.accessToken]).toEqual([['saved'], 'a9'])
    expect(await kept.read()).toMatchObject({ access_token: 'a9' })
  })

  it('and has arrived after all is known to be stored, and is nobody else’s set', async () => {
    const late = deferred()
    const store = storeWith(a(1), (kept) => ({
      write: (tokens, context) => late.promise.then(() => kept.write(tokens, context)),
    }))
    const session = startSession(environment, store, issuer())
    const events = watch(session, 'unpersisted', 'adopted')
    const refreshed = session.refresh()
    await environment.pass(10_000)
    await refreshed
    expect(session.getSnapshot()).toBe(true)
    late.resolve()
    const snapshots: boolean[] = []
    session.subscribe(() => snapshots.push(session.getSnapshot()))
    await environment.pass(1000)
    await request(session)
    expect([events, snapshots.at(-1), session.getSnapshot().generation]).toEqual([['unpersisted'], false, 2])
  })

  it('is kept by a sign-in too, and stored with the next chance', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, store, issuer())
    await session.tokens()
    await session.signIn(a(9))
    expect(session.getSnapshot()).toBe(true)
    await environment.pass(1000)
    await request(session)
    expect([session.getSnapshot(), await kept.read()]).toEqual([
      false,
      expect.objectContaining({ access_token: 'a9' }),
    ])
  })
})

describe('under the lock of a store, a set that could not be stored', () => {
  it('is tried for 10 s and once more, and not after that', async () => {
    const { store, tries } = failing(Infinity)
    const session = startSession(environment, { ...store, lock: (run) => run() }, issuer())
    await session.refresh()
    await environment.pass(10_000)
    const last = tries()
    expect(last).toBe(101)
    await environment.pass(60_000)
    expect([tries(), environment.timers]).toEqual([last, 0])
  })

  it('is not tried again when somebody signs out meanwhile', async () => {
    const { store, kept } = failing(1)
    const session = startSession(environment, { ...store, lock: (run) => run() }, issuer())
    const events = watch(session, 'saved', 'adopted', 'signed_out')
    await session.refresh()
    await session.signOut()
    await environment.pass(1000)
    expect([events, await kept.read(), environment.timers]).toEqual([['signed_out'], undefined, 0])
  })
})

describe('strict saving', () => {
  it('rejects those who wait with the error that names the store, and keeps the set', async () => {
    const session = startSession(environment, { ...failing(1).store, name: 'made-up store' }, issuer(), { strictSaving: true })
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_STORE_FAILED',
      message: expect.stringContaining('made-up store') as string,
    })
    expect(session.peekToken()?.accessToken).toBe('a2')
  })
})
