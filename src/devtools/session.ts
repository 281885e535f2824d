import type { SessionSnapshot } from '../session/snapshot.js'
import type { TokenJSON } from '../types.js'

/** The request that an event speaks of, or the request that started a refresh. */
export interface RequestReference {
  readonly requestId?: string
  readonly method?: string
  /** Without query and fragment. */
  readonly url?: string
}

/**
 * An event of a session as `on('*', …)` gives it. Fields that an event does not have are missing; unknown ones are ignored, so that a panel of one release
 * works with a session of the next.
 */
export interface SessionEvent extends RequestReference {
  readonly type: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly session?: string
  readonly refreshId?: string
  readonly reason?: string
  /** The request that started the refresh, or its `requestId`. */
  readonly startedBy?: RequestReference | string
  readonly duration?: number
  readonly attempts?: number
  readonly lockWait?: number
  readonly waiting?: number
  readonly status?: number
  readonly oauthError?: string
  readonly outcome?: string
  readonly error?: { readonly code?: unknown; readonly message?: unknown } | undefined
}

/** The part of a session that the history and the time line use. */
export interface WatchedSession {
  on(name: '*', listener: (event: SessionEvent) => void): () => void
}

/** The part of a session that the panel uses. */
export interface DevtoolsSession extends WatchedSession {
  tokens(): Promise<TokenJSON | undefined>
  signIn(tokens: TokenJSON, options?: { user?: string }): Promise<void>
  getAccessToken(options?: { rejected?: string }): Promise<string>
  subscribe(listener: () => void): () => void
  getSnapshot(): SessionSnapshot
}
