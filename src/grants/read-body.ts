import { tooLarge, unreachable } from './failures.js'
import { TokenEndpointError } from './token-endpoint-error.js'

/** The largest answer that is read, in bytes. */
export const MAX_BODY = 1_000_000

/** Ends the transfer of a body that is not needed. */
export function discard({ body }: Response): void {
  // A locked or broken stream rejects; there is nothing left to cancel.
  body?.cancel?.().catch(() => undefined)
}

/** Reads the body of an answer as text, up to 1 MB. Rejects with a `TokenEndpointError` when it is larger or the connection breaks. */
export async function readText(response: Response, endpoint: string, signal: AbortSignal): Promise<string> {
  const { status, headers, body } = response
  if (Number(headers.get('content-length')) > MAX_BODY) {
    discard(response)
    throw tooLarge(endpoint, status)
  }
  try {
    const text = body?.getReader ? await readStream(body, signal) : await response.text()
    // React Native has no streams, so the limit is checked afterwards.
    if (text === undefined || text.length > MAX_BODY) throw tooLarge(endpoint, status)
    return text
  } catch (error) {
    throw error instanceof TokenEndpointError ? error : unreachable(endpoint, error)
  }
}

/** Reads a stream as text; `undefined` when it exceeds the limit. */
async function readStream(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string | undefined> {
  const reader = body.getReader()
  const leave = (): void => void reader.cancel().catch(() => undefined)
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave)
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      // A cancelled stream ends like a complete one.
      if (signal.aborted) throw signal.reason
      if (done) return text + decoder.decode()
      size += value.byteLength
      if (size > MAX_BODY) {
        leave()
        return undefined
      }
      text += decoder.decode(value, { stream: true })
    }
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
