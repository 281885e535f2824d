import type { Environment } from './environment.js'

/**
 * Settles as `work` does, or rejects with the error of `late` after `ms` milliseconds. A synchronous throw becomes a rejection.
 */
export function withTimeLimit<Result>(
  environment: Environment,
  ms: number,
  work: () => Result | PromiseLike<Result>,
  late: () => unknown,
): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const cancel = environment.after(ms, () => reject(late()))
    new Promise<Result>((start) => start(work())).then(resolve, reject).finally(cancel)
  })
}
