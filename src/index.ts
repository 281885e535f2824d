export { attachOAuth, createSession, type AttachedSession } from './axios/attach.js'
export type { Challenge } from './axios/challenge.js'
export type { OAuthRequestOptions } from './axios/config.js'
export type { AttachOptions, SessionOptions } from './axios/options.js'
export { OAuthRequestError } from './axios/request-error.js'
export { OAuthError, isOAuthError, type OAuthErrorCode } from './errors.js'
export type { RequestSummary, SessionEvents, SessionListener, SignOutReason } from './session/events.js'
export type { Session } from './session/session.js'
export type { SessionSnapshot } from './session/state.js'
export { memoryStore } from './stores/memory.js'
export { decodeIdToken } from './tokens.js'
export type {
  RefreshContext,
  RefreshFunction,
  RefreshReason,
  RevokeFunction,
  TokenJSON,
  TokenResponse,
  TokenSet,
  TokenStore,
  WriteContext,
} from './types.js'
