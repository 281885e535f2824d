import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { bytesOf, listen, sendJSON } from '../../../scripts/servers/process.js'

interface ServerSession {
  readonly user: string
  access: string
  refresh: string
  xsrf: string
}

export interface CookieBackend {
  readonly url: string
  /** Every secret that was put into a cookie. */
  readonly secrets: string[]
  readonly counts: { refreshes: number; reused: number; served: number; rejected: number; forged: number; logouts: number }
  /** The users in whose name requests to a path were answered or refused. */
  readonly seen: { path: string; user: string | undefined; status: number }[]
  /** Refuses every access cookie that was issued before. */
  expire(): void
  /** The next refreshes wait for this promise. */
  hold(until: Promise<unknown> | undefined): void
  reset(): void
  stop(): Promise<void>
}

/** A backend that keeps its tokens in HttpOnly cookies, rotates the refresh cookie, and checks the XSRF token of requests that change something. */
export async function startCookieBackend(): Promise<CookieBackend> {
  const sessions = new Map<string, ServerSession>()
  const secrets: string[] = []
  const seen: CookieBackend['seen'] = []
  let held: Promise<unknown> | undefined
  const zero = { refreshes: 0, reused: 0, served: 0, rejected: 0, forged: 0, logouts: 0 }
  const counts = { ...zero }
  const secret = (): string => {
    const value = randomUUID()
    secrets.push(value)
    return value
  }

  function issue(response: ServerResponse, session: ServerSession): void {
    Object.assign(session, { access: secret(), refresh: secret(), xsrf: randomUUID() })
    sessions.set(session.refresh, session)
    response.setHeader('set-cookie', [
      `access=${session.access}; HttpOnly; Path=/; SameSite=Lax`,
      `refresh=${session.refresh}; HttpOnly; Path=/auth; SameSite=Lax`,
      `XSRF-TOKEN=${session.xsrf}; Path=/; SameSite=Lax`,
    ])
    sendJSON(response, 200, { user: session.user, expires_in: 600 })
  }

  async function refresh(cookies: Record<string, string>, response: ServerResponse): Promise<void> {
    const session = sessions.get(cookies.refresh ?? '')
    counts.refreshes++
    if (session && session.refresh !== cookies.refresh) counts.reused++
    await held
    if (session?.refresh === cookies.refresh && session) return issue(response, session)
    sendJSON(response, 401, { error: 'no session' })
  }

  function api(request: IncomingMessage, cookies: Record<string, string>, response: ServerResponse): void {
    const session = [...sessions.values()].find(({ access }) => access === cookies.access)
    const forged = session && request.method !== 'GET' && request.headers['x-xsrf-token'] !== session.xsrf
    const status = !session ? 401 : forged ? 403 : 200
    counts[status === 200 ? 'served' : status === 401 ? 'rejected' : 'forged']++
    seen.push({ path: request.url ?? '', user: session?.user, status })
    sendJSON(response, status, { user: session?.user })
  }

  const { server, port } = await listen()
  server.on('request', (request, response) => {
    const { origin } = request.headers
    response.setHeader('access-control-allow-origin', origin ?? '*')
    response.setHeader('access-control-allow-credentials', 'true')
    if (request.method === 'OPTIONS') {
      const names = request.headers['access-control-request-headers'] ?? ''
      const allowed = {
        'access-control-allow-headers': names,
        'access-control-allow-methods': 'GET, POST',
        'access-control-max-age': '600',
      }
      return void response.writeHead(204, allowed).end()
    }
    const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))) as Record<
      string,
      string
    >
    void (async () => {
      const body = await bytesOf(request)
      if (request.url === '/auth/login') {
        const { user } = JSON.parse(String(body)) as { user: string }
        const before = sessions.get(cookies.refresh ?? '')
        if (before) Object.assign(before, { access: '', refresh: '' })
        return issue(response, { user, access: '', refresh: '', xsrf: '' })
      }
      if (request.url === '/auth/refresh') return refresh(cookies, response)
      if (request.url !== '/auth/logout') return api(request, cookies, response)
      counts.logouts++
      const session = sessions.get(cookies.refresh ?? '')
      if (session) Object.assign(session, { access: '', refresh: '' })
      const expired = ['access=; Path=/', 'refresh=; Path=/auth', 'XSRF-TOKEN=; Path=/'].map((cookie) => `${cookie}; Max-Age=0`)
      response.setHeader('set-cookie', expired)
      sendJSON(response, 200, {})
    })().catch(() => response.destroy())
  })
  return {
    url: `http://localhost:${port}`,
    secrets,
    counts,
    seen,
    expire: () => sessions.forEach((session) => (session.access = '')),
    hold: (until) => (held = until),
    reset() {
      Object.assign(counts, zero)
      sessions.clear()
      seen.length = secrets.length = 0
      held = undefined
    },
    stop: () => new Promise((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  }
}
