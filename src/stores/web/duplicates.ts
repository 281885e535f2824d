import type { TokenJSON, WriteContext } from '../../types.js'
import type { Notices } from './notices.js'
import { uniqueName } from './platform.js'
import { readItem, storageArea } from './web-storage.js'

/** How long a tab listens for its duplicates' answers before it refreshes, in milliseconds. */
const ANSWERS_WITHIN = 100

/** Which copies of sessionStorage stem from the same sign-in, and how many refreshes this one has seen. */
interface Kinship {
  readonly family: string
  readonly version: number
}

const isKinship = (value: unknown): value is Kinship =>
  typeof value === 'object' && value !== null && 'family' in value && 'version' in value

/**
 * A tab that is duplicated copies its sessionStorage, and so the refresh token: from then on two tabs would use it up behind each other's back. So they
 * are kin: they share a lock, the one that has refreshed sends the new set to the others, and whoever wants to refresh asks them first.
 * Signing in or out is each tab's own affair.
 */
export interface Duplicates {
  /** A name that all the kin share, and nobody else. */
  family(): string
  /** What was written, and how. */
  written(tokens: TokenJSON | undefined, mode: WriteContext['mode']): void
  /** Resolves when the kin have had the time to say what is newer. */
  ask(): Promise<void>
  /** Passes on and takes over until the result is called. `adopted` is called after a set of the kin was taken over. */
  attend(adopted: () => void): () => void
}

export function duplicates(key: string, notices: Notices): Duplicates {
  const kinKey = `${key}:kin`
  const own = uniqueName()
  let attending = 0

  function kinship(): Kinship | undefined {
    const area = storageArea('sessionStorage')
    const found = readItem(area, kinKey)
    if (isKinship(found)) return found
    if (area.getItem(key) === null) return undefined
    const first = { family: uniqueName(), version: 0 }
    area.setItem(kinKey, JSON.stringify(first))
    return first
  }

  function hear(message: unknown, adopted: () => void): void {
    const { kin, asks, tokens } = (message ?? {}) as { kin?: unknown; asks?: boolean; tokens?: TokenJSON }
    const mine = kinship()
    if (!isKinship(kin) || mine?.family !== kin.family) return
    const area = storageArea('sessionStorage')
    if (asks && mine.version > kin.version) notices.send({ kin: mine, tokens: readItem(area, key) })
    if (!tokens || mine.version >= kin.version) return
    area.setItem(key, JSON.stringify(tokens))
    area.setItem(kinKey, JSON.stringify(kin))
    adopted()
  }

  return {
    family: () => kinship()?.family ?? own,
    written(tokens, mode) {
      const area = storageArea('sessionStorage')
      if (!tokens) return area.removeItem(kinKey)
      const before = mode === 'replace' ? kinship() : undefined
      const kin = before ? { ...before, version: before.version + 1 } : { family: uniqueName(), version: 0 }
      area.setItem(kinKey, JSON.stringify(kin))
      if (before) notices.send({ kin, tokens })
    },
    async ask() {
      const kin = kinship()
      if (!kin || attending === 0) return
      notices.send({ kin, asks: true })
      await new Promise((resolve) => setTimeout(resolve, ANSWERS_WITHIN))
    },
    attend(adopted) {
      attending++
      // What the browser doesn't let this tab have can't be passed on either.
      const undo = notices.subscribe((message) => {
        try {
          hear(message, adopted)
        } catch {
          adopted()
        }
      })
      return () => {
        attending--
        undo()
      }
    },
  }
}
