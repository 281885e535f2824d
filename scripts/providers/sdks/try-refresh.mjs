import { createServer } from 'node:http'
import { createSession, memoryStore } from 'axios-attach-oauth'

/** What becomes of a session with an expired token when its refresh function is an SDK's. */
export async function tryRefresh(name, refresh, options = {}) {
  const store = memoryStore({ access_token: 'old', refresh_token: 'made-up-refresh', expires_at: 1_000_000_000 })
  const session = createSession(store, { retry: { limit: 1 }, ...options, refresh })
  const outcome = await session.refresh().then(
    () => 'refreshed',
    ({ code }) => code,
  )
  const { status, expiresAt } = session.getSnapshot()
  const isStored = (await store.read()) !== undefined
  const isFresh = Math.abs(expiresAt - Date.now() - 3_600_000) < 30_000
  return [
    name,
    outcome,
    status,
    isStored ? 'stored' : 'deleted',
    ...(outcome === 'refreshed' ? [isFresh ? '1 h' : 'another expiry'] : []),
  ].join(' | ')
}

/** A server whose answer a test changes. */
export async function startServer() {
  const answer = { status: 200, body: {} }
  const server = createServer((request, response) => {
    request.resume()
    const { status, body } = typeof answer.body === 'function' ? answer.body(request) : answer
    response
      .writeHead(status, { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' })
      .end(JSON.stringify(body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const say = (status, body) => Object.assign(answer, { status, body })
  return { origin: `http://127.0.0.1:${server.address().port}`, say, close: () => server.close() }
}

/** Runs the cases of one SDK one after the other. */
export async function runInOrder(cases) {
  const results = []
  for (const run of cases) results.push(await run())
  return results
}
