/** A page of a browser as far as signing in needs one: address, history and storage. */
export interface FakePage {
  /** The addresses that were navigated to. */
  readonly visited: string[]
  readonly storage: Map<string, string>
  /** Opens an address, as a navigation does. */
  open(address: string): void
  address(): string
  close(): void
}

class FakeStorage {
  constructor(readonly entries: Map<string, string>) {
    return new Proxy(this, {
      ownKeys: () => [...entries.keys()],
      getOwnPropertyDescriptor: (_target, key) => ({ value: entries.get(String(key)), enumerable: true, configurable: true }),
    })
  }
  getItem(key: string): string | null {
    return this.entries.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.entries.set(key, value)
  }
  removeItem(key: string): void {
    this.entries.delete(key)
  }
}

const names = ['location', 'history', 'localStorage'] as const

/** Puts a page into this process. Pages that get the same `storage` are tabs of one browser. */
export function openPage(address: string, storage = new Map<string, string>()): FakePage {
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  const visited: string[] = []
  let url = new URL(address)
  const location = {
    get href() {
      return url.href
    },
    get origin() {
      return url.origin
    },
    assign: (target: string) => void visited.push(target),
  }
  const history = {
    state: { router: 1 },
    replaceState: (_state: unknown, _title: string, target: string) => void (url = new URL(target)),
  }
  const values = { location, history, localStorage: new FakeStorage(storage) }
  for (const name of names) Object.defineProperty(globalThis, name, { configurable: true, value: values[name] })
  return {
    visited,
    storage,
    open: (target) => void (url = new URL(target, url)),
    address: () => url.href,
    close() {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor)
        else Reflect.deleteProperty(globalThis, name)
      }
    },
  }
}
