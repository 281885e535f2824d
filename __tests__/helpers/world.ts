import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RefreshFunction, TokenJSON, TokenResponse } from '../../src/index.js'

/** What the resource server has seen of one request. */
export interface Seen {
  id: string
  status: number
  method: string
  url: string
  contentType: string | undefined
  authorization: string | undefined
  sha256: string
  length: number
  body: Buffer
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface World {
  api: string
  tokenEndpoint: string
  /** A first token set, as the authorization server has issued it. */
  tokens: TokenJSON & { access_token: string; refresh_token: string }
  refresh: RefreshFunction
  /** What the servers have counted. */
  counts: { refreshGrants: number; reused: number; requests: number; rejected: number; served: number }
  seen: Seen[]
  /** Makes the resource server refuse every access token that was issued so far. */
  revokeAccessTokens(): void
  /** Seconds that the next tokens live. */
  expiresIn: number
  /** Answers the token endpoint instead of the usual one; `once` is dropped after its first use. */
  token: { instead?: Answer | undefined; once?: Answer | undefined; held?: Promise<unknown> | undefined }
  /** Answers the resource server instead of the usual one. */
  resource: { instead?: Answer | undefined; challenge: string | undefined; rejectAll: boolean }
  close(): Promise<void>
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<{ url: string; server: Server; close: () => Promise<void> }> {
  const server = createServer((request, response) => handle(request, response))
  server.listen(port, host)
  await new Promise((resolve) => server.once('listening', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, server, close }
}

/** An authorization server that rotates refresh tokens and notices their reuse, and a resource server that asks it; both do as they are told. */
export async function startWorld(): Promise<World> {
  const family = new Set<string>()
  let valid = new Set<string>()
  let present = ''
  const spent = new Set<string>()

  const issue = (): World['tokens'] => {
    const access_token = `at-${randomUUID()}`
    present = `rt-${randomUUID()}`
    valid.add(access_token)
    family.add(present)
    return { access_token, refresh_token: present, token_type: 'Bearer', expires_in: world.expiresIn, scope: 'read' }
  }

  async function onToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = new URLSearchParams((await bodyOf(request)).toString())
    await world.token.held
    const { once, instead } = world.token
    world.token.once = undefined
    if (once) return once(response, request)
    if (instead) return instead(response, request)
    const token = parameters.get('refresh_token') ?? ''
    world.counts.refreshGrants++
    if (spent.has(token)) {
      // The whole family dies (RFC 9700 §4.14.2).
      world.counts.reused++
      valid = new Set()
      present = ''
    }
    if (token !== present || !family.has(token)) return json(response, 400, { error: 'invalid_grant' })
    spent.add(token)
    json(response, 200, issue())
  }

  async function onResource(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const { authorization } = request.headers
    const isValid = authorization !== undefined && valid.has(authorization.slice('Bearer '.length)) && !world.resource.rejectAll
    const status = isValid ? 200 : 401
    world.counts.requests++
    world.counts[isValid ? 'served' : 'rejected']++
    const sha256 = createHash('sha256').update(body).digest('hex')
    world.seen.push({
      id: String(request.headers['x-request-id'] ?? ''),
      status,
      method: request.method ?? '',
      url: request.url ?? '',
      contentType: request.headers['content-type'],
      authorization,
      sha256,
      length: body.length,
      body,
    })
    if (world.resource.instead) return world.resource.instead(response, request)
    const headers: Record<string, string> =
      !isValid && world.resource.challenge !== undefined ? { 'www-authenticate': world.resource.challenge } : {}
    json(response, status, { url: request.url, sha256, length: body.length, id: request.headers['x-request-id'] }, headers)
  }

  const authorizationServer = await listen((request, response) => void onToken(request, response))
  const resourceServer = await listen((request, response) => void onResource(request, response))
  const tokenEndpoint = `${authorizationServer.url}/token`

  const world: World = {
    api: resourceServer.url,
    tokenEndpoint,
    tokens: { access_token: '', refresh_token: '' },
    async refresh(tokens, { signal }) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens?.refresh_token ?? '' })
      const response = await fetch(tokenEndpoint, { method: 'POST', body, signal })
      const answer = (await response.json()) as TokenResponse
      if (!response.ok) throw Object.assign(new Error('refused'), { status: response.status, ...answer })
      return answer
    },
    counts: { refreshGrants: 0, reused: 0, requests: 0, rejected: 0, served: 0 },
    seen: [],
    revokeAccessTokens: () => valid.clear(),
    expiresIn: 3600,
    token: {},
    resource: { challenge: 'Bearer error="invalid_token"', rejectAll: false },
    async close() {
      await Promise.all([authorizationServer.close(), resourceServer.close()])
    },
  }
  world.tokens = issue()
  return world
}
