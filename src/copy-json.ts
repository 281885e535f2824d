/**
 * Copies JSON. Values that are no JSON (functions, dates, class instances) stay the same objects: `structuredClone` refuses some of them, and
 * some platforms lack it.
 */
export function copyJSON<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyJSON) as Value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyJSON(member as unknown)])) as Value
}
