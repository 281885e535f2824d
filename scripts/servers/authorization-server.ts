// A real authorization server (oidc-provider) in a process of its own: refresh tokens rotate, and the reuse of one revokes its grant. Prints one line of
// JSON when it is up, and counts requests. Settings come from the environment: ACCESS_TOKEN_TTL (seconds), PRIVATE_KEY_JWT_JWK (a public key).
import { Provider } from 'oidc-provider'
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js'
import LRU from 'oidc-provider/lib/helpers/lru.js'
import { allowBrowsers, endWithParent, listen, numbersOf, sendJSON, type Control } from './process.js'

endWithParent()
// The default keeps 1,000 records: with some hundred users a valid refresh token would be dropped, and a reuse would not be detected.
const records = new LRU({ maxSize: 1_000_000 })
const { server, port } = await listen()
const issuer = `http://127.0.0.1:${port}`

const settings = { accessTokenLifetime: Number(process.env.ACCESS_TOKEN_TTL ?? 3600), latency: 0 }
const counts = { tokenRequests: 0, refreshGrants: 0, refreshTokensReused: 0, introspections: 0, revocations: 0 }
let refusedBefore = 0

const client = {
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  scope: 'openid offline_access read write',
}
const publicGrants = {
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token'],
}
const clients: object[] = [
  { ...client, ...publicGrants, client_id: 'public' },
  // Characters that RFC 6749 §2.3.1 wants encoded.
  { ...client, client_id: 'basic:client +%', client_secret: 'made-up: secret/+%&' },
  { ...client, client_id: 'post', client_secret: 'made-up-post-secret', token_endpoint_auth_method: 'client_secret_post' },
  { client_id: 'api', client_secret: 'made-up-api-secret', grant_types: [], redirect_uris: [], response_types: [] },
]
if (process.env.PRIVATE_KEY_JWT_JWK) {
  const jwks = { keys: [JSON.parse(process.env.PRIVATE_KEY_JWT_JWK)] }
  clients.push({
    ...client,
    client_id: 'key',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks,
  })
}

const lifetime = () => settings.accessTokenLifetime
const provider = new Provider(issuer, {
  adapter: (model: string) => new MemoryAdapter(model, records),
  clients,
  scopes: ['openid', 'offline_access', 'read', 'write'],
  ttl: {
    AccessToken: lifetime,
    ClientCredentials: lifetime,
    RefreshToken: 7200,
    Grant: 7200,
    Session: 7200,
    Interaction: 600,
    AuthorizationCode: 60,
    IdToken: 600,
  },
  rotateRefreshToken: true,
  issueRefreshToken: async (_context: unknown, client: { grantTypeAllowed: boolean }, code: { scopes: Set<string> }) =>
    client.grantTypeAllowed && code.scopes.has('offline_access'),
  cookies: { keys: ['made-up-cookie-key'] },
  clientBasedCORS: () => true,
  findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: { enabled: false },
  },
})

provider.use(async (ctx, next) => {
  const isToken = ctx.path === '/token' && ctx.method === 'POST'
  if (isToken && settings.latency > 0) await new Promise((resolve) => setTimeout(resolve, settings.latency))
  await next()
  if (isToken) {
    counts.tokenRequests++
    if (ctx.oidc?.params?.grant_type === 'refresh_token') {
      counts.refreshGrants++
      if (ctx.oidc.entities?.RefreshToken?.consumed && ctx.status >= 400) counts.refreshTokensReused++
    }
  }
  if (ctx.path === '/token/introspection') {
    counts.introspections++
    if (ctx.body?.active && (issuedAt.get(ctx.oidc?.params?.token ?? '') ?? Infinity) < refusedBefore)
      ctx.body = { active: false }
  }
  if (ctx.path === '/token/revocation') counts.revocations++
})

/** When a token was issued, by its id, to the millisecond. */
const issuedAt = new Map<string, number>()
for (const event of ['access_token.saved', 'client_credentials.saved'])
  provider.on(event, (token) => issuedAt.set(token.jti, performance.now()))

/** A first token set by the shortest way: through the server's own models. */
async function mint(clientId: string, scope = 'openid offline_access read'): Promise<object> {
  const found = await provider.Client.find(clientId)
  const grant = new provider.Grant({ accountId: 'alice', clientId })
  grant.addOIDCScope(scope)
  const properties = { accountId: 'alice', client: found, grantId: await grant.save(), gty: 'authorization_code', scope }
  const [refresh_token, access_token] = await Promise.all([
    new provider.RefreshToken(properties).save(),
    new provider.AccessToken(properties).save(),
  ])
  return { access_token, refresh_token, token_type: 'Bearer', expires_in: settings.accessTokenLifetime, scope }
}

const control: Control = {
  'GET /_counts': () => counts,
  'POST /_reset': () => Object.assign(counts, Object.fromEntries(Object.keys(counts).map((name) => [name, 0]))),
  'POST /_mint': (query) => mint(query.get('client') ?? 'public'),
  'POST /_refuse-access-tokens': () => ({ refusedBefore: (refusedBefore = performance.now()) }),
  'POST /_settings': (query) => Object.assign(settings, numbersOf(query)),
}
const handle = provider.callback()
server.on('request', async (request, response) => {
  const url = new URL(request.url!, issuer)
  const answer = control[`${request.method} ${url.pathname}`]
  if (!answer) return handle(request, response)
  if (allowBrowsers(request, response)) return
  try {
    sendJSON(response, 200, await answer(url.searchParams))
  } catch (error) {
    sendJSON(response, 500, { error: String(error) })
  }
})
console.log(JSON.stringify({ issuer, tokenEndpoint: `${issuer}/token` }))
