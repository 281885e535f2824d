import { changeRecord, openDatabase } from './indexed-db.js'
import { broadcast, listen, openChannel, uniqueName } from './platform.js'

/** Who holds the lease, and how often they have shown since that they live. */
interface Lease {
  readonly owner: string
  readonly beat: number
}

/** Milliseconds. A holder shows every `beat` that it lives; one that hasn't for `patience` has lost the lease; waiters look every `look`. */
export interface LeaseTimes {
  readonly beat: number
  readonly patience: number
  readonly look: number
}

export const leaseTimes: LeaseTimes = { beat: 1000, patience: 5000, look: 200 }

const same = (a: Lease | undefined, b: Lease | undefined): boolean => a?.owner === b?.owner && a?.beat === b?.beat

/**
 * A lock for browsers without Web Locks: a lease in IndexedDB, whose readwrite transactions exclude each other across tabs.
 *
 * No clock is compared: a waiter judges by its own whether the holder's count has stopped. Timers of a tab out of sight fire once a minute, messages
 * arrive all the same; so whoever waits asks, and a holder that lives answers by counting on. A frozen tab doesn't, and loses the lease.
 */
export async function withLease<Result>(
  database: string,
  name: string,
  run: (lost: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
  times: LeaseTimes = leaseTimes,
): Promise<Result> {
  const opened = await openDatabase(database)
  const channelName = `${name}:lease`
  const owner = uniqueName()
  try {
    await acquire()
    return await hold()
  } finally {
    opened.close()
  }

  async function acquire(): Promise<void> {
    let seen: Lease | undefined
    let unmoved = 0
    let lookedAt = performance.now()
    for (;;) {
      signal.throwIfAborted()
      const stale = unmoved >= times.patience ? seen : undefined
      const holder = await take(stale)
      if (!holder) return
      const now = performance.now()
      // After a sleep of this page's own, one look doesn't tell whether the holder lives: no look counts for much.
      unmoved = same(holder, seen) ? unmoved + Math.min(now - lookedAt, times.patience / 3) : 0
      seen = holder
      lookedAt = now
      await pause()
    }
  }

  /** Takes the lease if it is free, or if its holder is still the one that has stopped counting; else says who holds it. */
  function take(stale: Lease | undefined): Promise<Lease | undefined> {
    return changeRecord(opened, 'leases', name, (present, leases) => {
      const holder = present as Lease | undefined
      if (holder && !(stale && same(holder, stale))) return holder
      leases.put({ owner, beat: 1 } satisfies Lease, name)
      return undefined
    })
  }

  /** Asks the holder for a sign of life and waits a moment, or until the lease is released, or until nobody wants it any longer. */
  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const channel = openChannel(channelName)
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        channel?.close()
        resolve()
      }
      const timer = setTimeout(done, times.look)
      signal.addEventListener('abort', done)
      if (!channel) return
      channel.onmessage = ({ data }: MessageEvent<unknown>) => data === 'released' && done()
      channel.postMessage('alive?')
    })
  }

  async function hold(): Promise<Result> {
    const lost = new AbortController()
    let shownAt = performance.now()
    const lose = (): void => lost.abort(new DOMException('The lock was lost: this page did not show that it lives', 'AbortError'))
    const beat = (): void => {
      const now = performance.now()
      changeRecord(opened, 'leases', name, (present, leases) => {
        const lease = present as Lease | undefined
        if (lease?.owner !== owner) return lose()
        leases.put({ owner, beat: lease.beat + 1 } satisfies Lease, name)
        shownAt = now
      }).catch(lose)
    }
    const channel = openChannel(channelName)
    if (channel) channel.onmessage = ({ data }: MessageEvent<unknown>) => data === 'alive?' && beat()
    const timer = setInterval(beat, times.beat)
    const stopListening = listen('pagehide', () => {
      lose()
      // A page that is closed reads no answer any more, so it can't look whose the lease is: it deletes only what can't be another's yet.
      if (performance.now() - shownAt < times.patience / 2) abandon()
    })
    opened.onclose = lose
    try {
      return await run(lost.signal)
    } finally {
      clearInterval(timer)
      channel?.close()
      stopListening()
      await release()
    }
  }

  function abandon(): void {
    try {
      const transaction = opened.transaction('leases', 'readwrite')
      transaction.objectStore('leases').delete(name)
      transaction.commit()
      broadcast(channelName, 'released')
    } catch {
      // The lease runs out.
    }
  }

  /** A release that fails is no harm: the lease runs out. */
  async function release(): Promise<void> {
    try {
      await changeRecord(opened, 'leases', name, (present, leases) => {
        if ((present as Lease | undefined)?.owner === owner) leases.delete(name)
      })
      broadcast(channelName, 'released')
    } catch {
      // Said above.
    }
  }
}
