/** The part of Node's `AsyncLocalStorage` used here. */
interface Storage {
  run<Result>(value: unknown, work: () => Result): Result
  getStore(): unknown
  disable(): void
}

interface NodeProcess {
  getBuiltinModule?(name: string): { readonly AsyncLocalStorage: new () => Storage } | undefined
}

/** Node's async context, without importing a built-in module; `undefined` on platforms that have none. */
const storage = createStorage()
/** The values whose work has not ended, of all sessions. */
const open = new Set<object>()

function createStorage(): Storage | undefined {
  const { process } = globalThis as { process?: NodeProcess }
  const hooks = process?.getBuiltinModule?.('node:async_hooks')
  return hooks && new hooks.AsyncLocalStorage()
}

/** The contexts that are nested here: the refresh function of one session may use another session. */
const nested = (): readonly object[] => (storage?.getStore() as readonly object[] | undefined) ?? []

/** Runs `work` so that `isInContext(value)` is true in everything that `work` calls, also after an await, until `endContext`. */
export function runInContext<Result>(value: object, work: () => Result): Result {
  const contexts = [value, ...nested().filter((outer) => open.has(outer))]
  open.add(value)
  return storage ? storage.run(contexts, work) : work()
}

export function isInContext(value: object): boolean {
  return nested().includes(value)
}

/** Runs `work` without a context. Starts none: in older releases of Node a context slows every promise down. */
export function runOutsideContext(work: () => void): void {
  if (storage?.getStore()) storage.run(undefined, work)
  else work()
}

/** Ends a context. After the last one contexts are disabled, because they slow down every promise in older releases of Node. */
export function endContext(value: object): void {
  open.delete(value)
  if (open.size === 0) storage?.disable()
}
