import { session } from './auth.js'

/** Reads server-sent events with fetch: unlike `EventSource` it sends a header. */
export async function* events(url: string, signal: AbortSignal): AsyncGenerator<string> {
  const open = async (token: string): Promise<Response> =>
    fetch(url, { headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` }, signal })
  const token = await session.getAccessToken({ signal })
  let response = await open(token)
  if (response.status === 401) response = await open(await session.getAccessToken({ rejected: token, signal }))
  if (!response.ok || !response.body) throw new Error(`the stream answers ${response.status}`)

  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield part.replace(/^data: ?/gm, '')
  }
}
