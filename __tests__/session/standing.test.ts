import { defaultPolicy } from '../../src/policy.js'
import { Clock } from '../../src/session/clock.js'
import type { Session } from '../../src/session/session.js'
import { Standing } from '../../src/session/standing.js'
import type { Held } from '../../src/session/state.js'
import { OAuthError } from '../../src/errors.js'
import { memoryStore } from '../../src/stores/memory.js'
import { readTokens } from '../../src/tokens.js'
import { rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { heldRefresh, listenTo, startSession, tokensFor, type HeldCall } from '../helpers/session.js'

/** Of a token that lives 1000 s: when its windows begin and when it ends, in milliseconds. */
const REFRESH_FROM = 800_000
const WAIT_FROM = 970_000
const END = 1_000_000

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

/** A session that has loaded a token of 1000 s, after `age` milliseconds. */
async function aged(age: number): Promise<{ session: Session; calls: HeldCall[] }> {
  const refresh = heldRefresh()
  const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), refresh)
  await session.tokens()
  await environment.pass(age)
  return { session, calls: refresh.calls }
}

describe('to the millisecond', () => {
  it.each([
    ['before the first window', REFRESH_FROM - 1, 'Bearer a1', 'Bearer a1', 0],
    ['where it begins', REFRESH_FROM, 'Bearer a1', undefined, 1],
    ['before the second one', WAIT_FROM - 1, 'Bearer a1', undefined, 1],
    ['where that begins', WAIT_FROM, undefined, undefined, 0],
  ])('%s', async (_when, age, usual, careful, refreshes) => {
    const { session, calls } = await aged(age)
    expect([session.current()?.authorization, session.current(true)?.authorization]).toEqual([usual, careful])
    await settle()
    expect(calls).toHaveLength(refreshes)
  })

  it.each([
    ['before its end a token is used when the token endpoint is in trouble', END - 1, 'Bearer a1'],
    ['at its end it is not', END, 'OAUTH_REFRESH_UNAVAILABLE'],
  ])('%s', async (_when, age, outcome) => {
    const { session, calls } = await aged(age)
    const waiting = session.acquire().then(
      (held) => held?.authorization,
      ({ code }: OAuthError) => code,
    )
    await settle()
    calls[0]!.fail({ status: 500 })
    expect(await waiting).toBe(outcome)
  })

  it.each([
    ['before a token has to be waited for, it answers the 401 of an older one', WAIT_FROM - 1, 0],
    ['from then on it is refreshed', WAIT_FROM, 1],
  ])('%s', async (_when, age, refreshes) => {
    const refresh = heldRefresh()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), refresh)
    const old = (await session.acquire())!
    void session.refresh()
    await settle()
    refresh.calls[0]!.answer({ access_token: 'a2', refresh_token: 'r2', expires_in: 1000 })
    await environment.pass(age)
    const renewed = session.renew(old)
    await settle()
    expect(refresh.calls).toHaveLength(1 + refreshes)
    refresh.calls[1]?.answer({ access_token: 'a3', refresh_token: 'r3', expires_in: 1000 })
    expect((await renewed).authorization).toBe(`Bearer a${2 + refreshes}`)
  })
})

describe('a request that asks twice', () => {
  it.each([
    ['just before it has to wait and a moment later, goes on with what it was told', 999, 'Bearer a1'],
    ['with more than a moment in between, is told what is so now', 1000, undefined],
  ])('%s', async (_how, between, outcome) => {
    const { session } = await aged(WAIT_FROM - 1)
    expect(session.current()).toBeDefined()
    environment.wall += between
    expect(session.current(false, true)?.authorization).toBe(outcome)
  })

  it('is another request when it doesn’t say so', async () => {
    const { session } = await aged(WAIT_FROM - 1)
    expect(session.current()).toBeDefined()
    environment.wall += 2
    expect(session.current()).toBeUndefined()
  })

  it('goes on although it can’t be sent twice, when the first window begins in between; the refresh begins all the same', async () => {
    const { session, calls } = await aged(REFRESH_FROM - 1)
    expect(session.current(true)).toBeDefined()
    environment.wall += 2
    expect(session.current(true, true)?.authorization).toBe('Bearer a1')
    await settle()
    expect(calls).toHaveLength(1)
  })
})

describe('the usual request', () => {
  function standing(): { standing: Standing; held: Held; now: number } {
    const clock = new Clock(environment)
    const made = new Standing(environment, clock, defaultPolicy, true, () => undefined)
    const held = made.adopt(readTokens(tokensFor(environment, 1, 1000), environment.wall))
    return { standing: made, held, now: environment.wall }
  }

  it('is answered without a decision until the first window begins', () => {
    const { standing: present, held, now } = standing()
    const answers = [0, 0, 1, REFRESH_FROM - 1, REFRESH_FROM].map((age) => present.usual(now + age))
    expect(answers).toEqual([held, held, held, held, undefined])
  })

  it.each<[string, (standing: Standing, held: Held) => void]>([
    ['was refused', (present) => present.reject()],
    ['could not be stored', (present, held) => present.stored(held, new OAuthError('OAUTH_STORE_FAILED', 'made up'))],
    ['was given up', (present) => present.end('requested')],
  ])('needs one when the token %s', (_what, change) => {
    const { standing: present, held, now } = standing()
    change(present, held)
    expect(present.usual(now)).toBeUndefined()
  })

  it('needs one when the clock has jumped back', () => {
    const { standing: present, now } = standing()
    expect(present.usual(now)).toBeDefined()
    expect(present.usual(now - 1)).toBeUndefined()
  })

  it('needs none again once the token is stored after all, or the jump was seen to', () => {
    const { standing: present, held, now } = standing()
    present.stored(held, new OAuthError('OAUTH_STORE_FAILED', 'made up'))
    present.stored(held)
    expect(present.usual(now)).toBe(held)
    environment.wall -= 3_600_000
    expect(present.judge(environment.wall, false)?.held).toBe(held)
    expect(present.usual(environment.wall)).toBe(held)
    expect(present.usual(environment.wall + REFRESH_FROM)).toBeUndefined()
  })
})

describe('a token that can’t be refreshed', () => {
  const withoutRefreshToken = { access_token: 'a1', expires_in: 1000 }

  it('is used to its end, and nothing is tried before', async () => {
    const session = startSession(environment, memoryStore(), heldRefresh())
    await session.signIn(withoutRefreshToken)
    const told = listenTo(session, 'refresh_started', 'refresh_failed')
    await environment.pass(END - 1)
    expect([session.current()?.authorization, session.current(true)?.authorization]).toEqual(['Bearer a1', 'Bearer a1'])
    await environment.pass(1)
    expect(session.current()).toBeUndefined()
    expect(await rejection(session.acquire())).toMatchObject({ code: 'OAUTH_NO_REFRESH_TOKEN' })
    expect(told).toEqual([])
  })

  it('is one whose refresh needs what is not there: others are refreshed ahead', async () => {
    const refresh = heldRefresh()
    const session = startSession(environment, memoryStore(), heldRefresh(), { refresh })
    await session.signIn(withoutRefreshToken)
    await environment.pass(REFRESH_FROM)
    expect(session.current()?.authorization).toBe('Bearer a1')
    await settle()
    expect(refresh.calls).toHaveLength(1)
  })
})

describe('the snapshot', () => {
  it.each([
    ['before the store was read', undefined, { status: 'unknown', generation: 0, refreshing: false, unpersisted: false }],
    [
      'where nothing was stored',
      memoryStore(),
      { status: 'signed-out', reason: 'empty', generation: 0, refreshing: false, unpersisted: false },
    ],
    [
      'of a token whose end and scope nobody knows',
      memoryStore({ access_token: 'a1' }),
      { status: 'signed-in', generation: 1, refreshing: false, unpersisted: false },
    ],
    [
      'of a token whose end and scope are known',
      memoryStore({ access_token: 'a1', scope: 'read', expires_at: 2_000_000_000 }),
      {
        status: 'signed-in',
        generation: 1,
        refreshing: false,
        unpersisted: false,
        scope: 'read',
        expiresAt: 2_000_000_000_000,
      },
    ],
  ])('%s', async (_when, store, snapshot) => {
    const session = startSession(environment, store ?? memoryStore(), heldRefresh())
    if (store) await session.tokens()
    expect(session.getSnapshot()).toStrictEqual(snapshot)
    expect(Object.isFrozen(session.getSnapshot())).toBe(true)
  })

  it('after signing out says why, and after a set that could not be stored says so', async () => {
    const write = (): never => {
      throw new Error('made up')
    }
    const session = startSession(environment, { ...memoryStore(), write }, heldRefresh())
    await session.signIn({ access_token: 'a1' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed-in', generation: 1, unpersisted: true })
    expect(await rejection(session.signOut())).toMatchObject({ code: 'OAUTH_STORE_FAILED' })
    expect(session.getSnapshot()).toStrictEqual({
      status: 'signed-out',
      reason: 'requested',
      generation: 2,
      refreshing: false,
      unpersisted: false,
    })
  })

  it('says whether a refresh is under way', async () => {
    const { session, calls } = await aged(0)
    const seen = [session.getSnapshot().refreshing]
    session.subscribe(() => seen.push(session.getSnapshot().refreshing))
    const refreshed = session.refresh()
    await settle()
    calls[0]!.answer(tokensFor(environment, 2))
    await refreshed
    expect(seen).toEqual([false, true, false])
  })

  it('is of the new set as soon as that is in use, and who listens is told when the lock is free', async () => {
    let free = (): void => undefined
    const lock = <Result>(run: () => Promise<Result>): Promise<Result> =>
      run().then((result) => new Promise((resolve) => (free = () => resolve(result))))
    const refresh = heldRefresh()
    const session = startSession(environment, { ...memoryStore(tokensFor(environment, 1)), lock }, refresh)
    const refreshed = session.refresh()
    await settle()
    session.getSnapshot()
    let changes = 0
    session.subscribe(() => changes++)
    refresh.calls[0]!.answer(tokensFor(environment, 2))
    await settle()
    expect([session.current()?.authorization, session.getSnapshot().generation, changes]).toEqual(['Bearer a2', 2, 0])
    free()
    await refreshed
    expect(changes).toBe(1)
  })
})
