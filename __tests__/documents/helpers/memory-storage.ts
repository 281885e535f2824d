/** A `Storage` in memory, whose items are also its enumerable properties, as in a browser. */
export function memoryStorage(): Storage {
  const methods = {
    getItem: (key: string): string | null => (Object.hasOwn(storage, key) ? (storage[key] as string) : null),
    setItem: (key: string, value: string) => void (storage[key] = value),
    removeItem: (key: string) => void delete storage[key],
    clear: () => Object.keys(storage).forEach((key) => delete storage[key]),
    key: (index: number) => Object.keys(storage)[index] ?? null,
  }
  const storage = Object.create(methods) as Storage & Record<string, unknown>
  return storage
}
