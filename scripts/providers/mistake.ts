import { isDeepStrictEqual } from 'node:util'

/** A wrong result. Everything else is right. */
class Mistake extends Error {}

export function expect(what: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Mistake(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)
}

/** Runs a check. Resolves with the mistake, or with `undefined` when everything is right. */
export async function mistakeOf(name: string, check: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return `${name}: ${error instanceof Mistake ? error.message : String((error as Error).stack)}`
  }
}
