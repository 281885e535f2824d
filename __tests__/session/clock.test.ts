import { Clock } from '../../src/session/clock.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { TokenJSON } from '../../src/types.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { issuer, startSession, tokensFor } from '../helpers/session.js'

const HOUR = 3_600_000

let environment: FakeEnvironment
let clock: Clock
beforeEach(() => {
  environment = new FakeEnvironment()
  clock = new Clock(environment)
})

describe('the clock of a session', () => {
  it('is this machine’s clock', async () => {
    await environment.pass(60_000)
    expect([clock.now(), clock.toPlatform(5), clock.fromPlatform(5)]).toEqual([environment.wall, 5, 5])
  })

  it.each([
    ['more than 2 s', 2001, true, 0],
    ['2 s', 2000, false, -2000],
  ])(
    'after a jump back of %s goes on as the time that has passed says, or takes the jump for rounding',
    async (_name, jump, isJump, off) => {
      clock.anchor()
      await environment.pass(60_000)
      const right = environment.wall
      environment.wall -= jump
      expect(clock.correctJump(environment.wall, right)).toBe(isJump)
      expect(clock.now() - right).toBe(off)
    },
  )

  it('tells times of the platform from its own after a jump back', async () => {
    const right = environment.wall
    environment.wall -= HOUR
    clock.correctJump(environment.wall, right)
    expect([clock.fromPlatform(environment.wall), clock.toPlatform(right)]).toEqual([right, environment.wall])
  })

  it('is the platform’s clock again from the next token on', async () => {
    const right = environment.wall
    environment.wall -= HOUR
    clock.correctJump(environment.wall, right)
    clock.anchor()
    expect(clock.now()).toBe(environment.wall)
  })

  it('measures a second jump from the same token', async () => {
    clock.anchor()
    const start = environment.wall
    await environment.pass(10_000)
    environment.wall -= HOUR
    clock.correctJump(environment.wall, start + 10_000)
    const lastSeen = environment.wall
    await environment.pass(10_000)
    environment.wall -= 2 * HOUR
    expect(clock.correctJump(environment.wall, lastSeen)).toBe(true)
    expect(clock.now()).toBe(start + 20_000)
  })
})

describe('a clock that jumps back', () => {
  it('is noticed: the token is not used longer', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), issuer())
    await session.tokens()
    expect(session.peekToken()).toBeDefined()
    await environment.pass(990_000)
    environment.wall -= HOUR
    expect(session.peekToken()).toBeUndefined()
    expect((await session.getToken())?.accessToken).toBe('a2')
  })

  it('does not make a valid token expire', async () => {
    const refresh = issuer()
    const session = startSession(environment, memoryStore(tokensFor(environment, 1, 1000)), refresh)
    await session.tokens()
    session.peekToken()
    environment.wall -= HOUR
    expect([session.peekToken()?.accessToken, session.peekToken()?.accessToken, refresh.redeemed]).toEqual(['a1', 'a1', []])
  })

  it.each<[string, () => TokenJSON | undefined]>([
    ['while the session is signed out', () => undefined],
    ['under a set of unknown expiry', () => ({ access_token: 'a1', refresh_token: 'r1' })],
  ])('%s leaves no trace in the expiry of the next set, which is stored by this machine’s clock', async (_when, stored) => {
    const store = memoryStore(stored())
    const session = startSession(environment, store, issuer())
    await session.getToken()
    await environment.pass(1000)
    session.peekToken()
    environment.wall -= HOUR
    await session.getToken()
    await session.signIn({ access_token: 'a9', refresh_token: 'r9', expires_in: 3600 })
    expect(await store.read()).toMatchObject({ expires_at: (environment.wall + HOUR) / 1000 })
    expect(session.peekToken()?.accessToken).toBe('a9')
    await session.refresh()
    expect(session.getSnapshot()).toMatchObject({ expiresAt: environment.wall + HOUR })
  })
})

describe('the clock of the token endpoint', () => {
  /** The expiry after a response that tells the time of the server, in seconds from now by this machine. */
  async function expiryAfter(response: object, serverOffset: number): Promise<number> {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async (_tokens, { reportDate }) => {
      reportDate(new Date(environment.wall + serverOffset).toUTCString())
      return { access_token: 'a2', refresh_token: 'r2', ...response }
    })
    await session.refresh()
    const { expiresAt = NaN } = session.getSnapshot() as { expiresAt?: number }
    return (expiresAt - environment.wall) / 1000
  }
  const at = (ms: number): object => ({ expires_at: (environment.wall + ms) / 1000 })

  it('corrects an absolute expiry in a response without expires_in', async () => {
    expect(await expiryAfter(at(2 * HOUR), HOUR)).toBe(3600)
  })

  it.each<[string, () => object, number, number]>([
    ['does not change expires_in', () => ({ expires_in: 60, ...at(2 * HOUR) }), HOUR, 60],
    ['does not correct by more than a day', () => at(50 * HOUR), 25 * HOUR, 50 * 3600],
  ])('%s', async (_what, response, serverOffset, seconds) => {
    expect(await expiryAfter(response(), serverOffset)).toBe(seconds)
  })

  it('leaves no offset behind: later expiries are by this machine’s clock', async () => {
    let answer: object = at(2 * HOUR)
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async (_tokens, { reportDate }) => {
      reportDate(new Date(environment.wall + HOUR).toUTCString())
      return { access_token: 'a2', refresh_token: 'r2', ...answer }
    })
    await session.refresh()
    answer = { expires_in: 60 }
    await session.refresh()
    expect(session.getSnapshot()).toMatchObject({ expiresAt: environment.wall + 60_000 })
  })
})
