import { jest } from '@jest/globals'
import type { Challenge } from '../src/axios/challenge.js'
import type { Session } from '../src/session/session.js'
import type { Held } from '../src/session/state.js'
import { stepUp, type StepUpDemand, type StepUpHandler } from '../src/step-up.js'
import type { TokenResponse } from '../src/types.js'
import { deferred, rejection } from './helpers/client.js'
import { settle } from './helpers/fake-environment.js'

/** A session that adopts whatever it is brought as its next generation. */
class FakeSession {
  epoch = 1
  generation = 1
  signedIn = true
  current = (): Held | undefined => (this.signedIn ? this.held() : undefined)
  held = (generation = this.generation): Held => ({ generation, epoch: this.epoch }) as Held
  obtain = async (work: () => Promise<TokenResponse>): Promise<Held> => {
    await work()
    this.generation++
    return this.held()
  }
}
const challenge = (parameters: Record<string, string> = {}): Challenge => ({
  scheme: 'bearer',
  parameters: { error: 'insufficient_scope', scope: 'write', ...parameters },
})

function setUp(handler: StepUpHandler = () => ({ access_token: 'made-up' }), options?: { timeout: number }) {
  const asked: StepUpDemand[] = []
  const signals: AbortSignal[] = []
  const step = stepUp((demand, context) => {
    asked.push(demand)
    signals.push(context.signal)
    return handler(demand, context)
  }, options)
  const session = new FakeSession()
  const need = (wanted = challenge(), sentWith: Held | 'no token' = session.held(), whose = session): Promise<Held> =>
    step(whose as unknown as Session, sentWith === 'no token' ? undefined : sentWith, wanted)
  return { asked, signals, session, need }
}

describe('what is asked for', () => {
  it.each<[Record<string, string>, Partial<StepUpDemand>]>([
    [
      { error: 'insufficient_scope', scope: 'a b' },
      { error: 'insufficient_scope', scope: 'a b' },
    ],
    [
      { error: 'e', acr_values: ' urn:mfa  urn:hw ' },
      { error: 'e', acrValues: ['urn:mfa', 'urn:hw'] },
    ],
    [
      { error: 'e', max_age: '300' },
      { error: 'e', maxAge: 300 },
    ],
    [
      { error: 'e', max_age: '0' },
      { error: 'e', maxAge: 0 },
    ],
    [{ error: 'e', max_age: '-1' }, { error: 'e' }],
    [{ error: 'e', max_age: 'soon' }, { error: 'e' }],
    [
      { error: 'e', claims: 'eyJhIjoxfQ' },
      { error: 'e', claims: 'eyJhIjoxfQ' },
    ],
    [{}, { error: '' }],
  ])('is what the challenge names, and nothing that it does not: %j', async (parameters, demand) => {
    const { asked, need } = setUp()
    const wanted = { scheme: 'bearer', parameters }
    await need(wanted)
    expect(asked).toStrictEqual([{ ...demand, challenge: wanted }])
  })

  it.each([
    ['error', { error: 'insufficient_claims' }],
    ['scope', { scope: 'other' }],
    ['context class', { acr_values: 'urn:mfa' }],
    ['age', { max_age: '60' }],
    ['claims', { claims: 'eyJhIjoxfQ' }],
  ])('is asked for separately when the %s differs', async (_what, parameters) => {
    const { asked, need } = setUp()
    await Promise.all([need(), need(challenge(parameters)), need(), need(challenge(parameters))])
    expect(asked).toHaveLength(2)
  })
})

describe('a request', () => {
  it('waits with all others that need the same thing, and gets what they get', async () => {
    const { promise: user, resolve: agree } = deferred()
    const { asked, need, session } = setUp(() => user.then(() => ({ access_token: 'made-up' })))
    const all = [need(), need(), need()]
    agree()
    expect(await Promise.all(all)).toEqual(Array(3).fill(session.held(2)))
    expect(asked).toHaveLength(1)
  })

  it('that was sent with an older token than the one that met the demand goes with the present one, unasked', async () => {
    const { asked, need, session } = setUp()
    const before = session.held()
    await need()
    session.generation = 5
    expect(await need(challenge(), before)).toEqual(session.held(5))
    expect(asked).toHaveLength(1)
  })

  it.each<[string, (session: FakeSession, before: Held) => { held: Held | 'no token'; wanted?: Challenge }]>([
    ['was sent with the very token that should have met the demand', (session) => ({ held: session.held() })],
    ['needs something else', (_session, before) => ({ held: before, wanted: challenge({ scope: 'other' }) })],
    ['was sent without a token', () => ({ held: 'no token' })],
    ['comes when somebody else has signed in', (session, before) => (session.epoch++, { held: before })],
    ['comes when nobody is signed in', (session, before) => ((session.signedIn = false), { held: before })],
  ])('that %s is asked for anew', async (_which, later) => {
    const { asked, need, session } = setUp()
    const before = session.held()
    await need()
    const { held, wanted } = later(session, before)
    await need(wanted, held)
    expect(asked).toHaveLength(2)
  })

  it('of one session never gets what the user of another was asked for', async () => {
    const { asked, need, session } = setUp()
    const other = new FakeSession()
    other.epoch = 2
    const [mine, theirs] = await Promise.all([need(), need(challenge(), other.held(), other)])
    expect([mine, theirs]).toEqual([session.held(), other.held()])
    expect(asked).toHaveLength(2)
  })

  it('can be asked for again after a failure, which all that waited get', async () => {
    let willing = false
    const { asked, need } = setUp(() => (willing ? { access_token: 'made-up' } : Promise.reject(new Error('no'))))
    const errors = [rejection(need()), rejection(need())]
    expect((await Promise.all(errors)).map(({ message }) => message)).toEqual(['no', 'no'])
    willing = true
    await need()
    expect(asked).toHaveLength(2)
  })

  it('is told that the user has declined', async () => {
    const { need } = setUp(() => undefined)
    expect((await rejection(need())).message).toBe('The step-up was declined')
  })
})

describe('the time limit', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  it.each([
    ['five minutes when none is given', undefined, 300_000],
    ['what is given', { timeout: 20 }, 20],
    ['as long as a timer can be', { timeout: 2 ** 31 - 1 }, 2 ** 31 - 1],
  ])('is %s; then the handler is aborted', async (_what, options, limit) => {
    const { need, signals } = setUp(() => new Promise(() => undefined), options)
    let outcome: unknown
    const waiting = rejection(need()).then((error) => (outcome = error))
    await jest.advanceTimersByTimeAsync(limit - 1)
    expect([outcome, signals[0]?.aborted]).toEqual([undefined, false])
    await jest.advanceTimersByTimeAsync(1)
    const error = await waiting
    expect(error.message).toBe(`The step-up took longer than ${limit} ms`)
    expect(signals[0]?.reason).toBe(error)
  })

  it.each<[string, StepUpHandler]>([
    ['answered', () => ({ access_token: 'made-up' })],
    ['declined', () => undefined],
    ['failed', () => Promise.reject(new Error('no'))],
    [
      'failed at once',
      () => {
        throw new Error('no')
      },
    ],
  ])('leaves no timer when the user has %s', async (_how, handler) => {
    const { need, signals } = setUp(handler)
    await need().catch(() => undefined)
    await settle()
    expect([jest.getTimerCount(), signals[0]?.aborted]).toEqual([0, false])
  })

  it.each([0, -1, NaN, Infinity, 2 ** 31])('can not be %p', (timeout) => {
    expect(() => stepUp(() => undefined, { timeout })).toThrow(
      new TypeError('stepUp: timeout must be a number of milliseconds above 0'),
    )
  })
})

it('a handler that is no function is told as misuse, at once', () => {
  expect(() => stepUp(undefined as never)).toThrow(TypeError)
  expect(() => stepUp(undefined as never)).toThrow('stepUp: handler must be a function (demand, context) → token response')
})
