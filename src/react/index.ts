export { OAuthProvider, type OAuthProviderProps } from './provider.js'
export type { OAuthSessionState, ReactSession } from './session.js'
export { SessionLoading, SignedIn, SignedOut, type SessionStatusProps } from './status.js'
export { useOAuthSession } from './use-oauth-session.js'
