import type { TokenJSON } from '../../types.js'

/** Where the token set lies. Both functions reject with whatever the browser throws. */
export interface Place {
  /** What is there; `undefined` when nothing is. */
  read(): Promise<unknown>
  /**
   * Puts `tokens` there, or removes what is there (`undefined`), if `mayReplace` says so about what is there at that very moment.
   * Resolves with what it said.
   */
  write(tokens: TokenJSON | undefined, mayReplace: (present: unknown) => boolean): Promise<boolean>
}

/** The page's memory. */
export function memoryPlace(): Place {
  let kept: TokenJSON | undefined
  return {
    read: async () => kept && structuredClone(kept),
    async write(tokens, mayReplace) {
      if (!mayReplace(kept)) return false
      kept = tokens && structuredClone(tokens)
      return true
    },
  }
}
