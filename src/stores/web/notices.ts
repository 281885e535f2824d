import { broadcast, listen, openChannel, page } from './platform.js'

/** Tells the other tabs of a change, and hears of theirs. */
export interface Notices {
  /** Sends to the others, never to oneself. */
  send(message: unknown): void
  /** Calls `listener` with what others send; the result is the undo. */
  subscribe(listener: (message: unknown) => void): () => void
}

/** `storageKey`: an item of localStorage whose changes the browser tells as well, also those that other code makes. */
export function notices(name: string, storageKey?: string): Notices {
  let channel: BroadcastChannel | undefined
  let stopListening: (() => void) | undefined
  const listeners = new Set<(message: unknown) => void>()
  const tell = (message: unknown): void => {
    for (const listener of [...listeners]) listener(message)
  }

  function open(): void {
    channel = openChannel(name)
    if (channel) channel.onmessage = ({ data }: MessageEvent<unknown>) => tell(data)
    if (storageKey === undefined) return
    stopListening = listen('storage', (event) => {
      const { key, storageArea } = event as StorageEvent
      // `clear()` names no key.
      if ((key === storageKey || key === null) && storageArea === page().localStorage) tell(undefined)
    })
  }

  function close(): void {
    channel?.close()
    stopListening?.()
    channel = stopListening = undefined
  }

  return {
    send(message) {
      // A channel doesn't hear itself; another one of the same page would.
      if (channel) channel.postMessage(message)
      else broadcast(name, message)
    },
    subscribe(listener) {
      const entry = (message: unknown): void => listener(message)
      if (listeners.size === 0) open()
      listeners.add(entry)
      return () => {
        if (listeners.delete(entry) && listeners.size === 0) close()
      }
    },
  }
}
