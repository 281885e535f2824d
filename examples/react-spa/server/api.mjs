// The API of the example. Every request needs an access token of the authorization server.
import { once } from 'node:events'
import { createServer } from 'node:http'

const names = ['Tomatoes', 'Basil', 'Orchids', 'Ferns', 'Lemons', 'Seedlings']

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** `{ apiUrl, counts, close }` */
export async function startAPI({ port, findToken, allowedOrigin }) {
  const counts = { served: 0, rejected: 0 }
  const notes = [{ id: 1, author: 'Greenhouse', text: 'Water the ferns before noon.' }]

  async function answer(request, user) {
    const { pathname } = new URL(request.url, 'http://api')
    const sensor = /^\/sensors\/([1-6])$/.exec(pathname)?.[1]
    if (sensor) {
      const wave = Math.sin(Date.now() / 9000 + Number(sensor))
      return { id: Number(sensor), name: names[sensor - 1], celsius: 21 + 3 * wave, humidity: Math.round(60 + 15 * wave) }
    }
    if (pathname === '/notes' && request.method === 'GET') return notes
    if (pathname === '/notes') {
      const note = {
        id: notes.length + 1,
        author: user,
        text: String(JSON.parse(String(await bodyOf(request))).text).slice(0, 500),
      }
      notes.push(note)
      return note
    }
    if (pathname === '/photos') return { bytes: (await bodyOf(request)).length }
    return undefined
  }

  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', allowedOrigin())
    response.setHeader('access-control-expose-headers', 'www-authenticate')
    if (request.method === 'OPTIONS') {
      response
        .writeHead(204, { 'access-control-allow-headers': 'authorization, content-type', 'access-control-max-age': '600' })
        .end()
      return
    }
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    const found = token && (await findToken(token))
    if (!found?.isValid) {
      counts.rejected++
      await bodyOf(request)
      response.writeHead(401, { 'www-authenticate': token ? 'Bearer error="invalid_token"' : 'Bearer' }).end()
      return
    }
    const body = await answer(request, found.accountId)
    counts.served++
    response
      .writeHead(body ? 200 : 404, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(JSON.stringify(body ?? {}))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    apiUrl: `http://127.0.0.1:${server.address().port}`,
    counts,
    close: () => (server.close(), server.closeAllConnections()),
  }
}
