import { Clock } from '../../src/session/clock.js'
import { memoryStore } from '../../src/stores/memory.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { issuer, startSession } from '../helpers/session.js'

const HOUR = 3_600_000

let environment: FakeEnvironment
let clock: Clock
beforeEach(() => {
  environment = new FakeEnvironment()
  clock = new Clock(environment)
})

const header = (time: number): string => new Date(time).toUTCString()

describe('the clock of a session', () => {
  it('goes by the Date header of the token endpoint, and tells both clocks apart', () => {
    const here = environment.wall
    clock.correct(header(here + HOUR))
    expect([clock.now(), clock.fromLocal(here), clock.toLocal(here + HOUR)]).toEqual([here + HOUR, here + HOUR, here])
  })

  it.each([
    ['5 s', 5000, 0],
    ['6 s', 6000, 6000],
    ['5 s back', -5000, 0],
    ['6 s back', -6000, -6000],
  ])('that differs by %s from that header is corrected by the whole difference, or not at all', (_name, off, offset) => {
    clock.correct(header(environment.wall + off))
    expect(clock.now() - environment.wall).toBe(offset)
  })

  it('is this computer’s own again when that has been set right', () => {
    clock.correct(header(environment.wall + HOUR))
    environment.wall += HOUR
    clock.correct(header(environment.wall))
    expect(clock.now()).toBe(environment.wall)
  })

  it.each([undefined, null, '', 'soon'])('keeps what it knows when the header is %p', (date) => {
    clock.correct(header(environment.wall + HOUR))
    clock.correct(date)
    expect(clock.now()).toBe(environment.wall + HOUR)
  })

  it.each([
    ['more than 2 s', 2001, true, 0],
    ['2 s', 2000, false, -2000],
  ])('knows after a jump back of %s what time it really is', async (_name, jump, isJump, off) => {
    clock.anchor()
    await environment.pass(60_000)
    const right = environment.wall
    environment.wall -= jump
    expect(clock.jumpedBack(environment.wall, right)).toBe(isJump)
    expect(clock.now() - right).toBe(off)
  })

  it('remembers a moment that lies back', async () => {
    clock.anchor(10_000)
    await environment.pass(5000)
    const right = environment.wall
    environment.wall -= HOUR
    clock.jumpedBack(environment.wall, right)
    expect([clock.sinceAnchor(), clock.now()]).toEqual([15_000, right])
  })
})

describe('a clock that jumps back', () => {
  it('while nobody is signed in does not make the next sign-in expire in 1970', async () => {
    const store = memoryStore()
    const session = startSession(environment, store, issuer())
    expect(await session.getToken()).toBeUndefined()
    await environment.pass(1000)
    const right = environment.wall
    environment.wall -= HOUR
    expect(await session.getToken()).toBeUndefined()
    await session.signIn({ access_token: 'a1', expires_in: 3600 })
    expect(await store.read()).toMatchObject({ expires_at: (right + HOUR) / 1000 })
  })

  it('under a set whose expiry nobody knows does not spoil the expiry of the next', async () => {
    const session = startSession(environment, memoryStore({ access_token: 'a1', refresh_token: 'r1' }), issuer())
    await session.tokens()
    session.peekToken()
    const right = environment.wall
    environment.wall -= HOUR
    session.peekToken()
    await session.refresh()
    expect(session.getSnapshot().expiresAt).toBe(right + HOUR)
  })
})
