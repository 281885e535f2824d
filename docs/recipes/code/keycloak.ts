import type Keycloak from 'keycloak-js'
import type { RefreshFunction } from 'axios-attach-oauth'

/** keycloak-js refreshes, stores and signs out. Use it with `memoryStore()`. */
export const withKeycloak =
  (keycloak: Keycloak): RefreshFunction =>
  async (_tokens, { reason }) => {
    try {
      // -1 forces a refresh.
      await keycloak.updateToken(reason === 'rejected' ? -1 : 30)
    } catch (error) {
      // It drops its tokens when the server has ended the session.
      if (keycloak.refreshToken) throw error
    }
    const { token, tokenParsed } = keycloak
    return token
      ? {
          access_token: token,
          ...(tokenParsed?.exp && { expires_at: tokenParsed.exp }),
        }
      : null
  }
