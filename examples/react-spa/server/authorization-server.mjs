// An authorization server for the example: oidc-provider with rotating refresh tokens and its own login pages for development.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { Provider } from 'oidc-provider'

/** `{ issuer, findToken, counts, revokeAll, close }`. `lifetime` of access tokens in seconds. */
export async function startAuthorizationServer({ port, lifetime, allowedOrigin }) {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${server.address().port}`
  const counts = { refreshGrants: 0, refreshTokensReused: 0, revocations: 0 }
  const grants = new Set()

  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'greenhouse',
        // A native client: the registered loopback address fits any port (RFC 8252 §7.3).
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['http://127.0.0.1/callback'],
        post_logout_redirect_uris: ['http://127.0.0.1/'],
        response_types: ['code'],
        scope: 'openid offline_access greenhouse',
      },
    ],
    scopes: ['openid', 'offline_access', 'greenhouse'],
    ttl: {
      AccessToken: () => lifetime,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 600,
      AuthorizationCode: 60,
      IdToken: 600,
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    cookies: { keys: ['made-up-cookie-key'] },
    clientBasedCORS: (_ctx, origin) => origin === allowedOrigin(),
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
  })
  provider.on('grant.success', (ctx) => {
    grants.add(ctx.oidc.entities.Grant?.jti ?? ctx.oidc.entities.AccessToken?.grantId)
    if (ctx.oidc.params.grant_type === 'refresh_token') counts.refreshGrants++
  })
  provider.on('grant.error', (ctx) => ctx.oidc.entities.RefreshToken?.consumed && counts.refreshTokensReused++)
  provider.use(async (ctx, next) => {
    await next()
    if (ctx.path === '/token/revocation' && ctx.method === 'POST') counts.revocations++
  })
  server.on('request', provider.callback())
  return {
    issuer,
    counts,
    findToken: (token) => provider.AccessToken.find(token),
    /** Revokes every refresh token, as an administrator would. */
    async revokeAll() {
      for (const grantId of grants) {
        await provider.RefreshToken.revokeByGrantId(grantId)
        await provider.AccessToken.revokeByGrantId(grantId)
      }
    },
    close: () => (server.close(), server.closeAllConnections()),
  }
}
