/**
 * Resolves as `work` does, or after `ms` milliseconds with the result of `late`, even if `work` ignores its signal, which is also
 * aborted when `signal` is.
 */
export async function withTimeLimit<Result>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
  late: () => Result,
): Promise<Result> {
  const controller = new AbortController()
  const follow = (): void => controller.abort(signal.reason)
  if (signal.aborted) follow()
  signal.addEventListener('abort', follow)
  let timer: ReturnType<typeof setTimeout> | undefined
  const elapsed = new Promise<Result>((resolve) => {
    timer = setTimeout(() => {
      resolve(late())
      controller.abort()
    }, ms)
  })
  try {
    return await Promise.race([work(controller.signal), elapsed])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', follow)
  }
}
