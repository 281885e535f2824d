/** True for every object, also for an array; false for `null` and functions. */
export function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}

/** Is the body used up once it has been sent? */
export function isStream(data: unknown): boolean {
  return (
    isObject(data) && (typeof data.pipe === 'function' || typeof data.getReader === 'function' || Symbol.asyncIterator in data)
  )
}
