import { createSession } from '../../src/index.js'
import { sharedStore } from '../../src/shared.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { SharedStoreDefinition, TokenJSON, TokenStore } from '../../src/types.js'
import { deferred, rejection, type Deferred } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { controlledRefresh, issuer, shareable, startSession, tokensFor, type TestSession } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const a = (n: number, seconds?: number): ReturnType<typeof tokensFor> => tokensFor(environment, n, seconds)
const withLock = (lock: SharedStoreDefinition['lock']): TokenStore => shareable({ ...memoryStore(a(1)), lock })

describe('the lock of a shared store', () => {
  it('is kept while the store is read, the token refreshed and the set saved; listeners run after its release', async () => {
    const kept = memoryStore(a(1, 10))
    const order: string[] = []
    const store = shareable({
      read: () => (order.push('read'), kept.read()),
      write: (next, context) => (order.push('write'), kept.write(next, context)),
      async lock(run) {
        order.push('lock')
        try {
          return await run()
        } finally {
          order.push('unlock')
        }
      },
    })
    const session = startSession(environment, store, async () => (order.push('refresh'), a(2)))
    for (const name of ['refreshed', 'saved'] as const) session.on(name, () => order.push(name))
    await session.refresh()
    await settle()
    expect(order).toEqual(['read', 'lock', 'read', 'refresh', 'read', 'write', 'unlock', 'refreshed', 'saved'])
  })

  it('is released after the waiting requests: they do not wait for it', async () => {
    const released = deferred()
    const session = startSession(
      environment,
      withLock(async (run) => run().finally(() => released.promise)),
      issuer(),
    )
    const events: string[] = []
    session.on('refreshed', () => events.push('refreshed'))
    expect((await session.refresh()).access_token).toBe('a2')
    expect([events, session.getSnapshot()]).toEqual([[], expect.objectContaining({ generation: 2 })])
    released.resolve()
    await settle()
    expect(events).toEqual(['refreshed'])
  })

  it.each<[string, (session: TestSession) => Promise<unknown>, string | undefined]>([
    ['sign-out', (session) => session.signOut(), undefined],
    ['sign-in', (session) => session.signIn(a(9)), 'a9'],
  ])('is kept until a %s that supersedes the refresh has been written', async (_what, change, expected) => {
    const kept = memoryStore(a(1))
    const answered = deferred()
    const reads = [deferred(), deferred()]
    let stored: unknown = 'locked'
    let slowReads: Deferred<void>[] = []
    const store = shareable({
      async read() {
        await slowReads.shift()?.promise
        return kept.read()
      },
      write: (...given) => kept.write(...given),
      async lock(run) {
        try {
          return await run()
        } finally {
          stored = (await kept.read())?.access_token
        }
      },
    })
    const session = startSession(environment, store, async () => {
      await answered.promise
      slowReads = [...reads]
      return a(2)
    })
    const refreshed = rejection(session.refresh())
    await settle()
    answered.resolve()
    await settle()
    const changed = change(session)
    for (const read of reads) {
      await settle()
      expect(stored).toBe('locked')
      read.resolve()
    }
    await Promise.all([refreshed, changed])
    await settle()
    expect(stored).toBe(expected)
  })

  it('that is never granted gives the typed error at its time limit, and leaves no timer', async () => {
    const session = startSession(
      environment,
      withLock(() => new Promise(() => undefined)),
      issuer(),
    )
    const failed = rejection(session.refresh())
    await environment.pass(75_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(environment.timers).toBe(0)
  })

  it('whose release hangs delays no request, and the events come when the store’s time limit is over', async () => {
    const session = startSession(
      environment,
      withLock(async (run) => (await run(), new Promise(() => undefined))),
      issuer(),
    )
    const events: string[] = []
    session.on('refreshed', () => events.push('refreshed'))
    expect((await session.refresh()).access_token).toBe('a2')
    await environment.pass(9_999)
    expect(events).toEqual([])
    await environment.pass(1)
    expect([events, environment.timers]).toEqual([['refreshed'], 0])
  })

  it.each<[string, SharedStoreDefinition['lock']]>([
    ['returns nothing', (async (run: () => Promise<unknown>) => void (await run())) as never],
    ['does not wait for the work', (async (run: () => Promise<unknown>) => void run()) as never],
    ['runs the work a second time', async (run) => (await run(), run())],
    ['runs the work twice in parallel', async (run) => (await Promise.all([run(), run()]))[0]],
  ])('that %s causes one refresh all the same', async (_name, lock) => {
    const refresh = issuer()
    const session = startSession(environment, withLock(lock), refresh)
    const [one, two] = await Promise.all([session.refresh(), session.refresh()])
    expect([one.access_token, two.access_token]).toEqual(['a2', 'a2'])
    await environment.pass(10_000)
    expect(refresh.redeemed).toEqual(['r1'])
  })

  it('that ends without running the work gives the typed error, and a late run starts nothing', async () => {
    const refresh = issuer()
    let late: (() => Promise<unknown>) | undefined
    const session = startSession(
      environment,
      withLock((async (run: () => Promise<unknown>) => void (late = run)) as never),
      refresh,
    )
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    await expect(late?.()).rejects.toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(refresh.redeemed).toEqual([])
  })

  it('is not taken while a valid token is in memory', async () => {
    let locks = 0
    const session = startSession(
      environment,
      withLock((run) => (locks++, run())),
      issuer(),
    )
    for (let i = 0; i < 5; i++) await session.getToken()
    expect(locks).toBe(0)
  })

  it('does not change the time of the events that wait for its release: they tell when the set was adopted and saved', async () => {
    let release = (): void => undefined
    const lock = <Result>(run: () => Promise<Result>): Promise<Result> =>
      run().then((result) => new Promise((resolve) => (release = () => resolve(result))))
    const session = startSession(environment, withLock(lock), async () => a(2))
    const times: number[] = []
    for (const name of ['refreshed', 'saved'] as const) session.on(name, ({ at }) => times.push(at))
    const [began, refreshed] = [environment.now(), session.refresh()]
    await environment.pass(500)
    expect(times).toEqual([])
    release()
    await refreshed
    await settle()
    expect(times).toEqual([began, began])
  })

  it('shows the new set in the snapshot before its release, and notifies subscribers after it', async () => {
    let release = (): void => undefined
    const lock = <Result>(run: () => Promise<Result>): Promise<Result> =>
      run().then((result) => new Promise((resolve) => (release = () => resolve(result))))
    const refresh = controlledRefresh()
    const session = startSession(environment, withLock(lock), refresh)
    const refreshed = session.refresh()
    await settle()
    session.getSnapshot()
    let changes = 0
    session.subscribe(() => changes++)
    refresh.calls[0]!.answer(a(2))
    await settle()
    expect([session.peekToken()?.accessToken, session.getSnapshot(), changes]).toEqual([
      'a2',
      expect.objectContaining({ generation: 2, refreshing: false }),
      0,
    ])
    release()
    await refreshed
    await settle()
    expect(changes).toBe(1)
  })
})

describe('the lock of a shared store under which a new set could not be saved', () => {
  /** A store whose next so many writes fail, and what happens in which order. */
  function failing(times: number): { store: TokenStore; order: string[]; lost: AbortController } {
    const kept = memoryStore(a(1))
    const order: string[] = []
    const lost = new AbortController()
    const store = shareable({
      read: () => kept.read(),
      write(next, context) {
        if (times-- > 0) throw new Error('made up')
        order.push('stored')
        return kept.write(next, context)
      },
      lock: (run) => run(lost.signal).finally(() => order.push('released')),
    })
    return { store, order, lost }
  }

  it('is kept until the set is saved, so that no other process spends the used refresh token; the requests go on', async () => {
    const { store, order } = failing(3)
    const session = startSession(environment, store, issuer())
    session.on('unpersisted', () => order.push('unpersisted'))
    session.on('saved', () => order.push('saved'))
    expect((await session.refresh()).access_token).toBe('a2')
    order.push('answered')
    expect(session.getSnapshot()).toMatchObject({ persisted: false })
    await environment.pass(1000)
    expect(order).toEqual(['answered', 'stored', 'released', 'unpersisted', 'saved'])
    expect(await store.read()).toMatchObject({ refresh_token: 'r2' })
    expect(session.getSnapshot()).toMatchObject({ persisted: true })
    expect(environment.timers).toBe(0)
  })

  it('is released after the time that one more step of the store may take', async () => {
    const { store, order } = failing(Infinity)
    const session = startSession(environment, store, issuer())
    await session.refresh()
    await environment.pass(9_900)
    expect(order).toEqual([])
    await environment.pass(200)
    expect(order).toEqual(['released'])
    expect(environment.timers).toBe(0)
  })

  it('allows one more try when it is lost', async () => {
    const { store, order, lost } = failing(2)
    const session = startSession(environment, store, issuer())
    await session.refresh()
    lost.abort()
    await environment.pass(100)
    expect(order).toEqual(['released'])
  })

  it('is released right away when the refresh token has not changed', async () => {
    const { store, order } = failing(1)
    const session = startSession(environment, store, async () => ({ access_token: 'a2', expires_in: 3600 }))
    await session.refresh()
    await settle()
    expect(order).toEqual(['released'])
  })

  it('is not used for a set that a sign-out has made useless', async () => {
    const { store, order } = failing(1)
    const session = startSession(environment, store, issuer())
    const events: string[] = []
    for (const name of ['saved', 'adopted', 'signed_out'] as const) session.on(name, () => events.push(name))
    await session.refresh()
    await session.signOut()
    await environment.pass(1000)
    expect([events, order.filter((step) => step === 'stored').length, await store.read(), environment.timers]).toEqual([
      ['signed_out'],
      1,
      undefined,
      0,
    ])
  })
})

describe('a store that refuses each write although it has not changed', () => {
  const refusing = (): TokenStore => ({ ...memoryStore(a(1)), write: () => false })

  it('has failed to save: the new set lives on in memory', async () => {
    const refresh = issuer()
    const session = startSession(environment, refusing(), refresh)
    const unpersisted: unknown[] = []
    session.on('unpersisted', ({ error }) => unpersisted.push(error.code))
    expect((await session.refresh()).access_token).toBe('a2')
    expect((await session.refresh()).access_token).toBe('a3')
    expect(refresh.redeemed).toEqual(['r1', 'r2'])
    expect(unpersisted).toEqual(['OAUTH_STORE_FAILED', 'OAUTH_STORE_FAILED'])
  })

  it('does not have the token endpoint asked without end after invalid_grant', async () => {
    let asked = 0
    const session = startSession(environment, refusing(), async () => {
      // Ends a loop that would never end.
      if (++asked > 5) return new Promise(() => undefined)
      throw Object.assign(new Error('made up'), { error: 'invalid_grant' })
    })
    const failed = rejection(session.refresh())
    await environment.pass(60_000)
    expect(await failed).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(asked).toBe(1)
    expect(session.getSnapshot().status).toBe('signed_out')
  })
})

describe('a shared store that is an instance of a class', () => {
  class Table implements SharedStoreDefinition {
    #tokens: TokenJSON | undefined = { access_token: 'a', refresh_token: 'r' }
    get name(): string {
      return 'table'
    }
    get place(): readonly unknown[] {
      return ['table', 1]
    }
    read(): TokenJSON | undefined {
      return this.#tokens
    }
    write(tokens: TokenJSON | undefined): void {
      this.#tokens = tokens
    }
    lock<Result>(run: () => Promise<Result>): Promise<Result> {
      return run()
    }
    refresh(): TokenJSON & { access_token: string } {
      return { access_token: `${String(this.#tokens?.access_token)}b` }
    }
  }

  it('keeps its name, its place and its refresh function', async () => {
    const table = new Table()
    const store = sharedStore(table)
    expect([store.name, store.place]).toEqual(['table', ['table', 1]])
    const session = createSession(store)
    expect(await session.refresh()).toMatchObject({ access_token: 'ab' })
    expect(table.read()).toMatchObject({ access_token: 'ab' })
    await session.close()
  })
})
