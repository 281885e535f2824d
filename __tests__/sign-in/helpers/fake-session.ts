import type { SignInSession } from '../../../src/sign-in/index.js'
import type { TokenJSON } from '../../../src/types.js'

export interface FakeSession extends SignInSession {
  /** Each set that was signed in with. */
  readonly signedIn: TokenJSON[]
  readonly signedOut: unknown[]
}

export function fakeSession(tokens?: { id_token?: string }): FakeSession {
  const signedIn: TokenJSON[] = []
  const signedOut: unknown[] = []
  return {
    signedIn,
    signedOut,
    tokens: async () => tokens,
    signIn: async (set) => void signedIn.push(set),
    signOut: async (options) => {
      signedOut.push(options)
      return { revoked: options?.revoke === true }
    },
  }
}
