import { startServer, type Entry, type FaultyServer } from './server.js'

/** Stands between a client and a real server, with faults to order: the server processes what it is asked, whatever becomes of its answer. */
export async function startProxy(target: string): Promise<FaultyServer<Entry>> {
  const { origin } = new URL(target)
  return startServer(
    async ({ method, url, headers, body }) => {
      const { 'content-type': contentType, authorization } = headers as Record<string, string | undefined>
      const passed = { ...(contentType && { 'content-type': contentType }), ...(authorization && { authorization }) }
      const response = await fetch(origin + url, { method, headers: passed, body: new Uint8Array(body) })
      return {
        status: response.status,
        headers: { 'content-type': response.headers.get('content-type') ?? 'text/plain' },
        body: await response.text(),
      }
    },
    () => ({}),
  )
}
