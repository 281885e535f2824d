import { safeError } from '../errors.js'
import type { Environment } from './environment.js'

/** A timer that fires later than this shows that the process was suspended or busy. Milliseconds. */
const SUSPENDED = 100
/** The time in which a process that was suspended can read what has arrived meanwhile. Milliseconds. */
const GRACE = 1000

/**
 * Settles as `work` does, or rejects with an error of the message `late` after `ms` milliseconds, or soon after a suspension of the
 * process that outlasted the limit. This error first aborts `controller`. A synchronous throw becomes a rejection.
 */
export function withTimeLimit<Result>(
  environment: Environment,
  ms: number,
  work: () => Result | PromiseLike<Result>,
  late: string,
  controller?: { readonly abort: (reason: Error) => void },
): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const end = (): void => {
      const error = safeError(late)
      controller?.abort(error)
      reject(error)
    }
    const limit = environment.monotonic() + ms
    let cancel = environment.after(ms, () => {
      if (environment.monotonic() - limit > SUSPENDED) cancel = environment.after(GRACE, end)
      else end()
    })
    new Promise<Result>((start) => start(work())).then(resolve, reject).finally(() => cancel())
  })
}
