import * as auth0 from '@auth0/auth0-spa-js'
import * as azure from '@azure/identity'
import { NetworkError } from 'keycloak-js'
import { mapTokens } from 'axios-attach-oauth/map-tokens'
import { runInOrder, tryRefresh } from './try-refresh.mjs'

const thrown = (name, error) => () => tryRefresh(name, () => Promise.reject(error))

const auth0Cases = [
  () =>
    // getTokenSilently({ detailedResponse: true })
    tryRefresh('auth0-spa-js: tokens', async () => ({ access_token: 'new', id_token: 'x', expires_in: 3600 })),
  thrown('auth0-spa-js: login_required', new auth0.GenericError('login_required', 'Login required')),
  thrown('auth0-spa-js: missing_refresh_token', new auth0.MissingRefreshTokenError('aud', 'scope')),
  thrown('auth0-spa-js: invalid_grant', new auth0.GenericError('invalid_grant', 'Unknown or invalid refresh token.')),
  thrown('auth0-spa-js: mfa_required', new auth0.MfaRequiredError('mfa_required', 'x', 'token', {})),
  thrown('auth0-spa-js: timeout', new auth0.TimeoutError()),
]

const in60Minutes = () => Date.now() + 3_600_000
const azureCases = [
  () =>
    tryRefresh(
      '@azure/identity: tokens',
      mapTokens().refresh(async () => ({ token: 'new', expiresOnTimestamp: in60Minutes(), tokenType: 'Bearer' })),
    ),
  thrown('@azure/identity: sign-in', new azure.AuthenticationRequiredError({ scopes: ['a'], message: 'x' })),
  thrown(
    '@azure/identity: invalid_grant',
    new azure.AuthenticationError(400, { error: 'invalid_grant', error_description: 'x' }),
  ),
  thrown(
    '@azure/identity: invalid_client',
    new azure.AuthenticationError(401, { error: 'invalid_client', error_description: 'x' }),
  ),
  thrown('@azure/identity: 503', new azure.AuthenticationError(503, { error: 'x' })),
  thrown('@azure/identity: unavailable', new azure.CredentialUnavailableError('No managed identity endpoint found')),
]

/** keycloak-js forgets its tokens after a 400, and rejects with `undefined` before release 26. */
const keycloakCases = [undefined, new NetworkError('x', { response: new Response('', { status: 400 }) })].flatMap((error) => {
  const name = `keycloak-js: ${error ? 'NetworkError' : 'undefined'}`
  const withKeycloak = (keycloak) => () =>
    tryRefresh(`${name}, ${keycloak.refreshToken ? 'tokens kept' : 'tokens forgotten'}`, () => Promise.reject(error), {
      classify: () => (keycloak.refreshToken ? 'transient' : 'ended'),
    })
  return [withKeycloak({}), withKeycloak({ refreshToken: 'r1' })]
})

export default () => runInOrder([...auth0Cases, ...azureCases, ...keycloakCases])
