/** What becomes of a session: outcome, status, the stored set, the lifetime after a refresh. */
const refreshed = 'refreshed | signed_in | stored | 1 h'
const ended = 'OAUTH_INVALID_GRANT | signed_out | deleted'
const probablyEnded = 'OAUTH_INVALID_GRANT | signed_out | stored'
const kept = 'OAUTH_REFRESH_UNAVAILABLE | signed_in | stored'
const misconfigured = 'OAUTH_CLIENT_REFUSED | signed_in | stored'

/** The cases of the programs in this folder, and what becomes of the session. */
export const sdkOutcomes: Readonly<Record<string, string>> = {
  'msal-node: tokens': refreshed,
  'msal-node: invalid_grant': ended,
  'msal-node: interaction_required': probablyEnded,
  'msal-node: invalid_client': misconfigured,
  'msal-node: server error': kept,
  'msal-node: no network': kept,
  'msal-node: no account': probablyEnded,
  'msal-browser: no tokens': probablyEnded,
  'msal-browser: native account': probablyEnded,
  'msal-browser: no account': probablyEnded,
  'msal-browser: invalid_grant': ended,
  'msal-browser: no network': kept,
  'msal-browser: throttled': kept,
  'msal-browser: timed out': kept,
  'oidc-client-ts: tokens': refreshed,
  'oidc-client-ts: invalid_grant': ended,
  'oidc-client-ts: login_required': probablyEnded,
  'oidc-client-ts: server error': kept,
  'oidc-client-ts: null': ended,
  'oidc-client-ts: no network': kept,
  'supabase: tokens': refreshed,
  'supabase: refresh_token_not_found': probablyEnded,
  'supabase: refresh_token_already_used': probablyEnded,
  'supabase: session_expired': probablyEnded,
  'supabase: too many requests': kept,
  'supabase: no session': probablyEnded,
  'firebase: tokens': refreshed,
  'firebase: TOKEN_EXPIRED': probablyEnded,
  'firebase: USER_DISABLED': probablyEnded,
  'firebase: USER_NOT_FOUND': probablyEnded,
  'firebase: INVALID_REFRESH_TOKEN': ended,
  'firebase: too many attempts': kept,
  'firebase: no network': kept,
  'auth0-spa-js: tokens': refreshed,
  'auth0-spa-js: login_required': probablyEnded,
  'auth0-spa-js: missing_refresh_token': probablyEnded,
  'auth0-spa-js: invalid_grant': ended,
  'auth0-spa-js: mfa_required': probablyEnded,
  'auth0-spa-js: timeout': kept,
  '@azure/identity: tokens': refreshed,
  '@azure/identity: sign-in': probablyEnded,
  '@azure/identity: invalid_grant': ended,
  '@azure/identity: invalid_client': misconfigured,
  '@azure/identity: 503': kept,
  '@azure/identity: unavailable': kept,
  'keycloak-js: undefined, tokens forgotten': ended,
  'keycloak-js: undefined, tokens kept': kept,
  'keycloak-js: NetworkError, tokens forgotten': ended,
  'keycloak-js: NetworkError, tokens kept': kept,
}

const mapped = '1 line: mapTokens().refresh(…)'

/** How each SDK is used. The others work by themselves. */
export const sdkUsage: Readonly<Record<string, string>> = {
  'msal-node': mapped,
  'msal-browser': mapped,
  supabase: mapped,
  '@azure/identity': mapped,
  firebase: '2 lines: getIdTokenResult(true)',
  'keycloak-js': '1 line: classify',
}
