import { broadcast, listen, openChannel, page } from './platform.js'

/** The message that reports a change of the record. */
export const CHANGED = 'changed'

/** Messages between the tabs of an origin. */
export interface TabChannel {
  /** Sends to the other tabs. Returns `false` if the browser has no channel. */
  send(message: unknown): boolean
  /** Calls `listener` with each message from another tab. Returns the undo. */
  subscribe(listener: (message: unknown) => void): () => void
}

/** If the browser now denies storage to the site, the event counts as one of it: the next read reports that. */
function isLocalStorage(area: Storage | null): boolean {
  try {
    return area === page().localStorage
  } catch {
    return true
  }
}

/** Makes a channel. `storageKey`: a localStorage item whose `storage` events count as `CHANGED`, for changes by other code. */
export function tabChannel(name: string, storageKey?: string): TabChannel {
  let channel: BroadcastChannel | undefined
  let stopListening: (() => void) | undefined
  const listeners = new Set<(message: unknown) => void>()
  const deliver = (message: unknown): void => {
    for (const listener of [...listeners]) listener(message)
  }

  function open(): void {
    channel = openChannel(name)
    if (channel) channel.onmessage = ({ data }: MessageEvent<unknown>) => deliver(data)
    if (storageKey === undefined) return
    stopListening = listen('storage', (event) => {
      const { key, storageArea } = event as StorageEvent
      // The event of `clear()` names no key.
      if ((key === storageKey || key === null) && isLocalStorage(storageArea)) deliver(CHANGED)
    })
  }

  function close(): void {
    channel?.close()
    stopListening?.()
    channel = stopListening = undefined
  }

  return {
    send(message) {
      // Sent on the subscribed channel, which does not receive its own messages; another channel of this page would deliver them
      // here.
      if (!channel) return broadcast(name, message)
      channel.postMessage(message)
      return true
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
