import type { SessionSnapshot } from '../session/snapshot.js'
import type { TokenJSON } from '../types.js'

/** A request without its secrets. */
export interface RequestReference {
  readonly method?: string
  /** Without query and fragment. */
  readonly url?: string
}

/**
 * An event of a session, as passed to listeners of `on('*', …)`. Fields that do not apply are missing, and unknown fields are
 * ignored, so that the panel of one release works with a session of the next.
 */
export interface SessionEvent extends RequestReference {
  readonly type: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly session?: string
  /** Shared by all events of one request. */
  readonly requestId?: number
  /** Shared by all events of one refresh. */
  readonly refreshId?: number
  /** Why a refresh takes place, or why the session ended. */
  readonly reason?: string
  /** Why a request waits. */
  readonly because?: string
  /** How long a request has waited, in milliseconds. */
  readonly waited?: number
  /** How the waiting of a request ended. */
  readonly outcome?: string
  /** The request that started the refresh. */
  readonly startedBy?: RequestReference
  readonly duration?: number
  readonly attempts?: number
  readonly lockWait?: number
  readonly waiting?: number
  readonly status?: number
  readonly oauthError?: string
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
