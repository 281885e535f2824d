import { createServer } from 'node:http'

/** Listens on loopback, at a port that the system chooses. */
export async function listen(port = 0) {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return { server, port: server.address().port }
}

/** Ends with the process that has started this one: its end of the pipe closes, however it dies. */
export function endWithParent() {
  process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0))
  process.stdin.resume()
}

export function sendJSON(response, status, body, headers = {}) {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers })
    .end(JSON.stringify(body))
}

export async function bytesOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Lets a page of any origin in: these servers are for loopback. True when the request was a preflight and is answered. */
export function allowBrowsers(request, response) {
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
