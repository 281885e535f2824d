import { isOAuthError } from 'axios-attach-oauth'
import { session } from './auth.js'

/** The close code with which this server rejects a token. */
const REJECTED = 4401

/**
 * Keeps a socket open, with a token that is valid. Returns the function that ends
 * it.
 */
export function connect(
  onMessage: (data: unknown) => void,
  url = 'wss://api.example.com/updates',
): () => void {
  const end = new AbortController()
  let delay = 1000
  let socket: WebSocket | undefined

  async function open(rejected?: string): Promise<void> {
    try {
      const token = await session.getAccessToken({ rejected, signal: end.signal })
      // A header is not possible here. Use a one-time ticket instead if your API
      // offers one.
      if (end.signal.aborted) return
      socket = new WebSocket(url, ['bearer', token])
      socket.onopen = () => (delay = 1000)
      socket.onmessage = ({ data }) => onMessage(data)
      socket.onclose = ({ code }) => later(code === REJECTED ? token : undefined)
    } catch (error) {
      // An ended session needs a sign-in; anything else may pass.
      if (!isOAuthError(error) || error.retryable) later()
    }
  }

  function later(rejected?: string): void {
    if (end.signal.aborted) return
    setTimeout(() => void open(rejected), delay)
    delay = Math.min(delay * 2, 30_000)
  }

  void open()
  return () => {
    end.abort()
    socket?.close()
  }
}
