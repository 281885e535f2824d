import type { TokenJSON } from '../types.js'

/** The part of a session that signing in and out uses. */
export interface SignInSession {
  tokens(): Promise<{ readonly id_token?: string } | undefined>
  signIn(tokens: TokenJSON): Promise<void>
  signOut(options?: { readonly revoke?: boolean }): Promise<{ revoked: boolean; error?: unknown }>
}
