import { oauthFetch } from 'axios-attach-oauth/fetch'
import { session } from './auth.js'

const fetchWithToken = oauthFetch(session, { origins: ['https://api.example.com'] })

const eventEnd = /(?:\r\n|\n|\r(?!\n)){2}/

/** The data of an event: comments and other fields have none. */
function dataOf(event: string): string | undefined {
  const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'))
  if (lines.length === 0) return undefined
  return lines.map((line) => line.replace(/^data: ?/, '')).join('\n')
}

/**
 * Reads the data of server-sent events with fetch: unlike `EventSource` it sends a header, and
 * a 401 leads to a refresh.
 */
export async function* events(
  url: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const response = await fetchWithToken(url, {
    headers: { accept: 'text/event-stream' },
    signal,
  })
  if (!response.ok || !response.body)
    throw new Error(`the stream answers ${response.status}`)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split(eventEnd)
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const data = dataOf(part)
      if (data !== undefined) yield data
    }
  }
}
