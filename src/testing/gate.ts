import type { OAuthError } from '../errors.js'
import { newEpoch, type Epoch } from '../session/epoch.js'
import type { OpenSession } from '../session/open-session.js'
import type { TokenProvider, TokenResult } from '../session/token-provider.js'

/** Decides whether a session may use its token set. */
export interface Gate {
  readonly isOpen: () => boolean
  /** Resolves when the gate opens. Rejects with the error that requests get instead of a token. */
  readonly opened: () => Promise<void>
}

/** Keeps a session from using its token set, also one that it has already loaded, until the gate is open. */
export function gateSession({ provider, sync }: OpenSession, { isOpen, opened }: Gate): void {
  const peekToken = provider.peekToken.bind(provider)
  const getToken = provider.getToken.bind(provider)
  const isCurrent = provider.isCurrent.bind(provider)
  const load = sync.load.bind(sync)
  /** The epoch of requests that are made after a sign-out while the gate is closed. Ends when the gate opens. */
  let waiting: Epoch | undefined

  const end = (): void => void (waiting = undefined)

  function epoch(): Epoch | undefined {
    const present = Reflect.get(Object.getPrototypeOf(provider) as object, 'epoch', provider) as Epoch | undefined
    if (isOpen()) end()
    if (present || isOpen()) return present
    if (!waiting) {
      waiting = newEpoch({})
      // While the gate can't be opened, requests still belong to this epoch when they reject.
      opened().then(end, () => undefined)
    }
    return waiting
  }

  async function getTokenLater(...given: Parameters<typeof getToken>): Promise<TokenResult> {
    try {
      // The gate may have closed again.
      while (!isOpen()) await opened()
    } catch (error) {
      return { type: 'rejected', error: error as OAuthError }
    }
    return getToken(...given)
  }

  async function loadLater(): Promise<void> {
    while (!isOpen()) await opened()
    return load()
  }

  Object.defineProperty(provider, 'epoch', { configurable: true, get: epoch })
  Object.assign(provider, {
    peekToken: (...given) => (isOpen() ? peekToken(...given) : undefined),
    getToken: (...given) => (isOpen() ? getToken(...given) : getTokenLater(...given)),
    isCurrent: (given) => (waiting && given === waiting ? !isOpen() : isCurrent(given)),
  } satisfies Pick<TokenProvider, 'peekToken' | 'getToken' | 'isCurrent'>)
  Object.assign(sync, { load: () => (isOpen() ? load() : loadLater()) })
}
