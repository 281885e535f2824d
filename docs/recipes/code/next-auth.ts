import type { RefreshFunction } from 'axios-attach-oauth'
import { getSession } from 'next-auth/react'

/** The fields that your `jwt` and `session` callbacks copy into the session. */
interface SessionWithToken {
  readonly accessToken: string
  readonly expiresAt?: number
}

/**
 * next-auth refreshes on its server, in the `jwt` callback. Use it with
 * `memoryStore()`.
 */
export const withNextAuth: RefreshFunction = async () => {
  const session = (await getSession()) as SessionWithToken | null
  return (
    session && { access_token: session.accessToken, expires_at: session.expiresAt }
  )
}
