// An authorization server and an API in one process of its own, for tokens that live milliseconds: refresh tokens rotate, the reuse of one revokes its family, and everything is
// counted. It prints one line of JSON when it is up. Times are milliseconds.
import { randomUUID } from 'node:crypto'
import { bytesOf, endWithParent, listen, sendJSON } from './process.mjs'

endWithParent()
/** `tokenLatency` is spent half before a grant takes effect and half after it. `forgiving`: what was used twice is answered all the same. */
const settings = { lifetime: 200, tokenLatency: 0, leeway: 0, failing: 0, apiLatency: 0, forgiving: 0 }
const fresh = () => ({
  /** All token requests, and those that were answered with tokens. */
  refreshGrants: 0,
  refreshed: 0,
  refused: 0,
  unavailable: 0,
  refreshTokensReused: 0,
  mostGrantsAtOnce: 0,
  requests: 0,
  served: 0,
  /** After the expiry, within the leeway. */
  servedLate: 0,
  rejected: 0,
  /** With a token that is unknown or revoked, and not just expired. */
  rejectedForGood: 0,
})
let counts = fresh()
let grantsAtOnce = 0
/** Each reuse: who had used the token first, who again, and what each of them was answered. */
let reuses = []
/** The token request that is held up: where, whether it has come and whose it is, and how it is let go. */
let hold
/** By refresh token: `{ family, usedBy, successor, presented }`. */
const grants = new Map()
/** By access token: `{ grant, expiresAt }`. */
const accessTokens = new Map()
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function issue(family) {
  const access_token = `at-${randomUUID()}`
  const refresh_token = `rt-${randomUUID()}`
  const grant = { family, usedBy: undefined, successor: undefined, presented: false }
  grants.set(refresh_token, grant)
  accessTokens.set(access_token, { grant, expiresAt: performance.now() + settings.lifetime })
  return {
    grant,
    answer: { access_token, refresh_token, token_type: 'Bearer', expires_in: settings.lifetime / 1000, scope: 'read' },
  }
}

/** A first token set, of a family of its own. */
function mint() {
  const { answer } = issue({ revoked: false })
  // A whole second would be too coarse for the first one.
  return { ...answer, expires_at: new Date(Date.now() + settings.lifetime).toISOString() }
}

function deferred() {
  let resolve
  const promise = new Promise((settle) => (resolve = settle))
  return { promise, resolve }
}

/** `sent`: nothing of it has taken effect yet. `redeemed`: all of it has, and only the answer is missing. */
async function pass(where, held) {
  if (held?.where !== where) return
  held.heard.resolve(held.client)
  await held.released.promise
}

async function onToken(request, response) {
  // Before anything is processed: `failing` is the share of such answers.
  if (Math.random() < settings.failing) {
    counts.unavailable++
    return sendJSON(response, 503, { error: 'temporarily_unavailable' }, { 'retry-after': '0' })
  }
  const parameters = new URLSearchParams(String(await bytesOf(request)))
  counts.refreshGrants++
  counts.mostGrantsAtOnce = Math.max(counts.mostGrantsAtOnce, ++grantsAtOnce)
  const held = hold?.client === undefined ? hold : undefined
  if (held) held.client = parameters.get('client_id')
  // Half before and half after the point of no return.
  await wait(settings.tokenLatency / 2)
  await pass('sent', held)
  const outcome = exchange(parameters)
  await pass('redeemed', held)
  await wait(settings.tokenLatency / 2)
  grantsAtOnce--
  if (outcome) sendJSON(response, 200, outcome)
  else sendJSON(response, 400, { error: 'invalid_grant' })
}

function exchange(parameters) {
  const client = parameters.get('client_id')
  const grant = grants.get(parameters.get('refresh_token'))
  if (grant) grant.presented = true
  let reuse
  if (grant?.usedBy !== undefined) {
    counts.refreshTokensReused++
    reuse = { first: grant.usedBy, again: client, successorSeen: grant.successor.presented, grants: [grant.successor] }
    reuses.push(reuse)
    grant.family.revoked = settings.forgiving === 0
  }
  if (!grant || grant.family.revoked) {
    counts.refused++
    return undefined
  }
  const { grant: successor, answer } = issue(grant.family)
  if (reuse) reuse.grants.push(successor)
  else Object.assign(grant, { usedBy: client, successor })
  counts.refreshed++
  return answer
}

async function onRequest(request, response) {
  counts.requests++
  if (settings.apiLatency > 0) await wait(settings.apiLatency)
  const now = performance.now()
  const found = accessTokens.get(request.headers.authorization?.replace(/^Bearer /, ''))
  if (found) found.grant.presented = true
  if (!found || found.grant.family.revoked || now > found.expiresAt + settings.leeway) {
    counts.rejected++
    if (!found || found.grant.family.revoked) counts.rejectedForGood++
    const isExpired = found?.grant.family.revoked === false
    return sendJSON(response, 401, { error: 'invalid_token', isExpired }, { 'www-authenticate': 'Bearer error="invalid_token"' })
  }
  counts.served++
  if (now > found.expiresAt) counts.servedLate++
  sendJSON(response, 200, { url: request.url })
}

const control = {
  'GET /_counts': () => counts,
  'GET /_reuses': () =>
    reuses.map(({ grants: [first, again], ...reuse }) => ({
      ...reuse,
      firstEverUsed: first.presented,
      againEverUsed: again?.presented ?? false,
    })),
  'POST /_hold': (query) => {
    hold = { where: query.get('where'), client: undefined, heard: deferred(), released: deferred() }
    return {}
  },
  'GET /_heard': async () => ({ client: await hold.heard.promise }),
  'POST /_let-go': () => {
    hold.released.resolve()
    hold = undefined
    return {}
  },
  'POST /_mint': mint,
  'POST /_refuse-access-tokens': () => {
    for (const token of accessTokens.values()) token.expiresAt = -Infinity
    return {}
  },
  'POST /_reset': () => {
    counts = fresh()
    reuses = []
    return {}
  },
  'POST /_settings': (query) =>
    Object.assign(settings, Object.fromEntries([...query].map(([name, value]) => [name, Number(value)]))),
}

const { server, port } = await listen()
const url = `http://127.0.0.1:${port}`
server.on('request', (request, response) => {
  const { pathname, searchParams } = new URL(request.url, url)
  const answer = control[`${request.method} ${pathname}`]
  if (answer) Promise.resolve(answer(searchParams)).then((json) => sendJSON(response, 200, json))
  else if (pathname === '/token') onToken(request, response).catch(() => response.destroy())
  else onRequest(request, response).catch(() => response.destroy())
})
console.log(JSON.stringify({ apiUrl: url, tokenEndpoint: `${url}/token` }))
