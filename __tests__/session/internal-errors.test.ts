import { readSettings } from '../../src/axios/options.js'
import { memoryStore } from '../../src/index.js'
import { newEpoch } from '../../src/session/epoch.js'
import { exchange } from '../../src/session/exchange.js'
import { originalCause } from '../../src/errors.js'
import { internalError, noRefreshFunction, sessionClosed } from '../../src/session/refresh-error.js'
import { plainPersistence } from '../../src/persistence/plain.js'
import { InFlightRefresh } from '../../src/session/in-flight-refresh.js'
import { FakeEnvironment } from '../helpers/fake-environment.js'
import { issuer } from '../helpers/session.js'

describe('a platform function that is missing', () => {
  it('is reported as what it is, not as a token endpoint that is unavailable', async () => {
    const environment = new FakeEnvironment()
    const settings = readSettings('createSession', memoryStore(), { refresh: issuer() })
    const context = {
      environment,
      settings,
      storeName: 'store',
      keepsRefreshToken: false,
      isExpired: true,
      lost: undefined,
      count: () => void environment.monotonic(),
      late: () => Promise.resolve(undefined),
      present: () => undefined,
    }
    const run = new InFlightRefresh({ refreshId: 1, reason: 'expired' }, newEpoch({}), 0)
    const persistence = plainPersistence(memoryStore())(environment, settings)
    const { outcome } = await persistence.renew({
      current: undefined,
      exchange: (base, unwritable) => {
        environment.monotonic = undefined as never
        return exchange(context, run, base, unwritable)
      },
      adoptStored: true,
      isLate: false,
      superseded: { aborted: false },
    })
    expect(outcome).toMatchObject({
      type: 'failed',
      error: { code: 'OAUTH_INTERNAL', retryable: false, message: expect.stringContaining('TypeError') },
    })
  })
})

describe('an internal error', () => {
  it.each([
    [new RangeError('made up'), 'RangeError'],
    [undefined, 'unknown'],
    ['text', 'unknown'],
  ])('(%p) asks for a report and names the kind of its cause', (cause, kind) => {
    const error = internalError(cause)
    expect(error.message).toBe(
      `Unexpected error in axios-attach-oauth: ${kind}. Please report it. See docs/errors.md#oauth_internal`,
    )
    expect(originalCause(error)).toBe(cause)
  })

  it('is not made of an error of this package', () => {
    const error = sessionClosed()
    expect(internalError(error)).toBe(error)
  })
})

describe('the error of a session', () => {
  it('without a refresh function can not be helped by another try, and names the store', () => {
    expect(noRefreshFunction('file')).toMatchObject({ retryable: false, message: expect.stringContaining('(file)') })
  })

  it('that is closed says so', () => {
    expect(sessionClosed().message).toContain('no token is refreshed after session.close()')
  })
})
