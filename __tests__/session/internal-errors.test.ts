import { readSettings } from '../../src/axios/options.js'
import { memoryStore } from '../../src/index.js'
import { newEpoch } from '../../src/session/epoch.js'
import { exchange } from '../../src/session/exchange.js'
import { InFlightRefresh } from '../../src/session/in-flight-refresh.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { issuer } from '../helpers/session.js'

describe('a platform function that is missing', () => {
  it('is reported as what it is, not as a token endpoint that is unavailable', async () => {
    const environment = new FakeEnvironment()
    environment.monotonic = undefined as never
    const settings = readSettings('test', memoryStore(), { refresh: issuer() })
    const context = { environment, settings, storeName: 'store', keepsRefreshToken: false, isExpired: true, lost: undefined }
    const run = new InFlightRefresh({
      id: 1,
      reason: 'expired',
      epoch: newEpoch({}),
      startedAt: 0,
      startedBy: undefined,
      answer: undefined,
    })
    const outcome = await exchange(context, run, undefined, undefined)
    expect(outcome).toMatchObject({
      type: 'failed',
      error: { code: 'OAUTH_INTERNAL', retryable: false, message: expect.stringContaining('TypeError') },
    })
  })
})
