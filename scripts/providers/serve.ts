import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Answer, Seen } from './provider.js'

/** A server of one check. */
export interface Served {
  readonly origin: string
  readonly close: () => Promise<void>
}

/** Starts a server that answers each request with what `answer` returns. */
export async function serve(answer: (path: string, seen: Seen) => Answer | Promise<Answer>): Promise<Served> {
  const server = createServer((request, response) => {
    void (async () => {
      const seen = { headers: request.headers as Seen['headers'], body: await text(request) }
      const { status = 200, headers = {}, body } = await answer(request.url ?? '', seen)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
