/** The parts of a page that are used here. Each may be missing, and a getter may throw, so all are read at the time of use. */
interface Page {
  readonly document?: unknown
  readonly localStorage?: Storage
  readonly sessionStorage?: Storage
  readonly indexedDB?: IDBFactory
  readonly navigator?: { readonly locks?: LockManager }
  readonly BroadcastChannel?: typeof BroadcastChannel
  readonly MessageChannel?: typeof MessageChannel
  readonly addEventListener?: typeof addEventListener
  readonly removeEventListener?: typeof removeEventListener
}

/** Returns the global object. */
export const page = (): Page => globalThis as unknown as Page

/** True in a page. Servers also have `BroadcastChannel`, and some have a `localStorage`, which all their users would share. */
export const isPage = (): boolean => page().document !== undefined

/** Returns the Web Locks of this page or worker. Insecure contexts have none. */
export const webLocks = (): LockManager | undefined => page().navigator?.locks

/** Returns IndexedDB, if the browser grants it to this site. */
export function database(): IDBFactory | undefined {
  try {
    return page().indexedDB ?? undefined
  } catch {
    return undefined
  }
}

/** Opens a channel to the other pages of this origin. Returns `undefined` if the platform has none. */
export function openChannel(name: string): BroadcastChannel | undefined {
  const { BroadcastChannel: Channel } = page()
  if (!Channel || (!isPage() && database() === undefined)) return undefined
  try {
    const channel: BroadcastChannel & { unref?(): void } = new Channel(name)
    // Under jsdom or happy-dom, an open channel would keep Node from exiting.
    channel.unref?.()
    return channel
  } catch {
    return undefined
  }
}

/** Sends one message over a new channel. Returns `false` if the platform has no channels. */
export function broadcast(name: string, message: unknown): boolean {
  const channel = openChannel(name)
  channel?.postMessage(message)
  channel?.close()
  return channel !== undefined
}

/** Adds a listener for an event of the page. Returns the undo. */
export function listen(type: string, listener: (event: Event) => void): () => void {
  page().addEventListener?.(type, listener)
  return () => page().removeEventListener?.(type, listener)
}

const randomPart = (): string => Math.random().toString(36).slice(2)

/** Returns a name that no other tab uses. Names need not be secret, and `crypto` is missing on some platforms. */
export const uniqueName = (): string => `${randomPart()}-${randomPart()}`

/** Resolves after one turn of the event loop. Uses a message, because browsers slow down timers in hidden tabs. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { MessageChannel: Channel } = page()
    if (!Channel) return void setTimeout(resolve)
    const { port1, port2 } = new Channel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(undefined)
  })
}
