// An authorization server and an API in one process of its own, for tokens that live milliseconds: refresh tokens rotate, and the reuse of one revokes its grant.
// Prints one line of JSON when it is up, and counts requests. Times are milliseconds.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { bytesOf, endWithParent, listen, numbersOf, sendJSON, type Control } from './process.js'

endWithParent()
/** One sign-in: all tokens that descend from it end together. */
interface Grant {
  revoked: boolean
}
/** A refresh token: the client that has used it, the token that has replaced it, and whether anything of the answer was ever presented. */
interface RefreshToken {
  grant: Grant
  usedBy: string | undefined
  successor: RefreshToken | undefined
  presented: boolean
}
interface RecordedReuse {
  first: string
  again: string
  successorSeen: boolean
  /** The answers that both were given. */
  answers: RefreshToken[]
}

/** `tokenLatency` is spent half before a grant takes effect and half after it. `forgiving`: a reuse is answered with tokens all the same. */
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
let reuses: RecordedReuse[] = []
/** A token request that is stopped: where, the client once it has come, and how it is released. */
interface Hold {
  where: string | null
  client: string | undefined
  heard: PromiseWithResolvers
  released: PromiseWithResolvers
}
let hold: Hold | undefined
const refreshTokens = new Map<string, RefreshToken>()
/** The refresh token that was issued with an access token, and when that expires. */
const accessTokens = new Map<string, { refresh: RefreshToken; expiresAt: number }>()

function issue(grant: Grant): { refresh: RefreshToken; answer: Record<string, unknown> } {
  const access_token = `at-${randomUUID()}`
  const refresh_token = `rt-${randomUUID()}`
  const refresh: RefreshToken = { grant, usedBy: undefined, successor: undefined, presented: false }
  refreshTokens.set(refresh_token, refresh)
  accessTokens.set(access_token, { refresh, expiresAt: performance.now() + settings.lifetime })
  return {
    refresh,
    answer: { access_token, refresh_token, token_type: 'Bearer', expires_in: settings.lifetime / 1000, scope: 'read' },
  }
}

/** A first token set of a new grant. */
function mint(): object {
  const { answer } = issue({ revoked: false })
  // A whole second would be too coarse for the first one.
  return { ...answer, expires_at: new Date(Date.now() + settings.lifetime).toISOString() }
}

interface PromiseWithResolvers {
  promise: Promise<string | undefined>
  resolve(value?: string): void
}
function deferred(): PromiseWithResolvers {
  let resolve!: PromiseWithResolvers['resolve']
  const promise = new Promise<string | undefined>((settle) => (resolve = settle))
  return { promise, resolve }
}

/** `sent`: the request has had no effect yet. `redeemed`: it has, and only the answer is missing. */
async function pass(where: string, stopped: Hold | undefined): Promise<void> {
  if (stopped?.where !== where) return
  stopped.heard.resolve(stopped.client)
  await stopped.released.promise
}

async function onToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Before anything is processed: `failing` is the share of such answers.
  if (Math.random() < settings.failing) {
    counts.unavailable++
    return sendJSON(response, 503, { error: 'temporarily_unavailable' }, { 'retry-after': '0' })
  }
  const parameters = new URLSearchParams(String(await bytesOf(request)))
  counts.refreshGrants++
  counts.mostGrantsAtOnce = Math.max(counts.mostGrantsAtOnce, ++grantsAtOnce)
  const stopped = hold?.client === undefined ? hold : undefined
  if (stopped) stopped.client = parameters.get('client_id') ?? ''
  // Half before and half after the point of no return.
  await wait(settings.tokenLatency / 2)
  await pass('sent', stopped)
  const outcome = exchange(parameters)
  await pass('redeemed', stopped)
  await wait(settings.tokenLatency / 2)
  grantsAtOnce--
  if (outcome) sendJSON(response, 200, outcome)
  else sendJSON(response, 400, { error: 'invalid_grant' })
}

function exchange(parameters: URLSearchParams): object | undefined {
  const client = parameters.get('client_id') ?? ''
  const token = refreshTokens.get(parameters.get('refresh_token') ?? '')
  if (token) token.presented = true
  let reuse: RecordedReuse | undefined
  if (token?.usedBy !== undefined && token.successor) {
    counts.refreshTokensReused++
    const { usedBy: first, successor } = token
    reuse = { first, again: client, successorSeen: successor.presented, answers: [successor] }
    reuses.push(reuse)
    token.grant.revoked = settings.forgiving === 0
  }
  if (!token || token.grant.revoked) {
    counts.refused++
    return undefined
  }
  const { refresh: successor, answer } = issue(token.grant)
  if (reuse) reuse.answers.push(successor)
  else Object.assign(token, { usedBy: client, successor })
  counts.refreshed++
  return answer
}

async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  counts.requests++
  if (settings.apiLatency > 0) await wait(settings.apiLatency)
  const now = performance.now()
  const found = accessTokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
  if (found) found.refresh.presented = true
  const isRevoked = found?.refresh.grant.revoked ?? true
  if (!found || isRevoked || now > found.expiresAt + settings.leeway) {
    counts.rejected++
    if (isRevoked) counts.rejectedForGood++
    const isExpired = !isRevoked
    return sendJSON(response, 401, { error: 'invalid_token', isExpired }, { 'www-authenticate': 'Bearer error="invalid_token"' })
  }
  counts.served++
  if (now > found.expiresAt) counts.servedLate++
  sendJSON(response, 200, { url: request.url })
}

const control: Control = {
  'GET /_counts': () => counts,
  'GET /_reuses': () =>
    reuses.map(({ answers: [first, again], ...reuse }) => ({
      ...reuse,
      firstEverUsed: first?.presented ?? false,
      againEverUsed: again?.presented ?? false,
    })),
  'POST /_hold': (query) => {
    hold = { where: query.get('where'), client: undefined, heard: deferred(), released: deferred() }
    return {}
  },
  'GET /_heard': async () => ({ client: await hold?.heard.promise }),
  'POST /_release-answers': () => {
    hold?.released.resolve()
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
  'POST /_settings': (query) => Object.assign(settings, numbersOf(query)),
}

const { server, port } = await listen()
const url = `http://127.0.0.1:${port}`
server.on('request', (request, response) => {
  const { pathname, searchParams } = new URL(request.url!, url)
  const answer = control[`${request.method} ${pathname}`]
  if (answer) Promise.resolve(answer(searchParams)).then((json) => sendJSON(response, 200, json))
  else if (pathname === '/token') onToken(request, response).catch(() => response.destroy())
  else onRequest(request, response).catch(() => response.destroy())
})
console.log(JSON.stringify({ apiUrl: url, tokenEndpoint: `${url}/token` }))
