import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { cert, key } from '../certificate.js'

/** A request as the server has received it. Preflights are answered and not recorded. */
export interface Sending {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  status: number
}

export type Handler = (request: Sending, response: ServerResponse) => unknown

export interface TestTokens {
  access_token: string
  refresh_token: string
  expires_in: number
}

/** A token endpoint (`/token`) and an API of one origin, which let pages of every origin in. */
export interface CorsServer {
  readonly url: string
  /** The requests to the API, in the order of their arrival. */
  readonly log: Sending[]
  readonly refreshes: () => { grants: number; reused: number }
  mint(): TestTokens
  /** Refuses every access token that was issued before. */
  revokeAccessTokens(): void
  /** Answers requests to this path instead of the API or of the token endpoint; `next` gives their usual answer. */
  on(path: string, handler: (request: Sending, response: ServerResponse, next: () => void) => unknown): void
  /** Forgets all requests, handlers and tokens. */
  reset(): void
  close(): Promise<void>
}

async function receive(request: IncomingMessage): Promise<Sending> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { method = '', url = '', headers } = request
  return { method, url, headers, body: Buffer.concat(chunks), status: 0 }
}

export function sendJSON(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** `http2`: over https, as browsers demand for the upload of a stream. The certificate is the tests' own. */
export async function startCorsServer({ http2 = false } = {}): Promise<CorsServer> {
  const log: Sending[] = []
  const handlers = new Map<string, (request: Sending, response: ServerResponse, next: () => void) => unknown>()
  let issued = 0
  let revokedUpTo = 0
  let refreshToken = ''
  let counts = { grants: 0, reused: 0 }

  function mint(): TestTokens {
    issued++
    refreshToken = `rt-${issued}`
    return { access_token: `at-${issued}`, refresh_token: refreshToken, expires_in: 3600 }
  }

  const token: Handler = ({ body }, response) => {
    if (new URLSearchParams(String(body)).get('refresh_token') !== refreshToken) {
      counts.reused++
      return sendJSON(response, 400, { error: 'invalid_grant' })
    }
    counts.grants++
    sendJSON(response, 200, mint())
  }

  const api: Handler = (request, response) => {
    const number = Number(/^Bearer at-(\d+)$/.exec(request.headers.authorization ?? '')?.[1] ?? 0)
    request.status = number > revokedUpTo ? 200 : 401
    if (request.status === 200) return sendJSON(response, 200, { url: request.url, length: request.body.length })
    sendJSON(response, 401, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer error="invalid_token"' })
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', incoming.headers.origin ?? '*')
    response.setHeader('access-control-allow-credentials', 'true')
    response.setHeader('access-control-expose-headers', 'www-authenticate, x-answer')
    if (incoming.method === 'OPTIONS') {
      const names = incoming.headers['access-control-request-headers'] ?? ''
      const allowed = { 'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE', 'access-control-allow-headers': names }
      return void response.writeHead(204, { ...allowed, 'access-control-max-age': '600' }).end()
    }
    const request = await receive(incoming)
    const path = request.url.split('?')[0]!
    const usual = path === '/token' ? token : api
    if (usual === api) log.push(request)
    const handler = handlers.get(path)
    if (handler) await handler(request, response, () => usual(request, response))
    else usual(request, response)
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void serve(request, response).catch(() => response.destroy())
  const server = http2
    ? createSecureServer({ key, cert }, listener as never as (request: Http2ServerRequest, response: Http2ServerResponse) => void)
    : createServer(listener)
  const sockets = new Set<Socket>()
  server.on(http2 ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `${http2 ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    refreshes: () => counts,
    mint,
    revokeAccessTokens: () => void (revokedUpTo = issued),
    on: (path, handler) => void handlers.set(path, handler),
    reset() {
      log.length = 0
      handlers.clear()
      counts = { grants: 0, reused: 0 }
      revokedUpTo = issued
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
