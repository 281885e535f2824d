import { jest } from '@jest/globals'
import type { Challenge } from '../src/axios/challenge.js'
import { OAuthError, isOAuthError } from '../src/errors.js'
import { newEpoch } from '../src/session/epoch.js'
import type { RefreshResult } from '../src/session/in-flight-refresh.js'
import type { ActiveToken } from '../src/session/state.js'
import type { TokenProvider } from '../src/session/token-provider.js'
import { stepUp, type StepUpContext, type StepUpDemand, type StepUpHandler } from '../src/step-up.js'
import { deferred, rejection } from './helpers/client.js'
import { settle } from './helpers/fake-environment.js'

/** A session that adopts every token response as its next generation. */
class FakeProvider {
  epoch = newEpoch({})
  generation = 1
  signedIn = true
  /** The outcome of the next step-up, when the token response can't be adopted. */
  failure: RefreshResult | undefined
  present = (generation = this.generation): ActiveToken =>
    ({
      generation,
      epoch: this.epoch,
      record: { parsed: { tokens: { access_token: `a${generation}`, refresh_token: 5 } }, identity: {} },
    }) as unknown as ActiveToken
  peekToken = (): ActiveToken | undefined => (this.signedIn ? this.present() : undefined)
  readonly services = {
    environment: { now: () => 0 },
    events: { on: () => () => undefined },
    state: { epoch: this.epoch },
    coordinator: { start: () => ({ result: Promise.resolve(this.adopt()) }) },
  }
  adopt(): RefreshResult {
    if (this.failure) return this.failure
    this.generation++
    return { type: 'token', token: this.present() }
  }
}
const challenge = (parameters: Record<string, string> = {}): Challenge => ({
  scheme: 'bearer',
  parameters: { error: 'insufficient_scope', scope: 'write', ...parameters },
})

const PAUSE = 30_000
beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

function setUp(handler: StepUpHandler = () => ({ access_token: 'made-up' }), options?: { timeout: number }) {
  const asked: StepUpDemand[] = []
  const contexts: StepUpContext[] = []
  const step = stepUp((demand, context) => {
    asked.push(demand)
    contexts.push(context)
    return handler(demand, context)
  }, options)
  const provider = new FakeProvider()
  const need = async (
    wanted = challenge(),
    sentWith: ActiveToken | 'no token' = provider.present(),
    whose = provider,
  ): Promise<RefreshResult> => step(whose as unknown as TokenProvider, sentWith === 'no token' ? undefined : sentWith, wanted)
  return { asked, contexts, provider, need }
}

const withToken = (token: ActiveToken): RefreshResult => ({ type: 'token', token })

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
  ])('is another demand when the %s differs', async (_what, parameters) => {
    const { asked, need } = setUp()
    await need()
    await need(challenge(parameters))
    expect(asked).toHaveLength(2)
  })

  it('comes with the present tokens, as a copy, and without a request’s tokens where it had none', async () => {
    const { contexts, need, provider } = setUp((_demand, { tokens }) => {
      if (tokens) tokens.access_token = 'changed'
      return { access_token: 'made-up' }
    })
    await need()
    await need(challenge({ scope: 'other' }), 'no token')
    expect(contexts.map(({ tokens }) => tokens)).toEqual([{ access_token: 'changed' }, undefined])
    expect(provider.present(1).record.parsed.tokens.access_token).toBe('a1')
  })
})

describe('a request', () => {
  it('waits with all others that need the same thing, and gets what they get', async () => {
    const { promise: user, resolve: agree } = deferred()
    const { asked, need, provider } = setUp(() => user.then(() => ({ access_token: 'made-up' })))
    const all = [need(), need(), need()]
    agree()
    expect(await Promise.all(all)).toEqual(Array(3).fill(withToken(provider.present(2))))
    expect(asked).toHaveLength(1)
  })

  it('that needs something else waits for the open prompt and goes with its token: one prompt is open at a time', async () => {
    const { promise: user, resolve: agree } = deferred()
    const { asked, need, provider } = setUp(() => user.then(() => ({ access_token: 'made-up' })))
    const all = [need(), need(challenge({ scope: 'other' }))]
    await settle()
    agree()
    expect(await Promise.all(all)).toEqual(Array(2).fill(withToken(provider.present(2))))
    expect(asked.map(({ scope }) => scope)).toEqual(['write'])
    await need(challenge({ scope: 'other' }))
    expect(asked.map(({ scope }) => scope)).toEqual(['write', 'other'])
  })

  it('that was sent with an older token than the one that met the demand goes with the present one, without a prompt', async () => {
    const { asked, need, provider } = setUp()
    const before = provider.present()
    await need()
    provider.generation = 5
    expect(await need(challenge(), before)).toEqual(withToken(provider.present(5)))
    expect(asked).toHaveLength(1)
  })

  it.each<[string, (provider: FakeProvider, before: ActiveToken) => { sentWith: ActiveToken | 'no token'; wanted?: Challenge }]>([
    ['needs something else', (_provider, before) => ({ sentWith: before, wanted: challenge({ scope: 'other' }) })],
    ['comes after another sign-in', (provider, before) => ((provider.epoch = newEpoch({})), { sentWith: before })],
    ['comes when nobody is signed in', (provider, before) => ((provider.signedIn = false), { sentWith: before })],
  ])('that %s leads to a prompt of its own', async (_which, later) => {
    const { asked, need, provider } = setUp()
    const before = provider.present()
    await need()
    const { sentWith, wanted } = later(provider, before)
    await need(wanted, sentWith)
    expect(asked).toHaveLength(2)
  })

  it.each<[string, StepUpHandler, (provider: FakeProvider) => ActiveToken | 'no token', string]>([
    [
      'met, and the request was sent with the token that met it',
      () => ({ access_token: 'made-up' }),
      (provider) => provider.present(),
      'met',
    ],
    ['met, and the request was sent without a token', () => ({ access_token: 'made-up' }), () => 'no token', 'met'],
    ['declined', () => undefined, (provider) => provider.present(), 'declined'],
  ])('whose demand was %s is not asked again for 30 s, and then is', async (_how, handler, sentWith, how) => {
    const { asked, need, provider } = setUp(handler)
    await need().catch(() => undefined)
    jest.advanceTimersByTime(PAUSE - 1)
    expect((await rejection(need(challenge(), sentWith(provider)))).message).toBe(`The same demand was ${how} less than 30 s ago`)
    expect(asked).toHaveLength(1)
    jest.advanceTimersByTime(1)
    await need(challenge(), sentWith(provider)).catch(() => undefined)
    expect(asked).toHaveLength(2)
  })

  it('of one session never gets what the user of another was asked for', async () => {
    const { asked, need, provider } = setUp()
    const other = new FakeProvider()
    const [mine, others] = await Promise.all([need(), need(challenge(), other.present(), other)])
    expect([mine, others]).toEqual([withToken(provider.present()), withToken(other.present())])
    expect(asked).toHaveLength(2)
  })

  it('gets the failure that all others get which waited', async () => {
    const { asked, need } = setUp(() => Promise.reject(new Error('no')))
    const errors = [rejection(need()), rejection(need())]
    expect((await Promise.all(errors)).map(({ message }) => message)).toEqual(['no', 'no'])
    expect(asked).toHaveLength(1)
  })

  it('gets the outcome of a token response that can not be adopted', async () => {
    const { need, provider } = setUp()
    provider.failure = { type: 'failed', error: new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up') }
    const outcome = await need()
    expect(outcome).toBe(provider.failure)
    expect(outcome.type === 'failed' && isOAuthError(outcome.error)).toBe(true)
  })

  it('has an error that says so when the user has declined', async () => {
    const { need } = setUp(() => undefined)
    expect((await rejection(need())).message).toBe('The step-up was declined')
  })
})

describe('the time limit', () => {
  it.each([
    ['five minutes when none is given', undefined, 300_000],
    ['what is given', { timeout: 20 }, 20],
    ['as long as a timer can be', { timeout: 2 ** 31 - 1 }, 2 ** 31 - 1],
  ])('is %s; then the handler is aborted', async (_what, options, limit) => {
    const { need, contexts } = setUp(() => new Promise(() => undefined), options)
    let outcome: unknown
    const waiting = rejection(need()).then((error) => (outcome = error))
    await jest.advanceTimersByTimeAsync(limit - 1)
    expect([outcome, contexts[0]?.signal.aborted]).toEqual([undefined, false])
    await jest.advanceTimersByTimeAsync(1)
    const error = await waiting
    expect(error.message).toBe(`The step-up took longer than ${limit} ms`)
    expect(contexts[0]?.signal.reason).toBe(error)
  })

  it.each<[string, StepUpHandler]>([
    ['answered', () => ({ access_token: 'made-up' })],
    ['declined', () => undefined],
    ['failed', () => Promise.reject(new Error('no'))],
    [
      'failed at the call',
      () => {
        throw new Error('no')
      },
    ],
  ])('leaves no timer when the user has %s', async (_how, handler) => {
    const { need, contexts } = setUp(handler)
    await need().catch(() => undefined)
    await settle()
    expect([jest.getTimerCount(), contexts[0]?.signal.aborted]).toEqual([0, false])
  })

  it.each([0, -1, NaN, Infinity, 2 ** 31])('can not be %p', (timeout) => {
    expect(() => stepUp(() => undefined, { timeout })).toThrow(
      new TypeError('stepUp: timeout must be a positive number of milliseconds'),
    )
  })
})

it('a handler that is no function is a TypeError that names it', () => {
  expect(() => stepUp(undefined as never)).toThrow(TypeError)
  expect(() => stepUp(undefined as never)).toThrow('stepUp: handler must be a function (demand, context) → token response')
})

it('a session that is attached again while a prompt is open shows no second one', async () => {
  const answer = deferred<{ access_token: string }>()
  const asked: string[] = []
  const handlerOf = (name: string) =>
    stepUp(() => {
      asked.push(name)
      return answer.promise
    })
  const provider = new FakeProvider() as unknown as TokenProvider
  const token = provider.peekToken()
  const results = [handlerOf('first')(provider, token, challenge()), handlerOf('second')(provider, token, challenge())]
  await settle()
  answer.resolve({ access_token: 'made-up' })
  expect((await Promise.all(results)).map(({ type }) => type)).toEqual(['token', 'token'])
  expect(asked).toEqual(['first'])
})
