import type { OAuthError } from '../errors.js'
import type { OpenSession } from '../session/open-session.js'
import type { TokenProvider } from '../session/token-provider.js'

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
  const load = sync.load.bind(sync)
  Object.assign(provider, {
    peekToken: (...given) => (isOpen() ? peekToken(...given) : undefined),
    getToken: (...given) =>
      isOpen()
        ? getToken(...given)
        : opened().then(
            () => getToken(...given),
            (error: unknown) => ({ type: 'rejected', error: error as OAuthError }),
          ),
  } satisfies Pick<TokenProvider, 'peekToken' | 'getToken'>)
  Object.assign(sync, { load: () => (isOpen() ? load() : opened().then(load)) })
}
