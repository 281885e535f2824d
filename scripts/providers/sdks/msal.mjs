import * as browser from '@azure/msal-browser'
import { PublicClientApplication } from '@azure/msal-node'
import { mapTokens } from 'axios-attach-oauth/map-tokens'
import { runInOrder, tryRefresh } from './try-refresh.mjs'

const authority = 'https://login.example.com/tenant'
const metadata = {
  issuer: authority,
  authorization_endpoint: `${authority}/authorize`,
  token_endpoint: `${authority}/token`,
  jwks_uri: `${authority}/keys`,
}
let answer
const networkClient = {
  sendGetRequestAsync: async () => ({ status: 200, headers: {}, body: metadata }),
  sendPostRequestAsync: async () => {
    if (answer instanceof Error) throw answer
    return { headers: {}, ...answer }
  },
}
const client = () =>
  new PublicClientApplication({
    auth: { clientId: 'app', authority, knownAuthorities: ['login.example.com'] },
    system: { networkClient, protocolMode: 'OIDC' },
  })

const base64 = (json) => Buffer.from(JSON.stringify(json)).toString('base64url')
const idToken = `${base64({ alg: 'none' })}.${base64({ sub: 'u', oid: 'o', tid: 't', iss: authority, aud: 'app' })}.x`
const tokens = { token_type: 'Bearer', access_token: 'new', expires_in: 3600, id_token: idToken, refresh_token: 'r2', scope: 'a' }

/** The documented way: `mapTokens` reads `accessToken` and `expiresOn`. */
const refresh = mapTokens().refresh((stored) =>
  client().acquireTokenByRefreshToken({ refreshToken: stored.refresh_token, scopes: ['a'] }),
)
const refused = (status, body) => ((answer = { status, body }), undefined)
const through = (name, status, body) => () => (refused(status, body), tryRefresh(`msal-node: ${name}`, refresh))
const thrown = (name, error) => () => tryRefresh(`msal-browser: ${name}`, () => Promise.reject(error))

export default () =>
  runInOrder([
    through('tokens', 200, tokens),
    through('invalid_grant', 400, { error: 'invalid_grant', error_description: 'AADSTS700082: expired', error_codes: [700082] }),
    through('interaction_required', 400, { error: 'interaction_required', suberror: 'basic_action', error_description: 'x' }),
    through('invalid_client', 401, { error: 'invalid_client', error_description: 'x' }),
    through('server error', 503, { error: 'temporarily_unavailable', error_description: 'x' }),
    () => ((answer = new Error('no network')), tryRefresh('msal-node: no network', refresh)),
    () => tryRefresh('msal-node: no account', () => client().acquireTokenSilent({ scopes: ['a'], account: null })),
    thrown('no tokens', new browser.InteractionRequiredAuthError('no_tokens_found')),
    thrown('native account', new browser.InteractionRequiredAuthError('native_account_unavailable')),
    thrown('no account', new browser.BrowserAuthError('no_account_error')),
    thrown('invalid_grant', new browser.ServerError('invalid_grant', 'x')),
    thrown('no network', new browser.BrowserAuthError('no_network_connectivity')),
    thrown('throttled', new browser.ServerError('too_many_requests', 'x')),
    thrown('timed out', new browser.BrowserAuthError('timed_out')),
  ])
