export { attachOAuth, createSession } from './axios/attach.js'
export type { Challenge } from './axios/challenge.js'
export type { AttachOptions, KeepAlive, SessionOptions, StepUp } from './axios/options.js'
export {
  OAuthRequestError,
  isOAuthError,
  type AnyOAuthError,
  type NotReplayableError,
  type OtherOAuthError,
  type StepUpRequiredError,
} from './axios/request-error.js'
export type { OAuthRequestOptions } from './axios/request-options.js'
export type { AttachedSession } from './axios/session-object.js'
export { OAuthError, originalCause, type OAuthErrorCode, type OAuthErrorOptions } from './errors.js'
export type { ClassifyFailure, FailureKind, RefreshFailure } from './policy.js'
export type {
  AnySessionEvent,
  EventStamp,
  RefreshEnd,
  RefreshEvent,
  RequestEvent,
  RequestSummary,
  SessionEventName,
  SessionEvents,
  SessionListener,
  SignOutReason,
} from './session/events.js'
export type { RevocationResult } from './session/revocation.js'
export type { AccessTokenOptions, Session, SignInOptions, SignInTokens } from './session/session.js'
export type {
  SessionSnapshot,
  SignedInSnapshot,
  SignedOutSnapshot,
  UnavailableSnapshot,
  UnknownSnapshot,
} from './session/snapshot.js'
export { memoryStore } from './stores/memory.js'
export { decodeIdToken } from './tokens.js'
export type {
  AnyTokenResponse,
  RefreshContext,
  RefreshFunction,
  RefreshReason,
  RevokeFunction,
  TokenJSON,
  TokenMembers,
  TokenResponse,
  TokenSet,
  TokenStore,
  WriteContext,
} from './types.js'
