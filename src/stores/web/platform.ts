/** What a page may have. Any of it may be missing, and a getter may throw: everything is looked up where it is used. */
interface Page {
  readonly document?: unknown
  readonly localStorage?: Storage
  readonly sessionStorage?: Storage
  readonly indexedDB?: IDBFactory
  readonly navigator?: { readonly locks?: LockManager }
  readonly BroadcastChannel?: typeof BroadcastChannel
  readonly addEventListener?: typeof addEventListener
  readonly removeEventListener?: typeof removeEventListener
}

/** The global object as it is now. */
export const page = (): Page => globalThis as unknown as Page

/** Is this a page? Servers too have `BroadcastChannel`, and some a `localStorage`, which all their users would share. */
export const isPage = (): boolean => page().document !== undefined

/** The Web Locks of this page or worker. Insecure contexts have none. */
export const webLocks = (): LockManager | undefined => page().navigator?.locks

/** IndexedDB, where there is one and the browser lets this site see it. */
export function database(): IDBFactory | undefined {
  try {
    return page().indexedDB ?? undefined
  } catch {
    return undefined
  }
}

/** Opens a channel to the other pages of this origin; `undefined` where there is none to be had. */
export function openChannel(name: string): BroadcastChannel | undefined {
  const { BroadcastChannel: Channel } = page()
  if (!Channel || (!isPage() && database() === undefined)) return undefined
  try {
    return new Channel(name)
  } catch {
    return undefined
  }
}

/** Sends one message and is done. */
export function broadcast(name: string, message: unknown): void {
  const channel = openChannel(name)
  channel?.postMessage(message)
  channel?.close()
}

/** Listens to an event of the page; returns the undo. */
export function listen(type: string, listener: (event: Event) => void): () => void {
  page().addEventListener?.(type, listener)
  return () => page().removeEventListener?.(type, listener)
}

/** A name that nobody else has. `crypto.randomUUID` is missing in insecure contexts. */
export function uniqueName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
}

/** Lets the event loop turn once. Timers won't do: browsers slow them down in tabs that are out of sight. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
