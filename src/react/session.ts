import type { OAuthError } from '../errors.js'

/** The state of a session, without its tokens. A union discriminated by `status`. */
export type SessionSnapshot =
  | { readonly status: 'unknown'; readonly refreshing: boolean }
  | { readonly status: 'unavailable'; readonly refreshing: boolean; readonly error: OAuthError }
  | {
      readonly status: 'signed-in'
      readonly generation: number
      readonly refreshing: boolean
      readonly persisted: boolean
      readonly expiresAt?: number
      readonly scope?: string
      readonly user?: string
      readonly canRefresh: boolean
      readonly lastError?: OAuthError
    }
  | {
      readonly status: 'signed-out'
      readonly refreshing: boolean
      readonly reason: 'empty' | 'requested' | 'ended' | 'elsewhere'
      readonly at?: number
      readonly lastError?: OAuthError
    }

/** The part of a session that React reads. */
export interface ReactSession {
  subscribe(listener: () => void): () => void
  getSnapshot(): SessionSnapshot
  getServerSnapshot(): SessionSnapshot
}

type WithoutRefreshing<Snapshot> = Snapshot extends unknown ? Omit<Snapshot, 'refreshing'> : never

/** A snapshot without `refreshing`, which changes twice for each refresh and rarely concerns what is rendered. */
export type OAuthSessionState = WithoutRefreshing<SessionSnapshot>
