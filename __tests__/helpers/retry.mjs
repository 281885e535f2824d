import { jest } from '@jest/globals'

// A machine of the CI that stalls for seconds fails a test of real processes now and then. The first failure is printed, a second one counts.
if (process.env.CI) jest.retryTimes(1, { logErrorsBeforeRetry: true })
