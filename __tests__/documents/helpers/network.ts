import { AxiosError, type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios'

/** An API in memory: it knows one valid token, and keeps the requests that it got. */
export class Api {
  readonly requests: InternalAxiosRequestConfig[] = []
  /** The token that is accepted; `undefined` accepts every request. */
  token: string | undefined = 'new'
  data: unknown = { name: 'Alice' }

  /** The header that each request carried. */
  readonly tokens: unknown[] = []

  readonly adapter: AxiosAdapter = async (config) => {
    this.requests.push(config)
    this.tokens.push(config.headers.get('Authorization'))
    const isRight = this.token === undefined || config.headers.get('Authorization') === `Bearer ${this.token}`
    const status = isRight ? 200 : 401
    const data = isRight ? this.data : {}
    const response: AxiosResponse = { data, status, statusText: '', headers: {}, config, request: undefined }
    if (config.validateStatus?.(status)) return response
    throw new AxiosError(`status ${status}`, AxiosError.ERR_BAD_REQUEST, config, undefined, response)
  }
}

/** The platform's `fetch`, answered by the token endpoint. Returns the bodies that it got, and the undo. */
export function answerTokenRequests(answer: () => { status?: number; body: object }): { bodies: string[]; undo: () => void } {
  const bodies: string[] = []
  const before = globalThis.fetch
  globalThis.fetch = (async (_url: unknown, init?: { body?: unknown }) => {
    bodies.push(String(init?.body))
    const { status = 200, body } = answer()
    const text = async (): Promise<string> => JSON.stringify(body)
    const headers = { get: (name: string) => (name.toLowerCase() === 'content-type' ? 'application/json' : null) }
    return { status, ok: status < 300, headers, body: null, text }
  }) as unknown as typeof fetch
  return { bodies, undo: () => void (globalThis.fetch = before) }
}
