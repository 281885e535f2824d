import type { TokenStore } from '../../src/index.js'
import { sameTokens } from '../../src/tokens.js'

interface Holder {
  readonly store: object
  readonly lost: AbortController
  dead: boolean
}

/** A place in memory that many store objects share, and that can do all that a store may do. */
export class Place {
  text: string | undefined
  holder: Holder | undefined
  readonly listeners = new Set<{ readonly store: object; readonly call: () => void }>()
  #waiting: (() => void)[] = []

  /** Tells all others that something has changed. */
  tell(writer: object): void {
    for (const { store, call } of [...this.listeners]) {
      if (store === writer) continue
      setTimeout(() => {
        try {
          call()
        } catch {
          // A listener's own business.
        }
      })
    }
  }

  /** Resolves when the lock has changed hands. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  free(holder: Holder | undefined): void {
    if (this.holder === holder) this.holder = undefined
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** The holder dies with the lock; its death is noticed, as that of a process. */
  die(): void {
    this.holder = { store: {}, lost: new AbortController(), dead: true }
  }

  lose(): void {
    const holder = this.holder
    holder?.lost.abort(new Error('lost'))
    this.free(holder)
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

/** A store that keeps every promise. */
export function referenceStore(place: Place): Required<Omit<TokenStore, 'refresh' | 'checkWritable'>> {
  const self = {}
  const read = (): ReturnType<TokenStore['read']> => JSON.parse(place.text ?? 'null')
  return {
    name: 'reference',
    async read() {
      await null
      return read()
    },
    async write(tokens, { mode, replacing }) {
      const text = tokens && JSON.stringify(tokens)
      await null
      if (mode === 'replace' && !sameTokens(read() as never, replacing)) return false
      place.text = text
      place.tell(self)
      return true
    },
    async lock(run, signal) {
      signal.throwIfAborted()
      while (place.holder && !place.holder.dead) await Promise.race([place.change(), aborted(signal)])
      const mine = (place.holder = { store: self, lost: new AbortController(), dead: false })
      try {
        return await run(mine.lost.signal)
      } finally {
        place.free(mine)
      }
    },
    subscribe(listener) {
      const entry = { store: self, call: () => listener() }
      place.listeners.add(entry)
      return () => void place.listeners.delete(entry)
    },
  }
}
