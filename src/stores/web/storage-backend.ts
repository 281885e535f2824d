import type { TokenJSON } from '../../types.js'

/** A storage that keeps one record. Its functions reject with the error of the browser. */
export interface StorageBackend {
  /** Resolves with the record, or with `undefined` when there is none. */
  read(): Promise<unknown>
  /**
   * Replaces the record with `tokens`, or removes the record (`undefined`), if `mayReplace` accepts the present record. Comparing and writing are one step
   * for all tabs. Resolves with the answer of `mayReplace`.
   */
  write(tokens: TokenJSON | undefined, mayReplace: (present: unknown) => boolean): Promise<boolean>
  /** Rejects when a record of `size` characters more has no room. Room may stay set aside until the next `write` or `release`. */
  reserve(size: number): Promise<void>
  /** Gives back what `reserve` has set aside. */
  release(): void
}

/** A copy without functions, proxies and getters: IndexedDB and channels refuse to clone those. */
export const plain = (tokens: TokenJSON): TokenJSON => JSON.parse(JSON.stringify(tokens)) as TokenJSON

/** Keeps the record in the memory of the page. */
export function memoryBackend(): StorageBackend {
  let record: TokenJSON | undefined
  return {
    read: async () => record && plain(record),
    async write(tokens, mayReplace) {
      if (!mayReplace(record)) return false
      record = tokens && plain(tokens)
      return true
    },
    reserve: async () => undefined,
    release: () => undefined,
  }
}
