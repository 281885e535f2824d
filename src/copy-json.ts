/**
 * Copies JSON. A big integer becomes text, because JSON holds none. Other values (functions, dates, class instances) are not copied.
 * `structuredClone` rejects some of these, and some platforms lack it.
 */
export function copyJSON<Value>(value: Value): Value {
  if (typeof value === 'bigint') return String(value) as Value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyJSON) as Value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyJSON(member as unknown)])) as Value
}
