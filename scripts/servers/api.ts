// A resource server in a process of its own, which asks the authorization server about every token (RFC 7662), answers with what it received, and
// counts requests. The issuer is the first argument.
import { createHash } from 'node:crypto'
import { Agent, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { allowBrowsers, bytesOf, endWithParent, listen, numbersOf, sendJSON, type Control } from './process.js'

endWithParent()
const issuer = process.argv[2]!
const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const settings = { latency: 0 }
const fresh = () => ({ requests: 0, rejected: 0, served: 0, intact: 0, sentMoreThanTwice: 0 })
let counts = fresh()
interface Sending {
  status: number
  sha256: string
  contentType: string | undefined
  method: string | undefined
}
/** Each time that a request was sent, by request id. */
const seen = new Map<string, Sending[]>()

function isActive(token: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from('api:made-up-api-secret').toString('base64')}`
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const asking = send(`${issuer}/token/introspection`, { method: 'POST', agent, headers }, async (response) =>
      resolve((JSON.parse(String(await bytesOf(response))) as { active?: boolean }).active === true),
    )
    asking.on('error', reject).end(new URLSearchParams({ token }).toString())
  })
}

const control: Control = {
  'GET /_counts': () => counts,
  'GET /_seen': (query) => seen.get(query.get('id') ?? '') ?? [],
  'POST /_reset': () => (seen.clear(), (counts = fresh())),
  'POST /_settings': (query) => Object.assign(settings, numbersOf(query)),
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bytesOf(request)
  const sha256 = createHash('sha256').update(body).digest('hex')
  const { authorization = '', 'content-type': contentType } = request.headers
  const { 'x-request-id': id, 'x-body-sha256': expected } = request.headers as Record<string, string | undefined>
  const [scheme, token] = authorization.split(' ')
  const active = scheme === 'Bearer' && token ? await isActive(token) : false
  if (settings.latency > 0) await new Promise((resolve) => setTimeout(resolve, settings.latency))
  counts.requests++
  if (id) {
    const sendings = seen.get(id) ?? []
    seen.set(id, [...sendings, { status: active ? 200 : 401, sha256, contentType, method: request.method }])
    if (sendings.length === 2) counts.sentMoreThanTwice++
  }
  if (!active) {
    counts.rejected++
    return sendJSON(
      response,
      401,
      { error: 'invalid_token' },
      { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired, or not for here"' },
    )
  }
  counts.served++
  if (expected !== undefined && expected === sha256) counts.intact++
  sendJSON(response, 200, { id, method: request.method, url: request.url, contentType, sha256, length: body.length })
}

const { server, port } = await listen()
server.on('request', (request, response) => {
  if (allowBrowsers(request, response)) return
  const url = new URL(request.url!, issuer)
  const answer = control[`${request.method} ${url.pathname}`]
  if (answer) return sendJSON(response, 200, answer(url.searchParams))
  serve(request, response).catch((error: unknown) => sendJSON(response, 500, { error: String(error) }))
})
console.log(JSON.stringify({ apiUrl: `http://127.0.0.1:${port}` }))
