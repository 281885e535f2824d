import { requestTokens } from '../../src/session/token-request.js'
import { defaultPolicy } from '../../src/policy.js'
import { memoryStore } from '../../src/stores/memory.js'
import type { RefreshFunction } from '../../src/types.js'
import { deferred, rejection } from '../helpers/client.js'
import { FakeEnvironment, settle } from '../helpers/fake-environment.js'
import { startSession, storeWith, tokensFor } from '../helpers/session.js'

let environment: FakeEnvironment
beforeEach(() => {
  environment = new FakeEnvironment()
})

const busy = { status: 503 }
const after10s = (): object => ({ status: 503, retryAfter: new Date(environment.now() + 10_000).toUTCString() })

/** One token request, with what its two ends may do to it. */
function request(refresh: RefreshFunction): { result: Promise<{ response: unknown }>; abort: () => void } {
  const controller = new AbortController()
  const context = { signal: controller.signal, reason: 'expired' as const, reportDate: () => undefined }
  const { now } = environment
  return {
    result: requestTokens(environment, refresh, undefined, context, defaultPolicy.retries, () => true, now),
    abort: () => controller.abort(new Error('made up')),
  }
}

describe('the answer of a token endpoint', () => {
  it('with status 200 and an error in its body means what it says', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), () =>
      Promise.resolve({ error: 'invalid_grant' } as never),
    )
    expect(await rejection(session.refresh())).toMatchObject({ code: 'OAUTH_INVALID_GRANT' })
    expect(session.getSnapshot()).toMatchObject({ status: 'signed_out', reason: 'invalid_grant' })
  })

  it('with a token is used, whatever else is in it', async () => {
    const answer = { access_token: 'a2', error: '' }
    expect((await request(() => answer).result).response).toBe(answer)
  })

  it.each([null, undefined, 'text', 0, true, {}, []])(
    'that is no token set (%p) is for the next step to judge',
    async (answer) => {
      expect((await request(() => answer as never).result).response).toBe(answer)
    },
  )

  it('that holds no usable token set is nobody’s sign-out, and its error tells why it can not be used', async () => {
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async () => ({ access_token: 'a\n2' }))
    expect(await rejection(session.refresh())).toMatchObject({
      code: 'OAUTH_REFRESH_UNAVAILABLE',
      message: expect.stringContaining('The tokens were kept') as string,
      cause: { code: 'OAUTH_TOKEN_INVALID' },
    })
    expect((await session.tokens())?.access_token).toBe('a1')
  })
})

describe('the wait before another try', () => {
  it('ends at once when the refresh is told to give up, and leaves no timer', async () => {
    let calls = 0
    const { result, abort } = request(async () => {
      calls++
      throw after10s()
    })
    const failed = rejection(result)
    await settle()
    expect(environment.timers).toBe(1)
    abort()
    expect(await failed).toMatchObject({ status: 503 })
    expect([calls, environment.timers]).toEqual([1, 0])
  })

  it('for a Retry-After that is a date is counted by the clock of the token endpoint', async () => {
    let calls = 0
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async (_tokens, { reportDate }) => {
      reportDate(new Date(environment.now() + 3_600_000).toUTCString())
      if (++calls > 1) return tokensFor(environment, 2)
      throw { status: 503, retryAfter: new Date(environment.now() + 3_610_000).toUTCString() }
    })
    const refreshed = session.refresh()
    await environment.pass(9_999)
    expect(calls).toBe(1)
    await environment.pass(1)
    expect([calls, (await refreshed).access_token]).toEqual([2, 'a2'])
  })

  it('is not followed by one when somebody has signed out meanwhile', async () => {
    let calls = 0
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async () => {
      calls++
      throw after10s()
    })
    const failed = rejection(session.refresh())
    await settle()
    await session.signOut()
    await environment.pass(20_000)
    expect([calls, await failed]).toEqual([1, expect.objectContaining({ code: 'OAUTH_SIGNED_OUT' })])
  })

  it('is not followed by one when the store’s lock was lost meanwhile: somebody else may have it now', async () => {
    let calls = 0
    const lost = new AbortController()
    const store = storeWith(tokensFor(environment, 1), () => ({ lock: (run) => run(lost.signal) }))
    const session = startSession(environment, store, async () => {
      calls++
      throw after10s()
    })
    const failed = rejection(session.refresh())
    await settle()
    lost.abort()
    await environment.pass(20_000)
    expect([calls, await failed]).toEqual([1, expect.objectContaining({ code: 'OAUTH_REFRESH_UNAVAILABLE' })])
  })
})

describe('a refresh that takes too long', () => {
  it('fails with its time limit in the cause, which the refresh function gets too, and is not tried again', async () => {
    const never = deferred()
    const signals: AbortSignal[] = []
    const session = startSession(environment, memoryStore(tokensFor(environment, 1)), async (_tokens, { signal }) => {
      signals.push(signal)
      signal.addEventListener('abort', () => never.reject(busy))
      return (await never.promise) as never
    })
    const failed = rejection<Error>(session.refresh())
    await environment.pass(70_000)
    const { cause } = await failed
    expect((cause as Error).message).toContain('60000 ms')
    expect(signals.map(({ reason }) => reason as unknown)).toEqual([cause])
  })
})
