/** A requirement that the store does not meet, with the observation. */
export class Broken extends Error {}

export function check(kept: unknown, seen: string): asserts kept {
  if (!kept) throw new Broken(seen)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Prints a value for a message. The suite writes made-up tokens only. */
export function show(value: unknown): string {
  const text = typeof value === 'string' || isObject(value) ? JSON.stringify(value) : String(value)
  return text.length <= 160 ? text : `${text.slice(0, 160)}… (${text.length} characters)`
}

/** The first difference of two JSON values; `undefined` when they are equal. The order of members does not matter. */
function difference(expected: unknown, seen: unknown, path: string): string | undefined {
  if (Object.is(expected, seen)) return undefined
  if (!isObject(expected) || !isObject(seen) || Array.isArray(expected) !== Array.isArray(seen))
    return `${path} is ${show(seen)} instead of ${show(expected)}`
  for (const name of new Set([...Object.keys(expected), ...Object.keys(seen)])) {
    const found = difference(expected[name], seen[name], `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

export function isSame(expected: unknown, seen: unknown): boolean {
  return difference(expected, seen, '') === undefined
}

/** Fails unless `seen` equals `expected` as JSON. The message names the value by `what`. */
export function checkSame(seen: unknown, expected: unknown, what: string): void {
  const found = difference(expected, seen, what)
  check(found === undefined, found ?? '')
}

/** Resolves with the rejection of `promise`; fails when that resolves. */
export async function rejectionOf(promise: Promise<unknown>, what: string): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) return outcome.error
  throw new Broken(`${what} resolved with ${show(outcome.value)} instead of rejecting`)
}
