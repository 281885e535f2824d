import type { TokenJSON, WriteContext } from '../../types.js'
import { uniqueName } from './platform.js'
import type { TabChannel } from './tab-channel.js'
import { readItem, storageArea } from './web-storage.js'

/** How long a tab waits for answers of its duplicates before a refresh, in milliseconds. */
const ANSWERS_WITHIN = 100

/** The tabs whose sessionStorage holds copies of one sign-in, and the number of refreshes in this tab's copy. */
interface TabGroup {
  readonly id: string
  readonly version: number
}

const isTabGroup = (value: unknown): value is TabGroup =>
  typeof value === 'object' && value !== null && 'id' in value && 'version' in value

/**
 * Duplicating a tab copies its sessionStorage including the refresh token, which both tabs would then use. Duplicated tabs
 * therefore form a group: they share a lock, a tab that has refreshed sends the new set to the others, and a tab asks the group
 * before it refreshes. Sign-in and sign-out affect only one tab.
 */
export interface DuplicatedTabs {
  /** Returns the name of this tab's group. */
  group(): string
  /** Call after a write of the record: a refresh is sent to the group, a sign-in starts a new group. */
  written(tokens: TokenJSON | undefined, mode: WriteContext['mode']): void
  /** Resolves when the group has had time to send a newer set. */
  catchUp(): Promise<void>
  /** Answers the group and adopts newer sets until the returned undo is called. Calls `adopted` after each adopted set. */
  follow(adopted: () => void): () => void
}

/**
 * Makes the group of this tab. The names in storage and messages are part of the stored format: other tabs may run an earlier
 * release.
 */
export function duplicatedTabs(key: string, channel: TabChannel): DuplicatedTabs {
  const groupKey = `${key}:group`
  const fallback: TabGroup = { id: uniqueName(), version: 0 }
  let following = 0

  function tabGroup(): TabGroup | undefined {
    const area = storageArea('sessionStorage')
    const found = readItem(area, groupKey)
    if (isTabGroup(found)) return found
    return area.getItem(key) === null ? undefined : keep({ id: uniqueName(), version: 0 })
  }

  /**
   * Stores the group. A full storage must not undo the write of the token set, so without a record this tab is a group of one.
   */
  function keep(group: TabGroup): TabGroup {
    try {
      storageArea('sessionStorage').setItem(groupKey, JSON.stringify(group))
      return group
    } catch {
      return fallback
    }
  }

  function receive(message: unknown, adopted: () => void): void {
    const { group: other, asks, tokens } = (message ?? {}) as { group?: unknown; asks?: boolean; tokens?: TokenJSON }
    if (!isTabGroup(other)) return
    const mine = tabGroup()
    if (mine?.id !== other.id) return
    const area = storageArea('sessionStorage')
    if (asks && mine.version > other.version) channel.send({ group: mine, tokens: readItem(area, key) })
    if (!tokens || mine.version >= other.version) return
    area.setItem(key, JSON.stringify(tokens))
    keep(other)
    adopted()
  }

  return {
    group: () => (tabGroup() ?? fallback).id,
    written(tokens, mode) {
      const area = storageArea('sessionStorage')
      const before = mode === 'replace' && tokens ? tabGroup() : undefined
      if (!before) area.removeItem(groupKey)
      if (!tokens) return
      const group = before ? { ...before, version: before.version + 1 } : { id: uniqueName(), version: 0 }
      keep(group)
      if (before) channel.send({ group, tokens: readItem(area, key) })
    },
    async catchUp() {
      const group = tabGroup()
      if (!group || following === 0 || !channel.send({ group, asks: true })) return
      await new Promise((resolve) => setTimeout(resolve, ANSWERS_WITHIN))
    },
    follow(adopted) {
      following++
      const undo = channel.subscribe((message) => {
        try {
          receive(message, adopted)
        } catch {
          // The browser now denies storage to this tab: the next read reports that.
          adopted()
        }
      })
      return () => {
        following--
        undo()
      }
    },
  }
}
