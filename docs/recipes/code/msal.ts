import {
  InteractionRequiredAuthError,
  type PublicClientApplication,
} from '@azure/msal-browser'
import { mapTokens } from 'axios-attach-oauth/map-tokens'
import type { RefreshFunction } from 'axios-attach-oauth'

/**
 * MSAL refreshes, stores and signs out; the session attaches its token. Use it
 * with `memoryStore()`.
 */
export function withMsal(
  msal: PublicClientApplication,
  scopes: string[],
): RefreshFunction {
  return mapTokens().refresh(async (_tokens, { reason }) => {
    const account = msal.getActiveAccount()
    if (!account) return null
    try {
      // After a 401 the cached token is of no use.
      return await msal.acquireTokenSilent({
        scopes,
        account,
        forceRefresh: reason === 'rejected',
      })
    } catch (error) {
      if (error instanceof InteractionRequiredAuthError) return null
      throw error
    }
  })
}
