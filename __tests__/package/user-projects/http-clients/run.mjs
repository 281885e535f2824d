// Runs the clients of docs/code/http-clients.ts, which is compiled to clients.mjs. Prints for each what three requests got, the refreshes and the sends.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createSession, memoryStore } from 'axios-attach-oauth'
import { graphqlFor, kyFor, openapiFor } from './clients.mjs'

let sent = []
const server = createServer(async (request, response) => {
  sent.push(`${request.headers.authorization} ${await text(request)}`)
  const isNew = request.headers.authorization === 'Bearer new'
  response.writeHead(isNew ? 200 : 401, { 'content-type': 'application/json' }).end('{"data":{"ok":true}}')
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`

const clients = {
  ky: (session) => {
    const api = kyFor(session, [origin])
    return () => api.post(`${origin}/items`, { json: { ok: 1 } }).json()
  },
  'openapi-fetch': (session) => {
    const api = openapiFor(session, origin)
    return async () => (await api.POST('/items', { body: { ok: 1 } })).data
  },
  'graphql-request': (session) => {
    const api = graphqlFor(session, origin)
    return () => api.request('{ ok }')
  },
}
for (const [name, create] of Object.entries(clients))
  for (const isEnded of [false, true]) {
    sent = []
    let refreshes = 0
    const refresh = () => (refreshes++, isEnded ? null : { access_token: 'new' })
    const send = create(createSession(memoryStore({ access_token: 'old', refresh_token: 'r' }), { refresh }))
    const results = await Promise.allSettled([send(), send(), send()])
    const outcomes = results.map(({ value, reason }) => (value ? JSON.stringify(value) : reason.name))
    const bodies = new Set(sent.map((line) => line.replace(/^Bearer \w+ /, '')))
    console.log(
      JSON.stringify({ name, isEnded, outcomes: [...new Set(outcomes)], refreshes, sent: sent.length, bodies: bodies.size }),
    )
  }
server.close()
