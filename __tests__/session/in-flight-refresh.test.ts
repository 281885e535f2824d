import { OAuthError } from '../../src/errors.js'
import { newEpoch } from '../../src/session/epoch.js'
import type { RefreshEvent } from '../../src/session/events.js'
import { InFlightRefresh, type RefreshResult } from '../../src/session/in-flight-refresh.js'
import { deferred, rejection } from '../helpers/client.js'
import { settle } from '../helpers/fake-environment.js'

const failed: RefreshResult = { type: 'failed', error: new OAuthError('OAUTH_REFRESH_UNAVAILABLE', 'made up') }
const rejected: RefreshResult = { type: 'rejected', error: new OAuthError('OAUTH_SIGNED_OUT', 'made up') }
const start = (reason: RefreshEvent['reason'] = 'expired'): InFlightRefresh =>
  new InFlightRefresh({ refreshId: 7, reason }, newEpoch({}), 0)

describe('a refresh in flight', () => {
  it('has called nothing and received nothing when it begins', () => {
    const { isCalling, isRunning, isSuperseded, hasAsked, wasOffline, attempts, waiting } = start()
    expect([isCalling, isRunning, isSuperseded, hasAsked, wasOffline]).toEqual(Array(5).fill(false))
    expect([attempts, waiting]).toEqual([0, 0])
  })

  it('settles once: the first result counts', async () => {
    const run = start()
    run.settle(rejected)
    run.settle(failed)
    expect(await run.result).toBe(rejected)
  })

  it('never rejects, also when nothing waits for it', async () => {
    const run = start()
    run.settle(failed)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await run.result).toBe(failed)
  })

  it('is for a rejected token when that is its reason', () => {
    expect([start().isForRejected, start('rejected').isForRejected]).toEqual([false, true])
  })

  it('gives its signal the reason of its abort', () => {
    const run = start()
    expect(run.signal.aborted).toBe(false)
    const reason = new Error('made up')
    run.abort(reason)
    expect(run.signal.reason).toBe(reason)
  })
})

describe('the call of the refresh function', () => {
  it('is calling during the synchronous part and running until it settles', async () => {
    const answer = deferred()
    const run = start()
    const seen: boolean[] = []
    const called = run.call(() => {
      seen.push(run.isCalling, run.isRunning)
      return answer.promise
    })
    seen.push(run.isCalling, run.isRunning)
    answer.resolve()
    await called
    await settle()
    seen.push(run.isCalling, run.isRunning)
    expect(seen).toEqual([true, true, false, true, false, false])
  })

  it.each<[string, () => unknown]>([
    ['rejects', () => Promise.reject(new Error('made up'))],
    [
      'throws',
      () => {
        throw new Error('made up')
      },
    ],
  ])('ends when the function %s', async (_how, refresh) => {
    const run = start()
    const called = async (): Promise<unknown> => run.call(refresh)
    expect(await rejection(called())).toMatchObject({ message: 'made up' })
    await settle()
    expect([run.isCalling, run.isRunning]).toEqual([false, false])
  })
})
