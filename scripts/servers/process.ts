import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on loopback, at a port that the system chooses. */
export async function listen(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer()
  // A client that was stalled by a busy machine finds its connections open, and thousands of them fit into the queue.
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1', 4096)
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return { server, port: (server.address() as AddressInfo).port }
}

/** Ends with the process that has started this one: its end of the pipe closes, however it dies. */
export function endWithParent(): void {
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0))
  process.stdin.resume()
}

export function sendJSON(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
    .end(JSON.stringify(body))
}

export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Allows a page of any origin: these servers are for loopback. True when the request was a preflight and is answered. */
export function allowBrowsers(request: IncomingMessage, response: ServerResponse): boolean {
  response.setHeader('access-control-allow-origin', request.headers.origin ?? '*')
  response.setHeader('access-control-expose-headers', 'www-authenticate, date')
  if (request.method !== 'OPTIONS') return false
  response
    .writeHead(204, {
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
      'access-control-max-age': '600',
    })
    .end()
  return true
}

/** What a control request (`/_counts`, `/_reset`) is answered with, by method and path. */
export type Control = Record<string, (query: URLSearchParams) => unknown>

/** Numbers in a query, as settings. */
export const numbersOf = (query: URLSearchParams): Record<string, number> =>
  Object.fromEntries([...query].map(([name, value]) => [name, Number(value)]))
