// An authorization server and an API in one process of its own, for tokens that live milliseconds: refresh tokens rotate, the reuse of one revokes its
// family, and everything is counted. It prints one line of JSON when it is up. Times are milliseconds.
import { randomUUID } from 'node:crypto'
import { bytesOf, endWithParent, listen, sendJSON } from './process.mjs'

endWithParent()
/** `tokenLatency` is spent half before a grant takes effect and half after it. */
const settings = { lifetime: 200, tokenLatency: 0 }
const fresh = () => ({
  /** All that came with the grant type refresh_token, and those that were answered with tokens. */
  refreshGrants: 0,
  refreshed: 0,
  refreshTokensReused: 0,
  /** Refused otherwise: unknown, or its family was revoked. */
  refused: 0,
  mostGrantsAtOnce: 0,
  requests: 0,
  served: 0,
  rejected: 0,
})
let counts = fresh()
/** Each reuse: which client had used the token first, which one again, and whether anything of the first answer was ever seen again. */
let reuses = []
/** How old access tokens were when their refresh token was used, the youngest: 1 is a whole life. */
let youngest = Infinity
let grantsAtOnce = 0
/** By refresh token: `{ family, issuedAt, usedBy, successor, presented }`. */
const grants = new Map()
/** By access token: `{ grant, expiresAt }`. */
const accessTokens = new Map()
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function issue(family) {
  const issuedAt = performance.now()
  const access_token = `at-${randomUUID()}`
  const refresh_token = `rt-${randomUUID()}`
  const grant = { family, issuedAt, usedBy: undefined, successor: undefined, presented: false }
  grants.set(refresh_token, grant)
  accessTokens.set(access_token, { grant, expiresAt: issuedAt + settings.lifetime })
  return { grant, answer: { access_token, refresh_token, token_type: 'Bearer', expires_in: settings.lifetime / 1000 } }
}

/** A first token set, of a family of its own. */
function mint() {
  const { answer } = issue({ revoked: false })
  // Epoch seconds would be too coarse, here and in what is stored after it.
  return { ...answer, expires_at: new Date(Date.now() + settings.lifetime).toISOString() }
}

function exchange(parameters) {
  const client = parameters.get('client_id')
  const grant = grants.get(parameters.get('refresh_token'))
  if (grant) grant.presented = true
  if (grant?.usedBy !== undefined) {
    counts.refreshTokensReused++
    reuses.push({ first: grant.usedBy, again: client, successorSeen: grant.successor.presented })
    grant.family.revoked = true
    return undefined
  }
  if (!grant || grant.family.revoked) {
    counts.refused++
    return undefined
  }
  youngest = Math.min(youngest, (performance.now() - grant.issuedAt) / settings.lifetime)
  const { grant: successor, answer } = issue(grant.family)
  Object.assign(grant, { usedBy: client, successor })
  counts.refreshed++
  return answer
}

async function onToken(request, response) {
  const parameters = new URLSearchParams(String(await bytesOf(request)))
  counts.refreshGrants++
  counts.mostGrantsAtOnce = Math.max(counts.mostGrantsAtOnce, ++grantsAtOnce)
  if (settings.tokenLatency > 0) await wait(settings.tokenLatency / 2)
  const answer = exchange(parameters)
  if (settings.tokenLatency > 0) await wait(settings.tokenLatency / 2)
  grantsAtOnce--
  if (answer) sendJSON(response, 200, answer)
  else sendJSON(response, 400, { error: 'invalid_grant' })
}

function onRequest(request, response) {
  counts.requests++
  const found = accessTokens.get(request.headers.authorization?.replace(/^Bearer /, ''))
  if (found) found.grant.presented = true
  if (!found || found.grant.family.revoked || performance.now() > found.expiresAt) {
    counts.rejected++
    return sendJSON(response, 401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' })
  }
  counts.served++
  sendJSON(response, 200, { url: request.url })
}

const control = {
  'GET /_counts': () => ({ ...counts, youngest: youngest === Infinity ? null : youngest, grantsAtOnce }),
  'GET /_reuses': () => reuses,
  'POST /_mint': mint,
  'POST /_reset': () => {
    youngest = Infinity
    reuses = []
    counts = fresh()
    return counts
  },
  'POST /_settings': (query) =>
    Object.assign(settings, Object.fromEntries([...query].map(([name, value]) => [name, Number(value)]))),
}

const { server, port } = await listen()
const url = `http://127.0.0.1:${port}`
server.on('request', (request, response) => {
  const { pathname, searchParams } = new URL(request.url, url)
  const answer = control[`${request.method} ${pathname}`]
  if (answer) sendJSON(response, 200, answer(searchParams))
  else if (pathname === '/token') onToken(request, response).catch(() => response.destroy())
  else onRequest(request, response)
})
console.log(JSON.stringify({ apiUrl: url, tokenEndpoint: `${url}/token` }))
