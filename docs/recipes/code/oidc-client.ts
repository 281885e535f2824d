import type { UserManager } from 'oidc-client-ts'
import type { RefreshFunction } from 'axios-attach-oauth'

/** oidc-client-ts refreshes, stores and signs out. Use it with `memoryStore()`. */
export const withOidcClient =
  (users: UserManager): RefreshFunction =>
  async (_tokens, { reason }) => {
    const stored = await users.getUser()
    const user =
      stored && !stored.expired && reason !== 'rejected'
        ? stored
        : await users.signinSilent()
    if (!user) return null
    const { access_token, expires_at } = user
    return { access_token, ...(expires_at !== undefined && { expires_at }) }
  }
