import { changeRecord, openDatabase } from './indexed-db.js'
import { broadcast, listen, openChannel, uniqueName } from './platform.js'

/** The holder of the lock, and the number of its heartbeats. */
interface Lease {
  readonly owner: string
  readonly beat: number
}

/**
 * Milliseconds. A holder renews the lease every `beat` and loses it after `patience` without a renewal; waiters read it every
 * `look`.
 */
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
 * No two clocks are compared: a waiter measures with its own clock how long the holder's count stays unchanged. In a hidden tab
 * timers fire once a minute, but messages arrive; a waiter therefore sends a request, and a live holder answers by renewing. A
 * frozen tab does not answer and loses the lease.
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
      // This page may itself have been suspended between two reads, so one interval counts for at most a third of `patience`.
      unmoved = same(holder, seen) ? unmoved + Math.min(now - lookedAt, times.patience / 3) : 0
      seen = holder
      lookedAt = now
      await pause()
    }
  }

  /** Takes the lease if it is free or still the `stale` one. Otherwise resolves with the present lease. */
  function take(stale: Lease | undefined): Promise<Lease | undefined> {
    return changeRecord(opened, 'leases', name, (present, leases) => {
      const holder = present as Lease | undefined
      if (holder && !(stale && same(holder, stale))) return holder
      leases.put({ owner, beat: 1 } satisfies Lease, name)
      return undefined
    })
  }

  /** Asks the holder to renew, and resolves at the next read, at the release of the lease, or at the abort of `signal`. */
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
    const lose = (): void => lost.abort(new DOMException('The lock was lost: this page did not renew its lease', 'AbortError'))
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
      // A closing page can't read the owner of the lease, so it deletes the lease only while no waiter can have taken it.
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
      // The lease expires.
    }
  }

  /** Releases the lease. If that fails, the lease expires. */
  async function release(): Promise<void> {
    try {
      await changeRecord(opened, 'leases', name, (present, leases) => {
        if ((present as Lease | undefined)?.owner === owner) leases.delete(name)
      })
      broadcast(channelName, 'released')
    } catch {
      // The lease expires.
    }
  }
}
