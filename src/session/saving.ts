import type { OAuthError } from '../errors.js'
import type { Neighbours } from './neighbours.js'
import type { Parts } from './parts.js'
import type { Held } from './state.js'

const noop = (): void => undefined

/** How long a set that could not be stored waits before the next try, in milliseconds. */
const SAVE_AGAIN_AFTER = 1000
/** The same under the lock, where others wait. */
const KEEP_SAVING_PAUSE = 100

/** Stores later what could not be stored at once: a refresh token that was rotated is never thrown away silently. */
export class Saving {
  readonly #parts: Parts
  readonly #neighbours: Neighbours
  #againFrom = 0

  constructor(parts: Parts, neighbours: Neighbours) {
    this.#parts = parts
    this.#neighbours = neighbours
  }

  /** It could not be stored, and lives on in memory. */
  failed(held: Held, error: OAuthError): void {
    const { environment, standing, watchers, events } = this.#parts
    this.#againFrom = environment.monotonic() + SAVE_AGAIN_AFTER
    standing.stored(held, error)
    watchers.changed()
    events.emit('unpersisted', { error })
  }

  /** Takes a later chance, if there is anything to be stored. */
  again(): void {
    const { environment, vault, standing, isRefreshing } = this.#parts
    const { state } = standing
    if (state.status !== 'signed-in' || !state.unpersisted || isRefreshing()) return
    if (environment.monotonic() < this.#againFrom) return
    this.#againFrom = Infinity
    vault
      .exclusively(() => this.#save(state.held))
      .then((tell) => tell())
      .catch(noop)
      .finally(() => (this.#againFrom = environment.monotonic() + SAVE_AGAIN_AFTER))
  }

  /**
   * Goes on under the lock, for as long again as one step of the store may take; returns what is to be told once it is free. A lock that is lost allows one more
   * try: what has moved on refuses it.
   */
  async keepOn(held: Held, lost: AbortSignal | undefined): Promise<() => void> {
    const { environment, settings } = this.#parts
    const end = environment.monotonic() + settings.storeTimeout
    for (;;) {
      await new Promise<void>((resolve) => void environment.after(KEEP_SAVING_PAUSE, resolve))
      const isLast = lost?.aborted || environment.monotonic() >= end
      try {
        return await this.#save(held)
      } catch (error) {
        if (isLast) throw error
      }
    }
  }

  /** Stores it, unless it was replaced meanwhile; returns what is to be told. */
  async #save(held: Held): Promise<() => void> {
    const { vault, standing, watchers, events } = this.#parts
    const isWanted = (): boolean => standing.held === held
    const { stored, found } = await vault.replace(held.credentials.tokens, isWanted)
    if (!isWanted()) return noop
    if (!stored) return this.#neighbours.takeOver(found)
    standing.stored(held)
    return () => {
      watchers.changed()
      events.emit('saved', { generation: held.generation })
    }
  }
}
