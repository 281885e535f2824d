import type { Environment } from './environment.js'

/** Settles as `work` does, or rejects with what `late` makes when `ms` milliseconds have passed. A synchronous throw is a rejection. */
export function withTimeLimit<Result>(
  environment: Environment,
  ms: number,
  work: () => Result | PromiseLike<Result>,
  late: () => unknown,
): Promise<Result> {
  return new Promise<Result>((resolve, reject) => {
    const cancel = environment.after(ms, () => reject(late()))
    const settle = (): void => cancel()
    new Promise<Result>((started) => started(work())).then(resolve, reject).finally(settle)
  })
}
