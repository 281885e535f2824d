import axios from 'axios'
import { attachOAuth, memoryStore } from '../../src/index.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { controlledRefresh, issuer, startSession, tokensFor, type TestSession } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

describe('session.close()', () => {
  it('waits for the refresh under way and its save', async () => {
    const store = memoryStore(tokensFor(environment, 1))
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    const refreshed = session.refresh()
    await settle()
    let closed: unknown
    const closing = session.close().then((result) => (closed = result))
    await settle()
    expect(closed).toBeUndefined()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    await closing
    expect(closed).toEqual({ persisted: true })
    expect(await store.read()).toMatchObject({ access_token: 'a2' })
    expect(await refreshed).toMatchObject({ access_token: 'a2' })
  })

  it.each<[string, (session: TestSession) => Promise<unknown>]>([
    ['signOut()', (session) => session.signOut()],
    ['signIn()', (session) => session.signIn(tokensFor(environment, 2))],
  ])('tells that the write of %s has not ended, or has', async (_name, change) => {
    const gate = deferred()
    const store = { ...memoryStore(tokensFor(environment, 1)), write: () => gate.promise }
    const session = startSession(environment, store, issuer())
    await session.tokens()
    void change(session)
    const closing = session.close({ timeout: 20 })
    await environment.pass(20)
    expect(await closing).toEqual({ persisted: false })
    gate.resolve()
    expect(await session.close()).toEqual({ persisted: true })
  })

  it('tells that the stored set could not be deleted', async () => {
    const store = { ...memoryStore(tokensFor(environment, 1)), write: () => Promise.reject(new Error('made up')) }
    const session = startSession(environment, store, issuer())
    await session.tokens()
    await rejection(session.signOut())
    expect(await session.close()).toEqual({ persisted: false })
  })

  it('with a time limit waits for the refresh under way too, and leaves no timer', async () => {
    const store = memoryStore(tokensFor(environment, 1))
    const refresh = controlledRefresh()
    const session = startSession(environment, store, refresh)
    const refreshed = session.refresh()
    await settle()
    const closing = session.close({ timeout: 5000 })
    await settle()
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    expect(await closing).toEqual({ persisted: true })
    expect([(await store.read())?.access_token, environment.timers]).toEqual(['a2', 0])
    await refreshed
  })

  it('without a time limit starts no timer', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), controlledRefresh())
    session.refresh().catch(() => undefined)
    await settle()
    const before = environment.timers
    void session.close()
    await settle()
    expect(environment.timers).toBe(before)
  })

  it('detaches what is attached, each once, and not what was detached before', async () => {
    const { operations } = startSession(environment, memoryStore(), issuer()).open
    const detached: number[] = []
    let stopped = 0
    operations.attach(
      () => detached.push(1),
      () => stopped++,
    )
    operations.attach(
      () => detached.push(2),
      () => stopped++,
    )()
    expect(operations.isClosed).toBe(false)
    await operations.close()
    expect([detached, stopped, operations.isClosed]).toEqual([[1], 1, true])
  })

  it('detaches on platforms without weak references as well', async () => {
    const { WeakRef: present } = globalThis
    Reflect.deleteProperty(globalThis, 'WeakRef')
    try {
      const { operations } = startSession(environment, memoryStore(), issuer()).open
      let detached = 0
      operations.attach(
        () => detached++,
        () => undefined,
      )
      await operations.close()
      expect(detached).toBe(1)
    } finally {
      globalThis.WeakRef = present
    }
  })

  it('stops what runs for an instance that was dropped', async () => {
    const { WeakRef: present } = globalThis
    globalThis.WeakRef = class {
      deref(): undefined {
        return undefined
      }
    } as never
    try {
      const { operations } = startSession(environment, memoryStore(), issuer()).open
      const calls: string[] = []
      operations.attach(
        () => calls.push('detach'),
        () => calls.push('stop'),
      )
      await operations.close()
      expect(calls).toEqual(['stop'])
    } finally {
      globalThis.WeakRef = present
    }
  })

  it('called by a listener of refresh_started waits for that refresh', async () => {
    const store = memoryStore(tokensFor(environment, 1))
    const session = startSession(environment, store, issuer())
    let closed: unknown
    session.on('refresh_started', () => void session.close().then((result) => (closed = result)))
    await session.refresh()
    await settle()
    expect([closed, (await store.read())?.access_token]).toEqual([{ persisted: true }, 'a2'])
  })

  it('ends at its time limit, and says that the set under way is not stored', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), controlledRefresh())
    session.refresh().catch(() => undefined)
    await settle()
    const closing = session.close({ timeout: 5000 })
    await environment.pass(5000)
    expect(await closing).toEqual({ persisted: false })
  })

  it.each([
    ['stores an unsaved set once more', false],
    ['says that an unsaved set could not be stored', true],
  ])('%s', async (_name, staysBroken) => {
    const memory = memoryStore(tokensFor(environment, 1))
    let isBroken = true
    const write: typeof memory.write = (tokens, context) => {
      if (isBroken) throw new Error('made-up failure')
      return memory.write(tokens, context)
    }
    const session = startSession(environment, { ...memory, write }, issuer())
    await session.refresh()
    expect(await memory.read()).toMatchObject({ access_token: 'a1' })
    isBroken = staysBroken
    expect(await session.close()).toEqual({ persisted: !staysBroken })
    expect(await memory.read()).toMatchObject({ access_token: staysBroken ? 'a1' : 'a2' })
  })

  it('rejects what needs a refresh afterwards, and gives a token that is valid', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session.tokens()
    await session.close()
    expect(await session.getAccessToken()).toBe('a1')
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_SESSION_CLOSED', retryable: false })
  })

  it('detaches the session from every axios instance', async () => {
    const store = memoryStore({ access_token: 'a1' })
    const instances = [1, 2].map(() => axios.create({ baseURL: 'https://api.example.com' }))
    const [session] = instances.map((instance) => attachOAuth(instance, store, { refresh: false }))
    await session!.close()
    for (const { interceptors } of instances) {
      const handlers = (interceptors.request as unknown as { handlers: unknown[] }).handlers
      expect(handlers.filter(Boolean)).toEqual([])
    }
  })

  it('is the disposal of the session, where the platform has one', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), issuer())
    await session[Symbol.asyncDispose]?.()
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_SESSION_CLOSED' })
  })
})

it('close() does not wait for an answer that is late and would not be used any more', async () => {
  let calls = 0
  const refresh = () => (calls++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve(tokensFor(environment, 2)))
  const session = startSession(environment, memoryStore(tokensFor(environment, 1)), refresh)
  const failed = rejection(session.refresh())
  await environment.pass(60_000)
  await failed
  await environment.pass(10_000)
  await session.refresh()
  expect(await session.close()).toEqual({ persisted: true })
})
