/** Runs code of the application or its libraries, such as a getter. A throw gives `undefined`. */
export function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
