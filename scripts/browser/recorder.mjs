// Stands before the token endpoint and writes down who sent which refresh token when, and what came back. What has arrived is passed on to the end,
// whether or not the tab that sent it still lives: so does any network.
import { createHash } from 'node:crypto'
import { allowBrowsers, bytesOf, listen } from '../servers/process.ts'

const fingerprint = (text) => (text ? createHash('sha256').update(text).digest('hex').slice(0, 16) : undefined)

/** `{ tokenEndpoint, requests, stop }`. Tokens are written down as fingerprints only. Times are epoch milliseconds. */
export async function startRecorder(tokenEndpoint) {
  const requests = []
  const { server, port } = await listen()
  server.on('request', async (request, response) => {
    if (allowBrowsers(request, response)) return
    const body = await bytesOf(request)
    const entry = {
      document: request.headers['x-document'],
      token: fingerprint(new URLSearchParams(String(body)).get('refresh_token')),
      at: Date.now(),
    }
    requests.push(entry)
    try {
      const answer = await fetch(tokenEndpoint, {
        method: 'POST',
        headers: { 'content-type': request.headers['content-type'] ?? '' },
        body,
      })
      const text = await answer.text()
      entry.status = answer.status
      entry.answeredAt = Date.now()
      entry.undelivered = response.destroyed
      response.writeHead(answer.status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text)
    } catch {
      response.destroy()
    }
  })
  return {
    tokenEndpoint: `http://127.0.0.1:${port}/token`,
    requests,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  }
}
