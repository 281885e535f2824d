import type { Auth0Client } from '@auth0/auth0-spa-js'
import type { RefreshFunction } from 'axios-attach-oauth'

/** Auth0's client refreshes, stores and signs out. Use it with `memoryStore()`. */
export const withAuth0 =
  (auth0: Auth0Client): RefreshFunction =>
  () =>
    // With its cache, Auth0's client returns an older token with the full lifetime.
    // Errors such as login_required end the session.
    auth0.getTokenSilently({ detailedResponse: true, cacheMode: 'off' })
