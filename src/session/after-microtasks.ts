/** Calls back after the reactions of all promises that are settled by now. */
export function afterMicrotasks(callback: () => void): void {
  let left = 20
  const step = (): void => {
    if (left-- > 0) void Promise.resolve().then(step)
    else callback()
  }
  step()
}
