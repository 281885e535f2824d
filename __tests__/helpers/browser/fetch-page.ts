// The page of the tests of oauthFetch: a session and its fetch, with the public API alone.
import { createSession, memoryStore, type Session, type TokenJSON } from '../../../src/index.js'
import { oauthFetch, OAuthFetchError, type OAuthFetch, type OAuthFetchOptions } from '../../../src/fetch.js'
import { refreshAt } from './refresh.js'

export interface FetchOutcome {
  status?: number
  text?: string
  url?: string
  code?: string
  name?: string
  message?: string
  /** The status of the answer that the error carries. */
  refused?: number | undefined
}

interface Setup {
  url: string
  tokens: TokenJSON
  options?: OAuthFetchOptions
}

const fetchLab = {
  session: undefined as unknown as Session,
  send: undefined as unknown as OAuthFetch,
  /** Creates a session that holds `tokens`, with the token endpoint of the server at `url`. */
  attach({ url, tokens, options = { origins: [url] } }: Setup): void {
    fetchLab.session = createSession(memoryStore(tokens), { refresh: refreshAt(url) })
    fetchLab.send = oauthFetch(fetchLab.session, options)
  },
  async outcome(sending: Promise<Response>): Promise<FetchOutcome> {
    try {
      const response = await sending
      return { status: response.status, text: await response.text(), url: response.url }
    } catch (error) {
      const { name, message } = error as Error
      if (!(error instanceof OAuthFetchError)) return { name, message }
      return { name, message, code: error.code, refused: error.response?.status }
    }
  },
  get: (url: string, init?: Parameters<OAuthFetch>[1]): Promise<FetchOutcome> => fetchLab.outcome(fetchLab.send(url, init)),
  bodies: {
    text: () => 'text',
    URLSearchParams: () => new URLSearchParams({ a: '1', b: 'ü' }),
    'a Blob with a type': () => new Blob([new Uint8Array(70_000).fill(7)], { type: 'image/png' }),
    'an ArrayBuffer': () => new Uint8Array([1, 2, 3, 255]).buffer,
    'a view of a buffer': () => new Uint8Array([0, 1, 2, 3, 255]).subarray(1),
    FormData() {
      const body = new FormData()
      body.append('name', 'value')
      body.append('photo', new File(['bytes'], 'photo.jpg', { type: 'image/jpeg' }))
      body.append('part', new Blob(['blob'], { type: 'text/plain' }))
      return body
    },
  },
  /** A stream of several parts. */
  stream(): ReadableStream<Uint8Array> {
    const parts = ['one ', 'two ', 'three']
    return new ReadableStream({
      pull(controller) {
        const part = parts.shift()
        if (part === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(part))
      },
    })
  },
}
export type FetchLab = typeof fetchLab

declare global {
  var fetchLab: FetchLab
}
Object.assign(globalThis, { fetchLab })
