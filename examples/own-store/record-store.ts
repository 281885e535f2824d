import { sharedStore, type SharedTokenStore } from 'axios-attach-oauth/shared'

/** The data that all users of the place share: a database and its locks. */
export interface Database {
  readonly records: Map<string, string>
  readonly turns: Map<string, Promise<unknown>>
}

export function recordStore({ records, turns }: Database, key: string): SharedTokenStore {
  const read = () => JSON.parse(records.get(key) ?? 'null')
  return sharedStore({
    name: `record ${key}`,
    read,
    write(tokens, { mode, replacing }) {
      const isThere = (member: string) => read()?.[member] === replacing?.[member]
      if (mode === 'replace' && !(isThere('access_token') && isThere('refresh_token'))) return false
      if (tokens) records.set(key, JSON.stringify(tokens))
      else records.delete(key)
    },
    async lock(run, signal) {
      signal.throwIfAborted()
      const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const before = turns.get(key)
      const turn = Promise.race([before, aborted]).then(() => run())
      turns.set(key, Promise.allSettled([before, turn]))
      return turn
    },
  })
}
