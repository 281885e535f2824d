import type { TokenJSON } from '../../types.js'

/** A storage that keeps one record. Its functions reject with the browser's error. */
export interface StorageBackend {
  /** Resolves with the record, or with `undefined` when there is none. */
  read(): Promise<unknown>
  /**
   * Replaces the record with `tokens`, or removes the record (`undefined`), if `mayReplace` accepts the present record. Comparing
   * and writing are atomic across tabs. Resolves with the result of `mayReplace`.
   */
  write(tokens: TokenJSON | undefined, mayReplace: (present: unknown) => boolean): Promise<boolean>
  /** Rejects when there is no room for `size` more characters. The room may stay reserved until the next `write` or `release`. */
  reserve(size: number): Promise<void>
  /** Frees the room that `reserve` has reserved. */
  release(): void
}

/** Copies without functions, proxies and getters, which IndexedDB and channels refuse to clone. */
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
