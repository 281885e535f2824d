// A proxy before the token endpoint that records each token request and its response. A request that has arrived is passed on although its tab has ended,
// as any network does.
import { createHash } from 'node:crypto'
import { allowBrowsers, bytesOf, listen } from '../servers/process.ts'

const fingerprint = (text) => (text ? createHash('sha256').update(text).digest('hex').slice(0, 16) : undefined)

/** `{ tokenEndpoint, requests, stop }`. Tokens are recorded as fingerprints. Times are epoch milliseconds. */
export async function startRecorder(tokenEndpoint) {
  const requests = []
  const { server, port } = await listen()
  server.on('request', async (request, response) => {
    if (allowBrowsers(request, response)) return
    const body = await bytesOf(request)
    const entry = {
      document: request.headers['x-document'],
      token: fingerprint(new URLSearchParams(String(body)).get('refresh_token')),
      sentAt: Number(request.headers['x-sent-at'] ?? Date.now()),
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
