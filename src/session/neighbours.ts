import { OAuthError } from '../errors.js'
import { readTokens, sameTokens, type Credentials } from '../tokens.js'
import type { TokenJSON } from '../types.js'
import type { Parts } from './parts.js'

/** What others who share the store have put there: other tabs, processes, machines. */
export class Neighbours {
  readonly #parts: Parts
  #looking: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Reads the store and takes over what is new there. All who look at the same time share one reading. */
  look(): Promise<void> {
    return (this.#looking ??= this.lookAgain().finally(() => (this.#looking = undefined)))
  }

  /** The same, after whatever was begun before. */
  async lookAgain(): Promise<void> {
    const { vault, standing, isRefreshing } = this.#parts
    const { generation } = standing
    const stored = await vault.look()
    // Whatever happened here meanwhile is newer than what was read.
    if (generation !== standing.generation || isRefreshing()) return
    if (standing.state.status === 'unknown' || vault.moved(stored)) this.takeOver(stored)()
  }

  /** Takes over what is stored. Perhaps under a lock: returns what is left to be done once it is free, telling it. */
  takeOver(stored: TokenJSON | undefined): () => void {
    const { vault, clock, standing, events, watchers } = this.#parts
    const { state } = standing
    if (!stored) return this.#takeOverNothing()
    if (state.status === 'signed-in' && sameTokens(stored, state.held.credentials.tokens)) {
      // A save that was given up has arrived after all.
      vault.know(stored)
      standing.stored(state.held)
      return () => watchers.changed()
    }
    const credentials = this.#read(stored)
    vault.know(stored)
    if (state.status === 'signed-out') standing.changeHands()
    const { expiresAt, lifetime } = credentials
    const age = lifetime === Infinity ? 0 : Math.max(0, clock.now() - (expiresAt - lifetime))
    const { generation } = standing.adopt(credentials, age)
    return () => {
      watchers.changed()
      if (state.status !== 'unknown') events.emit('adopted', { generation })
    }
  }

  #takeOverNothing(): () => void {
    const { vault, standing, watchers, signedOutElsewhere } = this.#parts
    const { status } = standing.state
    // Also where nobody is signed in: what could not be deleted here may have been deleted elsewhere.
    vault.know(undefined)
    if (status === 'unknown') standing.beginEmpty()
    return status === 'signed-in' ? signedOutElsewhere : () => watchers.changed()
  }

  #read(stored: TokenJSON): Credentials {
    try {
      return readTokens(stored, this.#parts.clock.now())
    } catch (error) {
      throw new OAuthError(
        'OAUTH_TOKEN_INVALID',
        `The token store (${this.#parts.vault.name}) holds no usable token set. ${(error as Error).message}`,
      )
    }
  }
}
